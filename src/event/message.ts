import { SourceError } from '../errors';
import { bounds, inWords } from '../system/bounds';
import type { Event, Inputs } from '../types';

/** The text that is searched for keywords, and where it came from. */
export interface FoundMessage {
  readonly text: string;
  readonly from: 'input' | 'event' | 'git' | 'api';
  /** 40 hex digits; undefined for the input. */
  readonly commit: string | undefined;
}

/** Who knows the message of a commit. undefined: does not know the commit. */
interface MessagePorts {
  readonly git: (sha: string) => Promise<string | undefined>;
  readonly api: (sha: string) => Promise<string | undefined>;
}

/**
 * Finds the message to be searched: the `commit-message` input, else the event's own, else git's, else the GitHub API's. Each is asked only
 * when those before it don't know. Throws SourceError when none knows, or it is larger than `bounds.message`; what a port throws is passed on.
 */
export async function findMessage(
  inputs: Pick<Inputs, 'commitMessage'>,
  event: Pick<Event, 'commit' | 'messageCommit' | 'message'>,
  ports: MessagePorts,
): Promise<FoundMessage> {
  const found = await firstKnown(inputs, event, ports);
  if (Buffer.byteLength(found.text) <= bounds.message) return found;
  const whose = found.commit === undefined ? 'given with commit-message' : `of commit ${found.commit}`;
  throw new SourceError(
    `the message ${whose} is larger than ${inWords(bounds.message)}, so it is not searched for keywords; give images or commit-message`,
  );
}

async function firstKnown(
  inputs: Pick<Inputs, 'commitMessage'>,
  event: Pick<Event, 'commit' | 'messageCommit' | 'message'>,
  ports: MessagePorts,
): Promise<FoundMessage> {
  if (inputs.commitMessage !== undefined) return { text: inputs.commitMessage, from: 'input', commit: undefined };
  const commit = event.messageCommit ?? event.commit;
  if (event.message !== undefined) return { text: event.message, from: 'event', commit };
  if (commit === undefined) throw new SourceError('no commit is known whose message could be searched for keywords');
  const own = await ports.git(commit);
  if (own !== undefined) return { text: own, from: 'git', commit };
  const asked = await ports.api(commit);
  if (asked !== undefined) return { text: asked, from: 'api', commit };
  throw new SourceError(
    `the message of commit ${commit} is known neither to the repository on disk nor to GitHub, or github-token may not ` +
      'read it; give actions/checkout "fetch-depth: 0", or give images or commit-message',
  );
}
