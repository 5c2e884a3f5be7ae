import { SourceError, TriggerError } from '../../errors';
import { isAncestor, resolveCommit } from '../../git/git';
import { git, tryGit } from '../../git/gitCommand';
import type { Command, Log } from '../../types';
import { interrupted } from './commit';
import { shown } from './destination';
import { listed, type Facts } from './facts';
import { readIndex, restoreIndex, sameIndex, treeOf } from './gitIndex';
import { quotedOutput } from './refusal';
import { changing, execute, type Terminal } from './terminal';
import { position, type Position, type Undone } from './undo';

/** A branch of a remote that this branch is to contain, as it is there now. */
interface SyncSource {
  readonly remote: string;
  readonly branch: string;
  readonly commit: string;
}

/** The remote that a fork conventionally gives the repository it was forked from. */
const parent = 'upstream';

/**
 * What the branch is brought up to date with: the branch it is pushed to (else the push would be refused), and on the
 * remote `upstream` the branch of the same name, or that remote's default branch. Asks the remotes; changes nothing.
 */
async function syncSources(facts: Facts, terminal: Terminal): Promise<readonly SyncSource[]> {
  const { remote, branch } = facts.destination;
  const own = (await refsOf(facts, remote, branch, terminal)).branch;
  const remotes = (await git(facts.top, 'list the remotes', ['remote'])).toString('utf8').split('\n');
  const sources = own === undefined ? [] : [{ remote, branch, commit: own }];
  if (remotes.includes(parent) && remote !== parent) {
    const { branch: same, head } = await refsOf(facts, parent, facts.branch, terminal);
    if (same !== undefined) return [...sources, { remote: parent, branch: facts.branch, commit: same }];
    if (head !== undefined) return [...sources, { remote: parent, ...head }];
  }
  if (sources.length > 0) return sources;
  throw new SourceError(
    `--sync has nothing to sync ${facts.branch} with: there is no remote "${parent}", and ${shown(facts.destination)} does ` +
      `not exist yet. Name the repository you forked: \`git remote add ${parent} https://github.com/kubeflow/pipelines\`.`,
  );
}

/** Fetches what a source has. The objects only, and the remote-tracking branch where one is configured. */
function fetchCommand(facts: Facts, source: SyncSource, interactive: boolean): Command {
  const args = ['fetch', '--quiet', '--no-tags', source.remote, `refs/heads/${source.branch}`];
  return changing(facts.top, args, interactive);
}

/** Moves the branch, index and files to a commit that contains HEAD. git keeps what is staged, or refuses and changes nothing. */
function forwardCommand(facts: Facts, commit: string, interactive: boolean): Command {
  return changing(facts.top, ['merge', '--ff-only', '--quiet', commit], interactive);
}

/**
 * Brings the branch up to one source: by fast-forward, or where both have commits of their own by a merge commit, if that
 * goes without conflicts. The merge is made in the object store, so there is never a half-merged work tree.
 * Gives what was done, in words; undefined: it was up to date.
 */
async function syncWith(facts: Facts, source: SyncSource, terminal: Terminal): Promise<string | undefined> {
  const { top } = facts;
  const from = shown(source);
  const fetched = await execute(top, fetchCommand(facts, source, terminal.interactive), terminal);
  if (!fetched.ok) throw new TriggerError(`Could not fetch ${from}.${quotedOutput(fetched.stderr)}`);
  const head = await resolveCommit(top, 'HEAD');
  const contained = await isAncestor(top, source.commit, head);
  if (contained === 'yes') return undefined;
  const forward = await isAncestor(top, head, source.commit);
  if (forward === 'unknown' || contained === 'unknown') {
    throw new SourceError('This clone is shallow, so it cannot be synced. Fetch its history: `git fetch --unshallow`.');
  }
  const target = forward === 'yes' ? source.commit : await mergeCommit(facts, head, source);
  const moved = await execute(top, forwardCommand(facts, target, terminal.interactive), terminal);
  if (moved.ok) return `${forward === 'yes' ? 'Fast-forwarded to' : 'Merged'} ${from} (${source.commit.slice(0, 12)}).`;
  throw new TriggerError(
    `${facts.branch} could not be brought up to ${from}: it changes files that you have changed too. Nothing was changed. ` +
      `Commit your work first, merge by hand (\`git merge ${source.commit.slice(0, 12)}\`), then trigger without --sync.` +
      quotedOutput(moved.stderr),
  );
}

/** A merge of HEAD and the source as a commit that no branch names yet. */
async function mergeCommit(facts: Facts, head: string, source: SyncSource): Promise<string> {
  const { top } = facts;
  const byHand = `Merge by hand (\`git stash\`, \`git merge ${source.commit.slice(0, 12)}\`, \`git stash pop --index\`), then trigger without --sync.`;
  // https://git-scm.com/docs/git-merge-tree: status 0 clean, 1 conflicts; since git 2.38.
  const merged = await tryGit(top, [
    'merge-tree',
    '--write-tree',
    '--name-only',
    '--no-messages',
    '-z',
    head,
    source.commit,
  ]);
  const [tree = '', ...files] = merged.stdout
    .toString('utf8')
    .split('\0')
    .filter((part) => part !== '');
  if (merged.exitCode === 1) {
    throw new TriggerError(
      `${facts.branch} and ${shown(source)} conflict in ${listed(files)}. Nothing was changed. ${byHand}`,
    );
  }
  if (merged.exitCode !== 0) {
    throw new TriggerError(
      `${facts.branch} and ${shown(source)} have diverged, and this git could not merge them. ${byHand}${quotedOutput(merged.stderr)}`,
    );
  }
  const signs = (await tryGit(top, ['config', '--type=bool', '--get', 'commit.gpgSign'])).stdout
    .toString('utf8')
    .trim();
  const made = await git(top, 'make the merge commit', [
    'commit-tree',
    ...(signs === 'true' ? ['-S'] : []),
    '-p',
    head,
    '-p',
    source.commit,
    '-m',
    `Merge ${shown(source)} into ${facts.branch}`,
    tree,
  ]);
  return made.toString('utf8').trim();
}

/** Takes a sync back: branch, files and index as they were. Refuses rather than lose a change made meanwhile. */
async function takeBackSync(facts: Facts, now: Position, before: Position): Promise<Undone> {
  const here = await position(facts);
  if (here.commit !== now.commit) return { kind: 'kept', why: `${facts.branch} has moved on` };
  if (!sameIndex(here.index, now.index)) return { kind: 'kept', why: 'the index was changed meanwhile' };
  // Between the trees of the two indexes, not of the two commits: what was staged and came with the sync too must stay.
  const trees = [await treeOf(facts.top, now.index), await treeOf(facts.top, before.index)];
  const back = await tryGit(facts.top, ['read-tree', '-m', '-u', ...trees]);
  if (back.exitCode !== 0) return { kind: 'kept', why: 'files have changed since' };
  const index = await readIndex(facts.index);
  const words = ['update-ref', '-m', 'kfp-images trigger: take back the sync'];
  const moved = await tryGit(facts.top, [...words, `refs/heads/${facts.branch}`, before.commit, now.commit]);
  if (moved.exitCode !== 0) return { kind: 'kept', why: `${facts.branch} has moved on` };
  return (await restoreIndex(facts.index, before.index, index)) ? { kind: 'restored' } : { kind: 'index-kept' };
}

/** Brings the branch up to date with every source; gives what was done, in words. A failure takes back what had been done. */
export async function sync(facts: Facts, before: Position, terminal: Terminal, log: Log): Promise<readonly string[]> {
  const done: string[] = [];
  try {
    for (const source of await syncSources(facts, terminal)) {
      if (terminal.signal.aborted) throw interrupted(terminal, 'Nothing was committed.');
      const words = await syncWith(facts, source, terminal);
      log.info(words ?? `${facts.branch} contains ${shown(source)} already.`);
      if (words !== undefined) done.push(words);
    }
    return done;
  } catch (thrown) {
    if (done.length > 0) await unsync(facts, await position(facts), before, log);
    throw thrown;
  }
}

/** Takes a sync back, and says what came of it. */
export async function unsync(facts: Facts, now: Position, before: Position, log: Log): Promise<void> {
  const undone = await takeBackSync(facts, now, before);
  log.info(
    undone.kind === 'kept'
      ? `What --sync brought in was kept, because ${undone.why}; it was at ${before.commit.slice(0, 12)} before.`
      : `What --sync brought in was taken back: ${facts.branch} is at ${before.commit.slice(0, 12)} again.`,
  );
}

/** The commands of a sync. A dry run fetches nothing, so whether a merge commit is needed is not known: this is the way without one. */
export async function plannedSync(facts: Facts, terminal: Terminal): Promise<readonly Command[]> {
  const sources = await syncSources(facts, terminal);
  return sources.flatMap((source) => [
    fetchCommand(facts, source, terminal.interactive),
    forwardCommand(facts, source.commit, terminal.interactive),
  ]);
}

interface RemoteRefs {
  readonly branch: string | undefined;
  readonly head: { readonly branch: string; readonly commit: string } | undefined;
}

/** The commit of a branch of a remote, and its default branch with its commit. */
async function refsOf(facts: Facts, remote: string, branch: string, terminal: Terminal): Promise<RemoteRefs> {
  const args = ['ls-remote', '--symref', remote, 'HEAD', `refs/heads/${branch}`];
  const asked = await execute(facts.top, changing(facts.top, args, terminal.interactive), terminal);
  if (!asked.ok) {
    throw new TriggerError(`Could not ask ${shown({ remote, branch })} for its state.${quotedOutput(asked.stderr)}`);
  }
  const commits = new Map<string, string>();
  let headBranch: string | undefined;
  for (const line of asked.stdout.split('\n')) {
    const [value = '', name = ''] = line.split('\t');
    if (name === 'HEAD' && value.startsWith('ref: refs/heads/')) headBranch = value.slice('ref: refs/heads/'.length);
    else if (name !== '') commits.set(name, value);
  }
  const head = commits.get('HEAD');
  return {
    branch: commits.get(`refs/heads/${branch}`),
    head: headBranch === undefined || head === undefined ? undefined : { branch: headBranch, commit: head },
  };
}
