import { commitMessage as messageOnGithub } from '../event/github';
import { selectFromList, selectFromMessage } from '../event/keywords';
import { findMessage } from '../event/message';
import { SourceError } from '../errors';
import { commitMessage } from '../system/git';
import type { Selection } from '../types';
import { githubAccess, type RunRequest } from './context';
import type { Source } from './source';

/** Which images a run is asked for: those given outright, else those named by the message's keywords. */
export async function select(request: RunRequest, source: Source): Promise<Selection> {
  const { inputs, event } = request;
  if (inputs.images.length > 0) return selectFromList(inputs.images, source.catalog);
  const github = githubAccess(request);
  const found = await findMessage(
    inputs,
    { ...event, commit: event.commit ?? source.commit },
    {
      git: (sha) => messageInGit(source.top, sha),
      api: (sha) =>
        github === undefined ? Promise.resolve(undefined) : messageOnGithub(github.repository, sha, github.token),
    },
  );
  return selectFromMessage(found.text, source.catalog);
}

/**
 * Can no catalog whatever find a keyword? Most pushes are such: then not even git is asked. Only where the message is at hand.
 */
export function surelyNothing({ inputs, event }: RunRequest): boolean {
  const text = inputs.commitMessage ?? event.message;
  return inputs.images.length === 0 && text !== undefined && !text.includes('[');
}

async function messageInGit(top: string, sha: string): Promise<string | undefined> {
  try {
    return await commitMessage(top, sha);
  } catch (thrown) {
    // Not here: a shallow clone, or another repository.
    if (thrown instanceof SourceError) return undefined;
    throw thrown;
  }
}
