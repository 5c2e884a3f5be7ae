import { createScratch, removeScratch, removeStale, scratchBase, type Scratch } from '../system/scratch';
import { accessOf, baseRegistry } from './access';
import type { RunPorts, RunRequest, RunServices } from './ports';
import { run, type RunEnd } from './run';
import { signingOf } from './signing';

/**
 * The main job on this machine. `onScratch` is called with the private folder as soon as there is one, so that it can be removed after a SIGKILL.
 */
export function runJob(
  request: RunRequest,
  ports: RunPorts,
  onScratch: (folder: string) => void = () => undefined,
): Promise<RunEnd> {
  return run(request, openServices(request, ports, onScratch), ports);
}

/** The one place that says where a run's credentials, keys and folders come from. */
function openServices(
  { inputs, event }: RunRequest,
  ports: RunPorts,
  onScratch: (folder: string) => void,
): RunServices {
  const base = scratchBase(ports.env);
  let scratch: Scratch | undefined;
  const makeScratch = (): Scratch => {
    removeStale(base);
    const made = createScratch(base);
    onScratch(made.folder);
    return made;
  };
  return {
    access: () => accessOf(inputs, event.trust, ports),
    signing: () => signingOf(inputs, ports),
    baseRegistry: () => baseRegistry(ports, inputs.registryHosts),
    scratch: () => (scratch ??= makeScratch()),
    close: () => {
      if (scratch === undefined || removeScratch(scratch.folder)) return;
      ports.log.warning(`${scratch.folder} could not be removed; it holds a registry login. Remove it.`);
    },
  };
}
