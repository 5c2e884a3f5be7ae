import { relative, resolve } from 'node:path';
import { BuildError, InterruptedError, message, UsageError } from './errors';
import { encodeLockFile } from './publish/lockFile';
import type { Preflight } from './publish/artifactRegistry/judge';
import { checkWritable, preflightTags } from './publish/lookUp';
import { publish } from './publish/publication';
import { lockOf } from './publish/publishSet';
import { writeLockFile } from './report/lockFile';
import { planTree } from './report/planTree';
import type { RunReport, RunResult } from './report/runReport';
import { openAccess, type Access } from './run/access';
import { ancestry } from './run/ancestry';
import { createBaseImages } from './run/baseImages';
import { githubAccess, type RunPorts, type RunRequest, type Work } from './run/context';
import { decide, type Decision } from './run/decide';
import { dryRun } from './run/dryRun';
import { askGoogle, heed, withHint } from './run/hints';
import { orderOf } from './run/latest';
import { produce, type Product } from './run/produce';
import { publicationOrder } from './run/publicationOrder';
import { select, surelyNothing } from './run/select';
import { layerSizes } from './run/sizes';
import { openSource, type Source } from './run/source';
import { createScratch, removeScratch, removeStale, scratchBase, type Scratch } from './system/scratch';
import type { Inputs, LockFile, Publication, Selection } from './types';

/** How a run ended: what the summary tells, and what the outputs and the exit status come from. */
export interface RunEnd {
  readonly report: RunReport;
  readonly selection: Selection | undefined;
  readonly lock: LockFile | undefined;
  /** Absolute path. */
  readonly lockFile: string | undefined;
  /** What made it fail; undefined: nothing did. */
  readonly error: unknown;
}

/** What is known of a run so far; its report is made from it wherever it ends. */
interface Known {
  readonly startedAt: number;
  selection?: Selection;
  source?: Source;
  access?: Access | undefined;
  decision?: Decision;
  product?: Product;
  publication?: Publication;
  sizes?: ReadonlyMap<string, number>;
  lock?: LockFile;
  lockFile?: string;
}

/**
 * The main job: event → keywords → catalog → plan → build → bind → publish. Never throws: a run that fails half way tells what it did.
 * Whatever happens the run's private folder (clean tree, login) is gone afterwards.
 */
export async function run(request: RunRequest, ports: RunPorts): Promise<RunEnd> {
  const known: Known = { startedAt: Date.now() };
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
    return end(request, known, await perform(request, ports, known, privateScratch), undefined);
  } catch (thrown) {
    const error: unknown = ports.signal.aborted ? ports.signal.reason : withHint(thrown, known.access, ports.env);
    const kind = error instanceof InterruptedError ? 'interrupted' : 'failed';
    return end(request, known, { kind, reason: message(error) }, error);
  } finally {
    await known.source?.tree.close();
    if (scratch !== undefined && !removeScratch(scratch.folder)) {
      ports.log.warning(`${scratch.folder} could not be removed; it holds a registry login. Remove it.`);
    }
  }
}

async function perform(request: RunRequest, ports: RunPorts, known: Known, scratch: () => Scratch): Promise<RunResult> {
  const { inputs } = request;
  const { log, signal } = ports;
  if (surelyNothing(request)) return { kind: 'nothing', reason: noKeyword };
  const source = (known.source = await openSource(inputs, ports.cwd, () => scratch().folder));
  const selection = (known.selection = await select(request, source));
  for (const warning of selection.warnings) log.warning(warning);
  if (selection.images.length === 0) return { kind: 'nothing', reason: noKeyword };

  const only = planOnly(request);
  const access = (known.access = await accessOf(request, ports));
  const writable = access === undefined || only !== undefined ? undefined : askEarly(access);
  const asked = access === undefined ? undefined : askGoogle(access, orderOf(request, source).move, signal);
  const bases = createBaseImages(access?.hasty, log);
  const target = access === undefined ? undefined : { registryPath: access.path.full, registry: access.registry };
  const decision = (known.decision = await decide({
    source,
    selection,
    inputs: { platforms: inputs.platforms, rebuild: rebuildOf(request) },
    target,
    bases,
  }));
  for (const line of planTree(decision.plan, ports.paint)) ports.printer.print(line);
  signal.throwIfAborted();
  const preflight = await asked;
  if (access !== undefined && only === undefined)
    await beforeBuilding(request, ports, source, access, decision, { preflight, writable });
  const work: Work = { request, ports, source, access, bases, decision };
  if (only !== undefined) {
    for (const line of await dryRun(work)) log.info(line);
    return { kind: 'planned', reason: only };
  }

  const product = (known.product = await produce(work, scratch()));
  signal.throwIfAborted();
  const failed = product.outcomes.filter(({ kind }) => kind !== 'built' && kind !== 'reused');
  if (failed.length > 0) {
    throw new BuildError(
      `${failed.map(({ name, kind }) => `${name} (${kind})`).join(', ')}: not every image could be built, so nothing was published.`,
    );
  }
  if (access === undefined) return { kind: 'built' };
  return publishSet(work, access, product, known);
}

const noKeyword =
  'no keyword in the commit message names an image, so there is nothing to build (keywords are [apiserver], [driver-launcher], [backend-all], …)';

/** A scheduled run is there to take up what no commit shows (packages of a distribution, say), so it builds everything. */
function rebuildOf({ inputs, event }: RunRequest): Inputs['rebuild'] {
  return event.name === 'schedule' ? 'all' : inputs.rebuild;
}

/** Why this run makes only a plan; undefined: it does more. */
function planOnly({ inputs, event }: RunRequest): string | undefined {
  if (event.trust.kind === 'plan-only') return event.trust.reason;
  return inputs.dryRun ? 'this is a dry run: nothing was built, nothing was pushed' : undefined;
}

/** The registry, where this run may use it: code of a fork gets no login, and without pushing there is nothing to ask. */
async function accessOf(request: RunRequest, ports: RunPorts): Promise<Access | undefined> {
  const { inputs, event } = request;
  if (event.trust.kind === 'plan-only' || !inputs.push) return undefined;
  if (inputs.registryPath === '' && inputs.dryRun) return undefined;
  if (inputs.registryPath === '') {
    throw new UsageError(
      'registry-path is empty, so nobody knows where the images go. Give LOCATION-docker.pkg.dev/PROJECT/REPOSITORY (on GitHub usually the ' +
        'secret GCP_ARTIFACT_REGISTRY_PATH; a pull request from a fork does not get it), or use dry-run or push: false.',
    );
  }
  return openAccess(inputs, ports);
}

/**
 * Asks whether we may write, while git is still being read: the look-ups that follow then find a client that knows how to log in, where
 * otherwise each would ask in vain first. A refusal counts where the answer is awaited.
 */
function askEarly({ registry, path }: Access): Promise<void> {
  const answer = checkWritable(registry, path.full);
  answer.catch(() => undefined);
  return answer;
}

/** All that can be known to fail is told before the first build. */
async function beforeBuilding(
  request: RunRequest,
  { log, env }: RunPorts,
  source: Source,
  access: Access,
  { plan, state, sought }: Decision,
  { preflight, writable }: { readonly preflight: Preflight | undefined; readonly writable: Promise<void> | undefined },
): Promise<void> {
  heed(preflight, log, env);
  await writable;
  if (state === undefined) return;
  const moveLatest = orderOf(request, source).move;
  const intent = {
    registryPath: access.path.full,
    commit: plan.commit,
    images: sought,
    moveLatest,
    immutable: preflight?.immutableTags,
  };
  for (const warning of preflightTags(state, intent)) log.warning(warning);
}

async function publishSet(work: Work, access: Access, product: Product, known: Known): Promise<RunResult> {
  const { request, ports, source } = work;
  const { log, signal } = ports;
  const order = publicationOrder(work, access, product);
  if (source.workspace !== undefined) {
    // These files are no commit, so nothing may be called after one: the images are there by digest and by content key.
    const lock = (known.lock = lockOf(order));
    known.lockFile = await saveLock(work, lock);
    return { kind: 'published' };
  }
  const latest = orderOf(request, source);
  if (!latest.move) log.info(`latest stays where it is: ${latest.reason}.`);
  const isAncestor = ancestry(source.top, githubAccess(request));
  const { registry, steadfast } = access;
  const [publication, sizes] = await Promise.all([
    publish(order, { registry, steadfast, isAncestor, now: () => Date.now(), signal, log }),
    // Only a job's summary shows them.
    ports.env['GITHUB_STEP_SUMMARY'] === undefined ? undefined : layerSizes(registry, order.images),
  ]);
  if (sizes !== undefined) known.sizes = sizes;
  known.publication = publication;
  if (publication.lock !== undefined) {
    known.lock = publication.lock;
    known.lockFile = await saveLock(work, publication.lock);
  }
  if (publication.kind === 'stopped') throw signal.reason;
  if (publication.kind === 'failed' || publication.kind === 'latest-refused') throw publication.error;
  return { kind: 'published' };
}

async function saveLock({ ports, request }: Work, lock: LockFile): Promise<string> {
  const path = resolve(ports.cwd, request.inputs.workingDirectory, 'kfp-images.lock.json');
  await writeLockFile(path, encodeLockFile(lock));
  return path;
}

function end({ inputs, event }: RunRequest, known: Known, result: RunResult, error: unknown): RunEnd {
  const { decision, access, product, publication, source } = known;
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
    sizes: known.sizes ?? new Map(),
    lockFile: known.lockFile === undefined ? undefined : relative(resolve(inputs.workingDirectory), known.lockFile),
    warnings: known.selection?.warnings ?? [],
    scans: [],
  };
  return { report, selection: known.selection, lock: known.lock, lockFile: known.lockFile, error };
}
