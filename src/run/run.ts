import { relative, resolve } from 'node:path';
import { BuildError, InterruptedError, message } from '../errors';
import { matrixJson, shardName, type Shard } from '../plan/shards';
import { expandTags } from '../publish/tags';
import { planTree } from '../report/planTree';
import type { RunReport, RunResult } from '../report/runReport';
import type { LockFile, Selection } from '../types';
import { ownPath } from './access';
import { attestedReport } from './attest';
import { createBaseImages } from './baseImages';
import { missingPlatforms } from './basePlatforms';
import { unusedSecrets } from './buildSecrets';
import { decide } from './decide';
import { checkDestinations } from './destinations';
import { dryRun } from './dryRun';
import { withHint } from './google';
import { heldByDefaultBranch, latestDecision } from './latest';
import { loadSet } from './loadImages';
import type { GithubAccess, RunPorts, RunRequest, RunServices } from './ports';
import { enforcePreflight, startPreflight, throwOnPreflightErrors, warnPreflight } from './preflight';
import { produce } from './produce';
import { publishProduct } from './publish';
import { planOnly, refuseOtherCommit, select, surelyNothing } from './select';
import {
  checkShards,
  noteShard,
  planShards,
  shardInputs,
  shardSelection,
  shardSource,
  type ShardInputs,
} from './shards';
import { openSource, type Source } from './source';
import { tagValues, templateValues, type RunState, type Work } from './work';

/** How a run ended: what the summary tells, and what the outputs and the exit status come from. */
export interface RunEnd {
  readonly report: RunReport;
  readonly selection: Selection | undefined;
  readonly lock: LockFile | undefined;
  /** Absolute path. */
  readonly lockFile: string | undefined;
  /** For `strategy.matrix`, of a run that only plans; empty: one run does it as well. */
  readonly matrix: string;
  /** What made it fail; undefined: nothing did. */
  readonly error: unknown;
}

/**
 * The main job: event → keywords → catalog → plan → build → bind → publish. Never throws: a run that fails half way reports what it did.
 * What it opened is closed afterwards, whatever happens.
 */
export async function run(request: RunRequest, services: RunServices, ports: RunPorts): Promise<RunEnd> {
  const state: RunState = { startedAt: Date.now() };
  try {
    return endOf(request, state, await perform(request, services, ports, state), undefined);
  } catch (thrown) {
    const error: unknown = ports.signal.aborted ? ports.signal.reason : withHint(thrown, state.access, ports.env);
    const kind = error instanceof InterruptedError ? 'interrupted' : 'failed';
    return endOf(request, state, { kind, reason: message(error) }, error);
  } finally {
    await state.source?.tree.close();
    services.close();
  }
}

async function perform(
  request: RunRequest,
  services: RunServices,
  ports: RunPorts,
  state: RunState,
): Promise<RunResult> {
  const { inputs, event } = request;
  checkDestinations(inputs);
  if (surelyNothing(inputs, event.message)) return { kind: 'nothing', reason: noKeyword };
  const asked = await readCommit(request, services, ports, state);
  if (asked.selection.images.length === 0) return { kind: 'nothing', reason: noKeyword };
  const only = planOnly(event.trust, inputs.dryRun);
  const work = await decideWork(request, asked, services, ports, state);
  const lacking = await missingPlatforms(work, ports.log);
  if (only !== undefined) {
    for (const sentence of lacking) ports.log.warning(sentence);
    await describe(request, work, ports, state);
    return { kind: 'planned', reason: only };
  }
  if (lacking.length > 0) {
    throw new BuildError(
      `${lacking.join('\n')}\nTake other base images, or give these images their own platforms in the catalog. Nothing was built.`,
    );
  }
  checkShards(asked.done, work.source, work.decision, ports.log);
  return carryOut(request, asked.shard, work, services, ports, state);
}

/** What a run is asked for. */
interface Asked extends ShardInputs {
  readonly source: Source;
  readonly selection: Selection;
  readonly github: GithubAccess | undefined;
}

/** The commit that is checked out, its catalog, and the images that are asked of it. */
async function readCommit(
  { inputs, event }: RunRequest,
  services: RunServices,
  { cwd, log }: RunPorts,
  state: RunState,
): Promise<Asked> {
  const shards = shardInputs(inputs);
  const { shard } = shards;
  const opened = (state.source = await openSource(inputs, cwd, () => services.scratch().folder));
  refuseOtherCommit(event, opened.commit);
  const source = (state.source = shard === undefined ? opened : shardSource(opened, shard));
  const { repository } = event;
  const github = repository === undefined ? undefined : { repository, token: inputs.githubToken };
  const selection = (state.selection =
    shard === undefined ? await select(inputs, event, source, github, log) : shardSelection(shard));
  for (const warning of selection.warnings) log.warning(warning);
  for (const id of unusedSecrets([...source.catalog.images.values()], inputs)) {
    log.warning(`No image of the catalog lists ${id} under secrets or ssh, so no build gets it.`);
  }
  return { ...shards, source, selection, github };
}

/** Decides what is built and what it will be called. What can be known to fail fails here: nothing has been built yet. */
async function decideWork(
  { inputs, event }: RunRequest,
  { source, selection, github, shard, mark }: Asked,
  services: RunServices,
  { cwd, env, log, paint, printer, signal }: RunPorts,
  state: RunState,
): Promise<Work> {
  const branch = event.branch ?? source.branch;
  const values = templateValues(source, branch);
  const tags = expandTags(inputs.tags, tagValues(values, event), source.commit);
  const isPlan = planOnly(event.trust, inputs.dryRun) !== undefined;
  const publishes = shard === undefined;
  const access = (state.access = await services.access());
  const signing = access === undefined || !publishes ? undefined : await services.signing();
  const byBranch = latestDecision(inputs.latest, { branch, defaultBranch: event.defaultBranch }, inputs.context);
  const latest = await heldByDefaultBranch(byBranch, event, source, github);
  const wish = { createRepository: inputs.createRepository, movesLatest: latest.move, isPlan };
  const asked = access === undefined ? undefined : await startPreflight(access, { log, signal }, wish);
  const bases = createBaseImages(access?.bestEffort ?? (isPlan ? undefined : services.baseRegistry()), log);
  const target = access === undefined ? undefined : { registryPath: access.path.full, registry: access.registry };
  const question = { source, selection, inputs, target, bases, mark, ownPath: ownPath(access, inputs) };
  const decision = (state.decision = await decide(question).catch(async (thrown: unknown) => {
    // Where the registry refuses, what its maker says of the refusal counts more: it names the cause.
    if (!signal.aborted) throwOnPreflightErrors(await asked?.preflight, log, env);
    throw thrown;
  }));
  for (const line of planTree(decision.plan, paint)) printer.print(line);
  if (decision.replaced.length > 0 && publishes) {
    const what = mark !== undefined || inputs.rebuild === 'all' ? 'rebuild: all' : 'A run for other platforms';
    log.warning(
      `${what} replaces what is published for commit ${source.commit}: ${decision.replaced.join(', ')}. Who deployed that set has other digests.`,
    );
  }
  signal.throwIfAborted();
  state.preflight = await asked?.preflight;
  const { defaultBranch, pullRequest } = event;
  const folder = resolve(cwd, inputs.workingDirectory);
  const about = { branch, defaultBranch, pullRequest, values, tags, publishes, signing, folder };
  const work: Work = { inputs, github, source, access, bases, decision, latest, ...about };
  if (access !== undefined && !isPlan) await enforcePreflight(work, access, state.preflight, { log, env });
  return work;
}

/** Of a run that only plans: what a real one would do. */
async function describe({ inputs }: RunRequest, work: Work, { env, log }: RunPorts, state: RunState): Promise<void> {
  const { decision, source, access } = work;
  warnPreflight(state.preflight, inputs.createRepository, { env, log });
  for (const line of await dryRun(work, env)) log.info(line);
  const shards = await planShards({ decision, catalog: source.catalog, inputs, access, log });
  state.matrix = matrixJson(shards, inputs.runsOn);
}

/** Builds and publishes what was decided; a shard leaves the publishing to the run that waits for it. */
async function carryOut(
  { inputs }: RunRequest,
  shard: Shard | undefined,
  work: Work,
  services: RunServices,
  ports: RunPorts,
  state: RunState,
): Promise<RunResult> {
  const { access } = work;
  const product = (state.product = await produce(work, services.scratch(), ports));
  ports.signal.throwIfAborted();
  const failed = product.outcomes.filter(({ kind }) => kind !== 'built' && kind !== 'reused');
  if (failed.length > 0) {
    throw new BuildError(
      `${failed.map(({ name, kind }) => `${name} (${kind})`).join(', ')}: not every image could be built, so nothing was published.`,
    );
  }
  if (access === undefined) return { kind: 'built' };
  await using saving = product.caches.begin(product.outcomes);
  if (shard !== undefined) await noteShard(access, shard, product, ports.log);
  const result: RunResult =
    shard === undefined
      ? await publishProduct(work, access, product, state, ports)
      : { kind: 'shard', name: shardName(shard) };
  if (inputs.load && state.lock !== undefined) await loadSet(access, state.lock, services.scratch().docker, ports);
  await saving.finish();
  return result;
}

const noKeyword =
  'no keyword in the commit message names an image, so there is nothing to build (keywords are [apiserver], [driver-launcher], [backend-all], …)';

/** The end of a run of which so much is known. */
function endOf({ inputs, event }: RunRequest, state: RunState, result: RunResult, error: unknown): RunEnd {
  const { decision, access, product, publication, source, pushed, matrix = '' } = state;
  const report: RunReport = {
    result,
    plan: decision?.plan,
    repository: event.repository,
    branch: event.branch ?? source?.branch,
    registryPath: access?.path.full,
    credentials: access?.credentials.describe,
    startedAt: state.startedAt,
    endedAt: Date.now(),
    outcomes: product?.outcomes ?? [],
    publication,
    sizes: pushed?.sizes ?? new Map(),
    uploads: pushed?.uploads ?? new Map(),
    lockFile: state.lockFile === undefined ? undefined : relative(resolve(inputs.workingDirectory), state.lockFile),
    warnings: state.selection?.warnings ?? [],
    scans: pushed?.scans ?? [],
    caches: product?.caches.notes ?? [],
    attested: state.attested && attestedReport(state.attested),
  };
  return { report, selection: state.selection, lock: state.lock, lockFile: state.lockFile, matrix, error };
}
