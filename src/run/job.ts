import { createScratch, removeScratch, removeStale, scratchBase, type Scratch } from '../system/scratch';
import { accessOf, baseRegistry } from './access';
import { decideWork } from './decideWork';
import { describe } from './dryRun';
import { loadSet } from './loadImages';
import type { RunPorts, RunRequest } from './ports';
import { checkWork } from './preflight';
import { produce } from './produce';
import { publishProduct } from './publish';
import { run, type RunEnd, type RunStages } from './run';
import { readAsked } from './select';
import { signingOf } from './signing';
import { openSource } from './source';
import { namesOf } from './templates';

/**
 * The main job on this machine. `onScratch` is called with the private folder as soon as there is one, so that it can be removed after a SIGKILL.
 */
export function runJob(
  request: RunRequest,
  ports: RunPorts,
  onScratch: (folder: string) => void = () => undefined,
): Promise<RunEnd> {
  return run(request, stagesOf(request, ports, onScratch), ports);
}

/** The one place that says what each stage is given: its inputs, credentials, keys and folders. */
function stagesOf(request: RunRequest, ports: RunPorts, onScratch: (folder: string) => void): RunStages {
  const { inputs, event } = request;
  const { cwd, env, log } = ports;
  const base = scratchBase(env);
  let made: Scratch | undefined;
  /** The private folder, made at first use. */
  const scratch = (): Scratch => {
    if (made !== undefined) return made;
    removeStale(base);
    made = createScratch(base);
    onScratch(made.folder);
    return made;
  };
  const services = {
    signing: () => signingOf(inputs, ports),
    baseRegistry: () => baseRegistry(ports, inputs.registryHosts),
  };
  return {
    open: () => openSource(inputs, cwd, () => scratch().folder),
    select: (source, shards) => readAsked(request, shards, source, log),
    name: (source) => namesOf(inputs, event, source),
    access: () => accessOf(inputs, event.trust, ports),
    decide: (asked, names, access) => decideWork(request, asked, names, access, services, ports),
    describe: (work) => describe(work, inputs, ports),
    check: (work, done) => checkWork(work, done, ports),
    produce: (work) => produce(work, inputs, scratch(), ports),
    publish: (work, access, product) => publishProduct(work, access, product, inputs.diverged, ports),
    load: (access, lock) => loadSet(access, lock, scratch().docker, ports),
    close: () => {
      if (made === undefined || removeScratch(made.folder)) return;
      log.warning(`${made.folder} could not be removed; it holds a registry login. Remove it.`);
    },
  };
}
