import { message } from '../../errors';
import { accountIn, authClientOf } from '../../google/artifactRegistry/authClient';
import { apiRemover } from '../../google/artifactRegistry/remove';
import { confirmed, decidePrune, type PrunePlan } from '../../publish/prune/decide';
import { executePrune, type PruneOutcome } from '../../publish/prune/execute';
import { takeInventory } from '../../publish/prune/inventory';
import { visible } from '../../report/escape';
import { size } from '../../report/format';
import { isSameUnnamed, readUnnamed, repositoriesIn, writeUnnamed, type Unnamed } from '../../publish/prune/unnamed';
import { openAccess, type Access } from '../../run/access';
import { defineCommand } from '../command';
import { confirm } from '../confirm';
import type { Session } from '../session';
import { registryInputs, registryOf } from '../sharedFlags';
import { clusterImages } from './cluster';
import { planLines } from './format';
import { pruneSettings } from './settings';

/** Shows what would go, asks on a terminal, looks again, then deletes. Fails when something that was to go stayed, or the answer was no. */
export const pruneCommand = defineCommand({
  name: 'prune',
  description: 'Delete old release sets and their images; whatever is in use, tagged by others or in doubt is kept.',
  inputs: registryInputs,
  flags: {
    'keep-last': { kind: 'text', value: '<number>', description: 'keep this many of the newest sets (default: 10)' },
    'keep-days': { kind: 'text', value: '<number>', description: 'keep sets of this many last days (default: 30)' },
    'keep-cluster': {
      kind: 'optional-list',
      value: '[context...]',
      description: 'keep what runs on these clusters (default: the current context of kubectl)',
    },
    yes: { kind: 'switch', description: 'do not ask' },
    'dry-run': { kind: 'switch', description: 'show what would be deleted' },
  },
  examples: [
    'prune --registry-path europe-west3-docker.pkg.dev/PROJECT/REPOSITORY --dry-run',
    'prune --registry-path localhost:5000/kfp --keep-last 20 --keep-days 90 --keep-cluster production',
  ],
  async run({ flags, input, session, json }) {
    const given = registryOf(input);
    const settings = pruneSettings({
      registryPath: given.registryPath,
      keepLast: flags['keep-last'],
      keepDays: flags['keep-days'],
      keepCluster: flags['keep-cluster'],
    });
    const dryRun = flags['dry-run'];
    const access = await openAccess(given, session);
    const { full } = access.path;
    const unnamed = await readUnnamed(access.registry, full);
    const decide = async (): Promise<PrunePlan> => {
      // The clusters after the registry: what was deployed meanwhile is seen.
      const inventory = await takeInventory(access.registry, full, repositoriesIn(unnamed, full));
      const inUse = await clusterImages(settings.keepClusters, full, session.signal);
      const { keepLast, keepDays } = settings;
      return decidePrune(inventory, full, { keepLast, keepDays, now: Date.now(), inUse, unnamed });
    };
    const plan = await decide();
    for (const line of planLines(plan, full)) session.printer.print(visible(line));
    if (dryRun || plan.deletions.length + plan.untaggings.length === 0) {
      if (dryRun) session.log.info('Nothing was deleted (--dry-run).');
      else await note(unnamed, plan, access, session);
      return { document: documentOf(plan, undefined, dryRun) };
    }
    const tags = plan.untaggings.length === 0 ? '' : ` and ${plan.untaggings.length} tags`;
    const question = `Delete ${plan.deletions.length} images and sets${tags} from ${full}?`;
    if (!(await confirm(question, flags.yes, json, session.signal))) {
      session.signal.throwIfAborted();
      session.log.info('Nothing was deleted.');
      return { exitCode: 1 };
    }
    const certain = confirmed(plan, await decide());
    const outcome = await carryOut(certain, access, session);
    if (!session.signal.aborted) await note(unnamed, certain, access, session);
    for (const problem of outcome.problems) session.log.warning(problem);
    for (const note of outcome.notes) session.log.info(note);
    session.log.info(
      `Deleted ${outcome.deleted.length} of ${plan.deletions.length}: ${size(outcome.bytes)}, which the registry frees in its own time.`,
    );
    return {
      document: documentOf(plan, outcome, false),
      exitCode: outcome.problems.length === 0 ? 0 : 1,
      error: session.signal.aborted ? session.signal.reason : undefined,
    };
  },
});

/** Leaves to later prunes what this one saw. Without it they start anew, which is a loss of time only. */
async function note(before: Unnamed, { unnamed }: PrunePlan, access: Access, session: Session): Promise<void> {
  if (isSameUnnamed(before, unnamed)) return;
  await writeUnnamed(access.uncancellable, access.path.full, unnamed).catch((refusal: unknown) =>
    session.log.warning(
      `What no set names could not be noted, so that no later prune knows how long that has been so: ${message(refusal)}`,
    ),
  );
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
  return executePrune(plan, { registry: access.uncancellable, google, log: session.log, signal: session.signal });
}

function documentOf(plan: PrunePlan, outcome: PruneOutcome | undefined, dryRun: boolean): object {
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
  return {
    kind: dryRun ? 'dry-run' : outcome === undefined ? 'nothing' : 'pruned',
    sets,
    planned: plan.deletions.map(named),
    deleted: outcome?.deleted.map(named) ?? [],
    untagged: outcome?.untagged ?? 0,
    bytes: outcome?.bytes ?? plan.deletions.reduce((sum, { bytes }) => sum + bytes, 0),
    unnamed: [...plan.unnamed].map(([name, since]) => ({ name, since: new Date(since).toISOString() })),
    problems: outcome?.problems ?? [],
    notes: outcome?.notes ?? [],
  };
}
