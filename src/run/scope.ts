import { UsageError } from '../errors';
import type { Inputs } from '../types';
import { openAccess, type Access } from './access';
import type { RunPorts, RunRequest } from './context';

/** A scheduled run is there to take up what no commit shows (packages of a distribution, say), so it builds everything. */
export function rebuildOf({ inputs, event }: RunRequest): Inputs['rebuild'] {
  return event.name === 'schedule' ? 'all' : inputs.rebuild;
}

/** Why this run makes only a plan; undefined: it does more. */
export function planOnly({ inputs, event }: RunRequest): string | undefined {
  if (event.trust.kind === 'plan-only') return event.trust.reason;
  return inputs.dryRun ? 'this is a dry run: nothing was built, nothing was pushed' : undefined;
}

/**
 * The registry, where this run may use it: code of a fork gets no login, and without pushing there is nothing to ask.
 * Throws UsageError when images are to be pushed and nobody said where to.
 */
export async function accessOf(request: RunRequest, ports: RunPorts): Promise<Access | undefined> {
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
