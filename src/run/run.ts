import { relative, resolve } from 'node:path';
import { BuildError, InterruptedError, message } from '../errors';
import { shardName } from '../plan/shards';
import type { RunReport, RunResult } from '../report/runReport';
import type { LockFile, Selection } from '../types';
import type { Access } from './access';
import { attestedReport } from './attest';
import { checkDestinations } from './destinations';
import { withHint } from './google';
import type { RunPorts, RunRequest } from './ports';
import type { Product } from './produce';
import type { Published } from './publish';
import { planOnly, surelyNothing, type Asked } from './select';
import { shardInputs, type ShardInputs } from './shards';
import type { Source } from './source';
import type { Names } from './templates';
import type { Work } from './work';

/** The stages of a run, each with its inputs and ports at hand: what one gives the next one takes, and none knows another. */
export interface RunStages {
  /** The commit that is checked out, with its catalog. To be closed. */
  open(): Promise<Source>;
  /** The images that are asked of it. */
  select(source: Source, shards: ShardInputs): Promise<Asked>;
  /** What they will be called. */
  name(source: Source): Names;
  /** The registry that images are pushed to; undefined: nothing is pushed. */
  access(): Promise<Access | undefined>;
  /** What is built, what is reused, and why. */
  decide(asked: Asked, names: Names, access: Access | undefined): Promise<Work>;
  /** Says what a real run would do; gives its shards for `strategy.matrix`. */
  describe(work: Work): Promise<string>;
  /** What can be known to fail fails here: nothing has been built yet. */
  check(work: Work, done: ShardInputs['done']): Promise<void>;
  /** Builds, reuses and binds. */
  produce(work: Work): Promise<Product>;
  /** Gives what was built its names. A failure is a part of what it gives. */
  publish(work: Work, access: Access, product: Product): Promise<Published>;
  /** Brings a published set into the engine of this machine. */
  load(access: Access, lock: LockFile): Promise<void>;
  /** Removes what the stages have made for themselves. */
  close(): void;
}

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

/** What is known of a run so far; its report is made from it wherever it ends. */
interface RunState {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  source?: Source;
  selection?: Selection;
  access?: Access | undefined;
  work?: Work;
  product?: Product;
  published?: Published;
  matrix?: string;
}

/**
 * The main job: event → keywords → catalog → plan → build → bind → publish. Never throws: a run that fails half way reports what it did.
 * What it opened is closed afterwards, whatever happens.
 */
export async function run(request: RunRequest, stages: RunStages, ports: RunPorts): Promise<RunEnd> {
  const state: RunState = { startedAt: Date.now() };
  try {
    return endOf(request, state, await perform(request, stages, ports, state), undefined);
  } catch (thrown) {
    const error: unknown = ports.signal.aborted ? ports.signal.reason : withHint(thrown, state.access, ports.env);
    const kind = error instanceof InterruptedError ? 'interrupted' : 'failed';
    return endOf(request, state, { kind, reason: message(error) }, error);
  } finally {
    await state.source?.tree.close();
    stages.close();
  }
}

/** The whole way; each stage gives what the next one takes. */
async function perform(
  { inputs, event }: RunRequest,
  stages: RunStages,
  { signal }: Pick<RunPorts, 'signal'>,
  state: RunState,
): Promise<RunResult> {
  checkDestinations(inputs);
  if (surelyNothing(inputs, event.message)) return { kind: 'nothing', reason: noKeyword };
  const shards = shardInputs(inputs);
  const opened = (state.source = await stages.open());
  const asked = await stages.select(opened, shards);
  const selection = (state.selection = asked.selection);
  if (selection.images.length === 0) return { kind: 'nothing', reason: noKeyword };
  const names = stages.name(asked.source);
  const access = (state.access = await stages.access());
  const work = (state.work = await stages.decide(asked, names, access));
  signal.throwIfAborted();
  const only = planOnly(event.trust, inputs.dryRun);
  if (only !== undefined) {
    const matrix = await stages.describe(work);
    // Whoever may only plan may not build a shard either.
    if (event.trust.kind !== 'plan-only') state.matrix = matrix;
    return { kind: 'planned', reason: only };
  }
  await stages.check(work, shards.done);
  const product = (state.product = await stages.produce(work));
  signal.throwIfAborted();
  refuseUnfinished(product);
  if (access === undefined) return { kind: 'built' };
  await using saving = product.caches.begin(product.outcomes);
  const published = (state.published = await stages.publish(work, access, product));
  if (published.failure !== undefined) throw published.failure.error;
  if (inputs.load && published.lock !== undefined) await stages.load(access, published.lock);
  await saving.finish();
  return work.shard === undefined ? { kind: 'published' } : { kind: 'shard', name: shardName(work.shard) };
}

const noKeyword =
  'no keyword in the commit message names an image, so there is nothing to build (keywords are [apiserver], [driver-launcher], [backend-all], …)';

/** A set is published whole or not at all. Throws BuildError. */
function refuseUnfinished({ outcomes }: Product): void {
  const failed = outcomes.filter(({ kind }) => kind !== 'built' && kind !== 'reused');
  if (failed.length === 0) return;
  throw new BuildError(
    `${failed.map(({ name, kind }) => `${name} (${kind})`).join(', ')}: not every image could be built, so nothing was published.`,
  );
}

/** The end of a run of which so much is known. */
function endOf({ inputs, event }: RunRequest, state: RunState, result: RunResult, error: unknown): RunEnd {
  const { selection, access, work, product, published = {}, source, matrix = '' } = state;
  const { publication, attested, pushed, lock, lockFile } = published;
  const report: RunReport = {
    result,
    plan: work?.decision.plan,
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
    lockFile: lockFile === undefined ? undefined : relative(resolve(inputs.workingDirectory), lockFile),
    warnings: selection?.warnings ?? [],
    scans: pushed?.scans ?? [],
    caches: product?.caches.notes ?? [],
    attested: attested && attestedReport(attested),
  };
  return { report, selection, lock, lockFile, matrix, error };
}
