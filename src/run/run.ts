import { relative, resolve } from 'node:path';
import { BuildError, InterruptedError, message } from '../errors';
import { matrixJson, shardName } from '../plan/shards';
import { expandTags } from '../publish/tags';
import { planTree } from '../report/planTree';
import type { RunReport, RunResult } from '../report/runReport';
import { createScratch, removeScratch, removeStale, scratchBase, type Scratch } from '../system/scratch';
import type { LockFile, Selection } from '../types';
import { accessOf, baseRegistry, ownPath } from './access';
import { attestedReport } from './attest';
import { signingOf } from './signing';
import { createBaseImages } from './baseImages';
import { missingPlatforms } from './basePlatforms';
import { unusedSecrets } from './buildSecrets';
import { decide } from './decide';
import { checkDestinations } from './destinations';
import { dryRun } from './dryRun';
import { withHint } from './google';
import { heldByDefaultBranch, latestDecision } from './latest';
import { loadSet } from './load';
import type { RunPorts, RunRequest } from './ports';
import { enforcePreflight, startPreflight, throwOnPreflightErrors, warnPreflight } from './preflight';
import { produce } from './produce';
import { publishProduct } from './publish';
import { planOnly, refuseOtherCommit, select, surelyNothing } from './select';
import { checkShards, noteShard, planShards, shardInputs, shardSelection, shardSource } from './shards';
import { openSource } from './source';
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
 * The main job: event → keywords → catalog → plan → build → bind → publish. Never throws: a run that fails half way tells what it did.
 * Whatever happens the run's private folder (clean tree, login) is gone afterwards.
 */
export async function run(request: RunRequest, ports: RunPorts): Promise<RunEnd> {
  const known: RunState = { startedAt: Date.now() };
  let scratch: Scratch | undefined;
  const privateScratch = (): Scratch => {
    if (scratch === undefined) {
      removeStale(scratchBase(ports.env));
      scratch = createScratch(scratchBase(ports.env));
      ports.onScratch(scratch.folder);
    }
    return scratch;
  };
  try {
    return endOf(request, known, await perform(request, ports, known, privateScratch), undefined);
  } catch (thrown) {
    const error: unknown = ports.signal.aborted ? ports.signal.reason : withHint(thrown, known.access, ports.env);
    const kind = error instanceof InterruptedError ? 'interrupted' : 'failed';
    return endOf(request, known, { kind, reason: message(error) }, error);
  } finally {
    await known.source?.tree.close();
    if (scratch !== undefined && !removeScratch(scratch.folder)) {
      ports.log.warning(`${scratch.folder} could not be removed; it holds a registry login. Remove it.`);
    }
  }
}

async function perform(
  request: RunRequest,
  ports: RunPorts,
  known: RunState,
  scratch: () => Scratch,
): Promise<RunResult> {
  const { inputs, event } = request;
  const { repository, trust } = event;
  const { env, log, signal } = ports;
  checkDestinations(inputs);
  if (surelyNothing(inputs, event.message)) return { kind: 'nothing', reason: noKeyword };
  const { shard, done, mark } = shardInputs(inputs);
  const opened = (known.source = await openSource(inputs, ports.cwd, () => scratch().folder));
  refuseOtherCommit(event, opened.commit);
  const source = (known.source = shard === undefined ? opened : shardSource(opened, shard));
  const github = repository === undefined ? undefined : { repository, token: inputs.githubToken };
  const selection = (known.selection =
    shard === undefined ? await select(inputs, event, source, github, log) : shardSelection(shard));
  for (const warning of selection.warnings) log.warning(warning);
  for (const id of unusedSecrets([...source.catalog.images.values()], inputs)) {
    log.warning(`No image of the catalog lists ${id} under secrets or ssh, so no build gets it.`);
  }
  if (selection.images.length === 0) return { kind: 'nothing', reason: noKeyword };

  // Before anything is asked or built.
  const branch = event.branch ?? source.branch;
  const values = templateValues(source, branch);
  const tags = expandTags(inputs.tags, tagValues(values, event), source.commit);
  const only = planOnly(trust, inputs.dryRun);
  const access = (known.access = await accessOf(inputs, trust, ports));
  const signing = access === undefined || shard !== undefined ? undefined : await signingOf(inputs, ports);
  const byBranch = latestDecision(inputs.latest, { branch, defaultBranch: event.defaultBranch }, inputs.context);
  const latest = await heldByDefaultBranch(byBranch, event, source, github);
  const wish = {
    createRepository: inputs.createRepository,
    movesLatest: latest.move,
    isPlan: only !== undefined,
  };
  const asked = access === undefined ? undefined : await startPreflight(access, ports, wish);
  const bases = createBaseImages(
    access?.bestEffort ?? (only === undefined ? baseRegistry(ports, inputs.registryHosts) : undefined),
    log,
  );
  const target = access === undefined ? undefined : { registryPath: access.path.full, registry: access.registry };
  const question = { source, selection, inputs, target, bases, mark, ownPath: ownPath(access, inputs) };
  const decision = (known.decision = await decide(question).catch(async (thrown: unknown) => {
    // Where the registry refuses, what its maker says of the refusal counts more: it names the cause.
    if (!signal.aborted) throwOnPreflightErrors(await asked?.preflight, log, env);
    throw thrown;
  }));
  for (const line of planTree(decision.plan, ports.paint)) ports.printer.print(line);
  if (decision.replaced.length > 0 && shard === undefined) {
    log.warning(
      `rebuild: all replaces what is published for commit ${source.commit}: ${decision.replaced.join(', ')}. Who deployed that set has other digests.`,
    );
  }
  signal.throwIfAborted();
  known.preflight = await asked?.preflight;
  const publishes = shard === undefined;
  const { defaultBranch, pullRequest } = event;
  const about = { branch, defaultBranch, pullRequest, values, tags, publishes, signing };
  const work: Work = { inputs, ports, github, source, access, bases, decision, latest, ...about };
  if (access !== undefined && only === undefined) await enforcePreflight(work, access, known.preflight);
  const lacking = await missingPlatforms(work);
  if (only !== undefined) {
    for (const sentence of lacking) log.warning(sentence);
    warnPreflight(known.preflight, inputs.createRepository, ports);
    for (const line of await dryRun(work)) log.info(line);
    const shards = await planShards({ decision, catalog: source.catalog, inputs, access, log });
    known.matrix = matrixJson(shards, inputs.runsOn);
    return { kind: 'planned', reason: only };
  }

  if (lacking.length > 0) {
    throw new BuildError(
      `${lacking.join('\n')}\nTake other base images, or give these images their own platforms in the catalog. Nothing was built.`,
    );
  }
  checkShards(done, source, decision, log);
  const product = (known.product = await produce(work, scratch()));
  signal.throwIfAborted();
  const failed = product.outcomes.filter(({ kind }) => kind !== 'built' && kind !== 'reused');
  if (failed.length > 0) {
    throw new BuildError(
      `${failed.map(({ name, kind }) => `${name} (${kind})`).join(', ')}: not every image could be built, so nothing was published.`,
    );
  }
  if (access === undefined) return { kind: 'built' };
  await using saving = product.caches.begin(product.outcomes);
  if (shard !== undefined) await noteShard(work, shard, product);
  const result: RunResult =
    shard === undefined
      ? await publishProduct(work, access, product, known)
      : { kind: 'shard', name: shardName(shard) };
  if (inputs.load && known.lock !== undefined) await loadSet(work, access, known.lock, scratch().docker);
  await saving.finish();
  return result;
}

const noKeyword =
  'no keyword in the commit message names an image, so there is nothing to build (keywords are [apiserver], [driver-launcher], [backend-all], …)';

/** The end of a run of which so much is known. */
export function endOf({ inputs, event }: RunRequest, known: RunState, result: RunResult, error: unknown): RunEnd {
  const { decision, access, product, publication, source, pushed, matrix = '' } = known;
  const report: RunReport = {
    result,
    plan: decision?.plan,
    repository: event.repository,
    branch: event.branch ?? source?.branch,
    registryPath: access?.path.full,
    credentials: access?.credentials.describe,
    startedAt: known.startedAt,
    endedAt: Date.now(),
    outcomes: product?.outcomes ?? [],
    publication,
    sizes: pushed?.sizes ?? new Map(),
    uploads: pushed?.uploads ?? new Map(),
    lockFile: known.lockFile === undefined ? undefined : relative(resolve(inputs.workingDirectory), known.lockFile),
    warnings: known.selection?.warnings ?? [],
    scans: pushed?.scans ?? [],
    caches: product?.caches.notes ?? [],
    attested: known.attested && attestedReport(known.attested),
  };
  return { report, selection: known.selection, lock: known.lock, lockFile: known.lockFile, matrix, error };
}
