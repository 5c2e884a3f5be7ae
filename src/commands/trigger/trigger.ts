import { SourceError, TriggerError, UsageError } from '../../errors';
import { loadCatalog } from '../../catalog/load';
import { keywordsText, selectFromList } from '../../event/keywords';
import { isAncestor } from '../../git/git';
import { tryGit } from '../../git/gitCommand';
import type { Catalog, Command, Log, Plan } from '../../types';
import { commitAndPush, commitCommand, interrupted, pushCommand } from './commit';
import { shown, withoutLogin } from './destination';
import { readFacts, stagedFiles, stagedText, type Facts } from './facts';
import { readIndex, treeOf } from './gitIndex';
import { triggerMessage, type TriggerMessage } from './message';
import { planOfTree } from './planOfTree';
import { plannedSync, sync, unsync } from './sync';
import type { Terminal } from './terminal';
import { position } from './undo';
import { intention } from './format';

/** The flags of `kfp-images trigger`. */
export interface TriggerOptions {
  readonly cwd: string;
  /** Names or groups, comma or newline separated, as given to `--images`; `all` is every image. */
  readonly images: string;
  /** Without the keywords; undefined: `Trigger image build:`. */
  readonly commitMessage?: string | undefined;
  /** Commit even when nothing is staged. */
  readonly allowEmpty: boolean;
  /** Bring the branch up to date with what it is pushed to and with the remote `upstream` first. */
  readonly sync: boolean;
  /** Give the commands and change nothing. */
  readonly dryRun: boolean;
}

/** The world around a trigger. */
interface TriggerPorts {
  readonly log: Log;
  /** Shows what the commit will have built, before it is made; the plan's `commit` is the id of the staged tree. */
  readonly showPlan: (plan: Plan) => void;
  /**
   * Aborted, with an InterruptedError as reason, on SIGINT and SIGTERM; the process must not exit before `trigger` settled,
   * for it takes back what it has done.
   */
  readonly signal: AbortSignal;
  /** A person sits at a terminal, so git may ask for passwords there. */
  readonly interactive: boolean;
}

/** What a trigger came to; also the document that `--json` prints. */
export interface TriggerResult {
  readonly kind: 'pushed' | 'dry-run';
  /** The new commit; undefined on a dry run. */
  readonly commit: string | undefined;
  readonly message: string;
  readonly keywords: readonly string[];
  readonly images: readonly string[];
  readonly branch: string;
  readonly remote: string;
  readonly remoteBranch: string;
  readonly setUpstream: boolean;
  /** What `--sync` did, one sentence each. */
  readonly synced: readonly string[];
  /** The commit and the push; on a dry run with `sync`, before them what that executes when no merge commit is needed. */
  readonly commands: readonly Pick<Command, 'command' | 'args'>[];
}

/**
 * Commits exactly what is staged as `MESSAGE [keywords]` and pushes it to the branch's upstream, so that the workflow builds
 * the images. Checks everything it can before it changes anything. After a failed or interrupted push HEAD, the index and
 * (with `sync`) the files are what they were, byte by byte.
 *
 * Throws UsageError for flags that make no sense, SourceError for a repository that can't be triggered from, TriggerError for
 * a commit or push that was refused, InterruptedError.
 */
export async function trigger(options: TriggerOptions, ports: TriggerPorts): Promise<TriggerResult> {
  const { log } = ports;
  const terminal: Terminal = { interactive: ports.interactive, signal: ports.signal };
  const facts = await readFacts(options.cwd);
  const catalog = await loadCatalog({ read: (path) => stagedText(facts.top, path) });
  const message = readMessage(options, catalog);
  requireStaged(facts, options);
  if (!options.sync) await refuseDiverged(facts);
  for (const warning of message.warnings) log.warning(warning);
  const result = (made: Pick<TriggerResult, 'kind' | 'commit' | 'synced' | 'commands'>): TriggerResult => ({
    ...made,
    message: message.text,
    keywords: message.selection.keywords,
    images: message.selection.images,
    branch: facts.branch,
    remote: withoutLogin(facts.destination.remote),
    remoteBranch: facts.destination.branch,
    setUpstream: facts.destination.setUpstream,
  });
  const commit = commitCommand(facts.top, message.text, options.allowEmpty, ports.interactive);
  const push = pushCommand(facts, ports.interactive);
  const show = async (): Promise<void> => {
    const tree = await treeOf(facts.top, await readIndex(facts.index));
    const { plan, possibleOwnBases } = await planOfTree(facts.top, tree, catalog, message.selection);
    ports.showPlan(plan);
    for (const { name, reference, own } of possibleOwnBases)
      log.warning(
        `${name} is built on ${reference}. If that is this catalog's own ${own}, the workflow, which knows the registry path, builds ${own} before it where it has changed; this plan does not show that.`,
      );
    log.info(intention(facts));
  };

  if (options.dryRun) {
    await show();
    const first = options.sync ? await plannedSync(facts, terminal) : [];
    return result({
      kind: 'dry-run',
      commit: undefined,
      synced: [],
      commands: [...first, commit, push].map(shownCommand),
    });
  }
  const before = await position(facts);
  const synced = options.sync ? await sync(facts, before, terminal, log) : [];
  const afterSync = await position(facts);
  try {
    if (synced.length > 0) requireStaged({ ...facts, staged: await stagedFiles(facts.top) }, options);
    await show();
    if (ports.signal.aborted) throw interrupted(terminal, 'Nothing was committed.');
    const done = await commitAndPush(facts, { commit, push }, message, catalog, terminal);
    for (const remark of done.remarks) log.info(remark);
    return result({ kind: 'pushed', commit: done.commit, synced, commands: [commit, push].map(shownCommand) });
  } catch (thrown) {
    if (synced.length > 0) await unsync(facts, afterSync, before, log);
    throw thrown;
  }
}

function readMessage(options: TriggerOptions, catalog: Catalog): TriggerMessage {
  const selected = selectFromList(options.images.split(/[,\n]/), catalog);
  if (selected.images.length === 0) {
    throw new UsageError(
      `--images names no image. Give names or groups, separated by commas: ${[...catalog.images.keys()].join(', ')}, all.`,
    );
  }
  return triggerMessage(options.commitMessage, keywordsText(selected), catalog);
}

function requireStaged(facts: Facts, { allowEmpty }: TriggerOptions): void {
  if (facts.staged.length > 0 || allowEmpty) return;
  throw new SourceError(
    'Nothing is staged, so there is nothing to commit. Stage your changes (`git add FILE`), or build what is committed ' +
      'already: --allow-empty makes an empty commit.',
  );
}

/** What is known of the remote branch already tells that the push would be refused; then nothing is tried. */
async function refuseDiverged(facts: Facts): Promise<void> {
  const { remote, branch } = facts.destination;
  const tracking = await tryGit(facts.top, ['rev-parse', '--verify', '--quiet', `refs/remotes/${remote}/${branch}`]);
  const there = tracking.stdout.toString('utf8').trim();
  if (tracking.exitCode !== 0 || (await isAncestor(facts.top, there, facts.head)) !== 'no') return;
  throw new TriggerError(
    `${shown(facts.destination)} has commits that ${facts.branch} does not have, so the push would be refused. Nothing was ` +
      'changed. `--sync` merges them in first and keeps what is staged; or `git pull` yourself.',
  );
}

function shownCommand({ command, args }: Command): Pick<Command, 'command' | 'args'> {
  // A remote may be an address with a password in it.
  return { command, args: args.map(withoutLogin) };
}
