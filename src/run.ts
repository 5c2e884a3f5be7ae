import { BuildError, InterruptedError, message } from './errors';
import { planTree } from './report/planTree';
import type { RunResult } from './report/runReport';
import type { Access } from './run/access';
import { createBaseImages, type BaseImages } from './run/baseImages';
import type { RunPorts, RunRequest, Work } from './run/context';
import { decide, type Decision } from './run/decide';
import { dryRun } from './run/dryRun';
import { askEarly, foretell, heedEarly, type EarlyAnswers } from './run/early';
import { heed, withHint } from './run/hints';
import { endOf, type Known, type RunEnd } from './run/known';
import { produce } from './run/produce';
import { publishProduct } from './run/publishProduct';
import { accessOf, planOnly, rebuildOf } from './run/scope';
import { select, surelyNothing } from './run/select';
import { openSource, type Source } from './run/source';
import { createScratch, removeScratch, removeStale, scratchBase, type Scratch } from './system/scratch';
import type { Selection } from './types';

export type { RunEnd } from './run/known';

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
  const about = { request, ports, source };
  const asked = access === undefined ? undefined : await askEarly(about, access, only !== undefined);
  const bases = createBaseImages(access?.hasty, log);
  const decision = (known.decision = await decided({ ...about, selection, bases }, access, asked));
  for (const line of planTree(decision.plan, ports.paint)) ports.printer.print(line);
  signal.throwIfAborted();
  known.preflight = await asked?.preflight;
  if (access !== undefined && asked !== undefined && only === undefined)
    await heedEarly(about, access, decision, asked);
  const work: Work = { request, ports, source, access, bases, decision };
  if (only !== undefined) {
    foretell(request, ports, known.preflight);
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
  return publishProduct(work, access, product, known);
}

const noKeyword =
  'no keyword in the commit message names an image, so there is nothing to build (keywords are [apiserver], [driver-launcher], [backend-all], …)';

/** What to build, by git and the registry. Where the registry refuses, what its maker says of the refusal counts more: it names the cause. */
async function decided(
  {
    request,
    ports,
    source,
    selection,
    bases,
  }: {
    readonly request: RunRequest;
    readonly ports: RunPorts;
    readonly source: Source;
    readonly selection: Selection;
    readonly bases: BaseImages;
  },
  access: Access | undefined,
  asked: EarlyAnswers | undefined,
): Promise<Decision> {
  const target = access === undefined ? undefined : { registryPath: access.path.full, registry: access.registry };
  const inputs = { platforms: request.inputs.platforms, rebuild: rebuildOf(request) };
  try {
    return await decide({ source, selection, inputs, target, bases });
  } catch (thrown) {
    if (!ports.signal.aborted) heed(await asked?.preflight, ports.log, ports.env);
    throw thrown;
  }
}
