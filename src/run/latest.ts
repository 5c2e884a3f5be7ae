import { compare } from '../event/github';
import { isAncestor } from '../git/git';
import { tryGit } from '../git/gitCommand';
import { ancestryFromComparison, type Known } from '../publish/ancestry';
import type { Event, Inputs } from '../types';
import type { GithubAccess } from './ports';
import type { Source } from './source';

/** Is `latest` this run's to move, and if not, why not. */
export type LatestDecision =
  { readonly move: true; readonly override: boolean } | { readonly move: false; readonly reason: string };

/**
 * Decides by branch and input alone whether this run moves `latest`; whether that would be forwards is decided where it is moved.
 * On a terminal no event tells the default branch; there `latest` moves only when asked to.
 */
export function latestDecision(
  latest: Inputs['latest'],
  event: Pick<Event, 'branch' | 'defaultBranch'>,
  context: Inputs['context'],
): LatestDecision {
  if (latest === 'never') return { move: false, reason: 'the input latest is never' };
  if (context === 'workspace')
    return { move: false, reason: 'the files of a workspace are not a commit that others could have' };
  if (latest === 'always') return { move: true, override: true };
  const { branch, defaultBranch } = event;
  if (defaultBranch === undefined) {
    return { move: false, reason: 'it is not known which branch is the default one (latest: always moves it)' };
  }
  if (branch === undefined) return { move: false, reason: `this is not a branch; ${defaultBranch} moves it` };
  return branch === defaultBranch
    ? { move: true, override: false }
    : { move: false, reason: `this is branch ${branch}; ${defaultBranch} moves it` };
}

/**
 * `latest` moves only to what the default branch holds. Where the event itself says so (a push of this very commit to that branch) nobody
 * is asked; where it only names a branch (a tag, too, may be called `main`) or another commit is checked out, git and GitHub are.
 */
export async function heldByDefaultBranch(
  decision: LatestDecision,
  event: Pick<Event, 'name' | 'commit' | 'defaultBranch' | 'isRepeated'>,
  { top, commit }: Pick<Source, 'top' | 'commit'>,
  github: GithubAccess | undefined,
): Promise<LatestDecision> {
  const { name, defaultBranch } = event;
  if (!decision.move || decision.override || name === 'local' || defaultBranch === undefined) return decision;
  const isOwn = name !== 'workflow_run' && event.commit === commit;
  if (isOwn && event.isRepeated !== true) return decision;
  // A run that is run again is given the branch as it was then: GitHub alone knows whether it still holds the commit.
  const inGit = isOwn ? 'unknown' : await heldInGit(top, commit, defaultBranch);
  const held = inGit === 'yes' ? inGit : ((await heldOnGithub(commit, defaultBranch, github)) ?? inGit);
  if (held === 'yes' || (isOwn && held === 'unknown')) return decision;
  const why = held === 'no' ? 'does not hold this commit' : 'could not be asked whether it holds this commit';
  return { move: false, reason: `${defaultBranch} ${why} (commit ${commit.slice(0, 12)})` };
}

async function heldInGit(top: string, commit: string, branch: string): Promise<Known> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/remotes/origin/${branch}^{commit}`];
  const { exitCode, stdout } = await tryGit(top, args);
  return exitCode === 0 ? isAncestor(top, commit, stdout.toString('utf8').trim()) : 'unknown';
}

async function heldOnGithub(
  commit: string,
  branch: string,
  github: GithubAccess | undefined,
): Promise<Known | undefined> {
  if (github === undefined) return undefined;
  const found = await compare(github.repository, commit, branch, github.token).catch(() => undefined);
  const known = ancestryFromComparison(found);
  return known === 'unknown' ? undefined : known;
}
