import { accountIn, authClientOf } from '../publish/artifactRegistry/authClient';
import { apiRemover } from '../publish/artifactRegistry/remove';
import { confirmed, decidePrune, type PrunePlan } from '../publish/prune/decide';
import { executePrune, type PruneOutcome } from '../publish/prune/execute';
import { takeInventory } from '../publish/prune/inventory';
import { visible } from '../report/escape';
import { size } from '../report/format';
import { openAccess, type Access } from '../run/access';
import type { Flags } from './commandLine';
import { confirm } from './deploy/confirm';
import { pruneSettings } from './prune/settings';
import { planLines } from './prune/words';
import { clusterImages } from './prune/cluster';
import { terminalSession, type Session } from './session';

/**
 * `kfp-images prune`: deletes old sets with their images. Shows what would go, asks on a terminal, looks again, then deletes.
 * Gives the exit status: 1 when something that was to go stayed, or the answer was no. Throws explained errors.
 */
export async function pruneCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  const json = flags['json'] === true;
  try {
    const settings = pruneSettings(flags, session.env);
    const access = await openAccess(settings, session);
    const { full } = access.path;
    const decide = async (): Promise<PrunePlan> => {
      // The clusters after the registry: what was deployed meanwhile is seen.
      const inventory = await takeInventory(access.registry, full);
      const inUse = await clusterImages(settings.keepClusters, full, session.signal);
      const { keepLast, keepDays } = settings;
      return decidePrune(inventory, full, { keepLast, keepDays, now: Date.now(), inUse });
    };
    const plan = await decide();
    for (const line of planLines(plan, full)) session.printer.print(visible(line));
    if (settings.dryRun || plan.deletions.length === 0) {
      if (json) print(plan, undefined, settings.dryRun);
      if (settings.dryRun) session.log.info('Nothing was deleted (--dry-run).');
      return 0;
    }
    const question = `Delete ${plan.deletions.length} images and sets from ${full}?`;
    if (!(await confirm(question, flags['yes'] === true, json, session.signal))) {
      session.signal.throwIfAborted();
      session.log.info('Nothing was deleted.');
      return 1;
    }
    const outcome = await carryOut(confirmed(plan, await decide()), access, session);
    if (json) print(plan, outcome, false);
    for (const problem of outcome.problems) session.log.warning(problem);
    session.log.info(
      `Deleted ${outcome.deleted.length} of ${plan.deletions.length}: ${size(outcome.bytes)}, which the registry frees in its own time.`,
    );
    session.signal.throwIfAborted();
    return outcome.problems.length === 0 ? 0 : 1;
  } finally {
    session.close();
  }
}

function carryOut(plan: PrunePlan, access: Access, session: Session): Promise<PruneOutcome> {
  const { path, credentials, emulator } = access;
  const account = accountIn(credentials.describe);
  const login = async () => {
    const now = await access.login();
    return now === undefined ? undefined : authClientOf(now);
  };
  const endpoint = emulator === undefined ? {} : { endpoint: emulator.artifactRegistry };
  const google = path.kind === 'other' ? undefined : apiRemover(path, login, { account, ...endpoint });
  // Calls go to their end: a deletion that is under way when the command is stopped is known to be done or not.
  return executePrune(plan, { registry: access.steadfast, google, log: session.log, signal: session.signal });
}

function print(plan: PrunePlan, outcome: PruneOutcome | undefined, dryRun: boolean): void {
  const sets = plan.sets.map(({ commit, created, goes, reason }) => ({
    commit,
    created: created === undefined ? null : new Date(created).toISOString(),
    goes,
    reason,
  }));
  const named = ({ repository, digest, bytes, tags }: PrunePlan['deletions'][number]) => ({
    repository,
    digest,
    bytes,
    tags,
  });
  const document = {
    kind: dryRun ? 'dry-run' : outcome === undefined ? 'nothing' : 'pruned',
    sets,
    planned: plan.deletions.map(named),
    deleted: outcome?.deleted.map(named) ?? [],
    untagged: outcome?.untagged ?? 0,
    bytes: outcome?.bytes ?? plan.deletions.reduce((sum, { bytes }) => sum + bytes, 0),
    problems: outcome?.problems ?? [],
  };
  process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
}
