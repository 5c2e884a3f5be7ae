import { createKubectl, type Kubectl, type Place } from './kubectl';

/** A cluster that a command works on, by one context from its first call to its last. */
export interface Cluster {
  readonly kubectl: Kubectl;
  /** With the context that was current when the command began; undefined only where there is none, as inside a pod. */
  readonly place: Place;
  /** For people. */
  readonly context: string;
}

/**
 * Opens the cluster of a context. Where the user named none, kubectl's current one is asked for once and named in every call from then on:
 * a rollout takes minutes, and somebody who changes the context meanwhile must not lead the rest of it, or what puts it back, elsewhere.
 */
export async function openCluster(place: Place): Promise<Cluster> {
  const context = place.context ?? (await currentContext(createKubectl(place)));
  const resolved = { ...place, context };
  return { kubectl: createKubectl(resolved), place: resolved, context: contextName(resolved) };
}

/** A context's name for people. */
function contextName({ context }: Place): string {
  return context ?? '(in-cluster)';
}

async function currentContext(kubectl: Kubectl): Promise<string | undefined> {
  const { exitCode, stdout } = await kubectl({ args: ['config', 'current-context'] });
  const name = stdout.trim();
  return exitCode === 0 && name !== '' ? name : undefined;
}

/** `--context` and `--namespace` for a command that people are to run on the same cluster. */
export function placeFlags({ context, namespace }: Place): string {
  return `${context === undefined ? '' : ` --context ${context}`} --namespace ${namespace}`;
}
