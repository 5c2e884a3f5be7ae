import { commitMessage as messageOnGithub } from '../event/github';
import { keywordPlaces, selectFromList, selectFromMessage } from '../event/keywords';
import { findMessage } from '../event/message';
import { SourceError, UsageError } from '../errors';
import { commitMessage as messageOfCommit } from '../git/git';
import type { Event, Inputs, Log, Selection, Trust } from '../types';
import { unusedSecrets } from './buildSecrets';
import type { GithubAccess, RunRequest } from './ports';
import { shardSelection, shardSource, type ShardInputs } from './shards';
import type { Source } from './source';

/** What a run is asked for. */
export interface Asked extends ShardInputs {
  /** As this run sees it: a shard builds its own images alone. */
  readonly source: Source;
  readonly selection: Selection;
  readonly github: GithubAccess | undefined;
}

/** The images that are asked of a commit; what is odd about how they are asked for is warned of. Throws SourceError and UsageError. */
export async function readAsked(
  { inputs, event }: RunRequest,
  shards: ShardInputs,
  opened: Source,
  log: Log,
): Promise<Asked> {
  refuseOtherCommit(event, opened.commit);
  const { shard } = shards;
  const { repository } = event;
  const github = repository === undefined ? undefined : { repository, token: inputs.githubToken };
  const source = shard === undefined ? opened : shardSource(opened, shard);
  const selection = shard === undefined ? await select(inputs, event, source, github, log) : shardSelection(shard);
  for (const warning of selection.warnings) log.warning(warning);
  if (inputs.fanOut !== 'none' && !inputs.dryRun) {
    log.warning(
      'fan-out has no effect without dry-run, which gives the shards as the output matrix: this run builds everything itself.',
    );
  }
  // Not of a shard alone: others of its matrix get what it does not.
  for (const id of unusedSecrets([...opened.catalog.images.values()], inputs)) {
    log.warning(`No image of the catalog lists ${id} under secrets or ssh, so no build gets it.`);
  }
  return { ...shards, source, selection, github };
}

/** Which images a run is asked for: those given outright, else those named by the message's keywords; where these were found is logged. */
async function select(
  inputs: Pick<Inputs, 'images' | 'commitMessage'>,
  event: Pick<Event, 'commit' | 'messageCommit' | 'message'>,
  source: Pick<Source, 'top' | 'commit' | 'catalog'>,
  github: GithubAccess | undefined,
  log: Log,
): Promise<Selection> {
  if (inputs.images.length > 0) return selectFromList(inputs.images, source.catalog);
  const found = await findMessage(
    inputs,
    { ...event, commit: event.commit ?? source.commit },
    {
      git: (sha) => messageInGit(source.top, sha),
      api: (sha) =>
        github === undefined ? Promise.resolve(undefined) : messageOnGithub(github.repository, sha, github.token),
    },
  );
  for (const line of keywordPlaces(found.text, source.catalog)) log.info(line);
  return selectFromMessage(found.text, source.catalog);
}

/**
 * Can no catalog whatever find a keyword? Most pushes are such: then not even git is asked. Only where the message is at hand.
 */
export function surelyNothing(
  { images, commitMessage, shard }: Pick<Inputs, 'images' | 'commitMessage' | 'shard'>,
  message: string | undefined,
): boolean {
  const text = commitMessage ?? message;
  return images.length === 0 && shard === '' && text !== undefined && !text.includes('[');
}

async function messageInGit(top: string, sha: string): Promise<string | undefined> {
  try {
    return await messageOfCommit(top, sha);
  } catch (thrown) {
    // Not here: a shallow clone, or another repository.
    if (thrown instanceof SourceError) return undefined;
    throw thrown;
  }
}

/** Why this run makes only a plan; undefined: it does more. */
export function planOnly(trust: Trust, isDryRun: boolean): string | undefined {
  if (trust.kind === 'plan-only') return trust.reason;
  return isDryRun ? 'this is a dry run: nothing was built, nothing was pushed' : undefined;
}

/**
 * Refuses a `workflow_run` whose keywords are those of the commit that the other workflow ran on, where another commit is checked out:
 * GitHub checks out the default branch's tip by default. Throws UsageError.
 * https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflow_run
 */
export function refuseOtherCommit(event: Pick<Event, 'name' | 'commit'>, head: string): void {
  if (event.name !== 'workflow_run' || event.commit === undefined || event.commit === head) return;
  throw new UsageError(
    `The other workflow ran on commit ${event.commit}, and commit ${head} is checked out here: keywords of one are not built from the files ` +
      'of another. Give actions/checkout `ref: ${{ github.event.workflow_run.head_sha }}`.',
  );
}
