import { setTimeout as sleep } from 'node:timers/promises';
import { isMade, type Awaited } from './awaited';
import { lastLines, podEvents, readDeployments, readWorkload } from './cluster';
import { keyOf, titleOf } from './customResource';
import type { Kubectl } from './kubectl';
import type { Deployment } from './objects';
import type { PodTrouble } from './creationTrouble';
import { isRefusal, rolloutStatus, type RolloutStatus } from './rolloutStatus';
import { isEquivalent, snapshotOf, type Snapshot } from './snapshot';

/** How the wait for one Deployment goes or ended, with what people need to know. */
export interface Rollout {
  readonly deployment: string;
  readonly status: RolloutStatus;
  /** The registry's words, or the container's last lines. */
  readonly details: readonly string[];
}

/** How long to wait, and who is notified meanwhile. Times in milliseconds. */
export interface Patience {
  readonly timeoutMs: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** Called with the state of all Deployments after each poll. */
  readonly onProgress: (rollouts: readonly Rollout[]) => void;
}

/** How a wait ended. `interrupted`: the signal came. */
interface Waited {
  readonly kind: 'done' | 'failed' | 'timeout' | 'interrupted';
  readonly rollouts: readonly Rollout[];
  /** What no operator has made yet. */
  readonly unmade: readonly Awaited[];
}

type Look = Pick<Waited, 'rollouts' | 'unmade'>;

/**
 * Waits until the rollouts of the Deployments are done, or one has failed: also one that no longer says what is expected of it, because
 * another command or somebody else has changed it. A look at the cluster that fails is repeated: only when
 * none succeeds until the time is up its error is thrown. `awaited`: Deployments whose rollout counts only once an operator has made of them
 * what it is to make; one that it has yet to make again is not a failure either.
 */
export async function waitForRollouts(
  kubectl: Kubectl,
  expected: ReadonlyMap<string, Snapshot['containers']>,
  patience: Patience,
  awaited: ReadonlyMap<string, Awaited> = new Map(),
): Promise<Waited> {
  const { signal } = patience;
  const end = Date.now() + patience.timeoutMs;
  let seen: Look = { rollouts: [], unmade: [] };
  for (;;) {
    if (signal.aborted) return { kind: 'interrupted', ...seen };
    try {
      seen = await look(kubectl, expected, awaited, signal);
      const { rollouts } = seen;
      patience.onProgress(rollouts);
      if (rollouts.some(({ status }) => status.kind === 'failed')) return { kind: 'failed', ...seen };
      if (rollouts.every(({ status }) => status.kind === 'done')) return { kind: 'done', ...seen };
    } catch (thrown) {
      // With the signal kubectl is ended in the middle of its answer.
      if (isAborted(signal)) return { kind: 'interrupted', ...seen };
      if (Date.now() >= end && seen.rollouts.length === 0) throw thrown;
    }
    if (Date.now() >= end) return { kind: 'timeout', ...seen };
    await sleep(Math.min(patience.pollMs, Math.max(1, end - Date.now())), undefined, { signal }).catch(() => undefined);
  }
}

async function look(
  kubectl: Kubectl,
  expected: ReadonlyMap<string, Snapshot['containers']>,
  awaited: ReadonlyMap<string, Awaited>,
  signal: AbortSignal,
): Promise<Look> {
  const [deployments, { pods, replicaSets }] = await Promise.all([
    readDeployments(kubectl, signal),
    readWorkload(kubectl, signal),
  ]);
  const unmade = new Map(
    [...awaited].filter(([name, what]) => {
      const live = deployments.find(({ metadata }) => metadata.name === name);
      return live === undefined || !isMade(live, what);
    }),
  );
  const rollouts = await Promise.all(
    [...expected].map(async ([name, containers]): Promise<Rollout> => {
      const live = deployments.find(({ metadata }) => metadata.name === name);
      const waiting = unmade.get(name);
      if (waiting !== undefined) return { deployment: name, status: notMade(waiting), details: [] };
      if (live !== undefined && !awaited.has(name) && !says(live, containers))
        return { deployment: name, status: failed('somebody else has changed it meanwhile'), details: [] };
      const status = live === undefined ? failed('the Deployment is gone') : rolloutStatus(live, pods, replicaSets);
      return explained(kubectl, name, status, live);
    }),
  );
  return { rollouts, unmade: [...unmade.values()] };
}

function notMade({ writer }: Awaited): RolloutStatus {
  const why = `its operator has not made it from ${titleOf(keyOf(writer))} yet`;
  return { kind: 'waiting', ready: 0, wanted: 1, why, trouble: undefined };
}

function failed(why: string): RolloutStatus {
  return { kind: 'failed', ready: 0, wanted: 0, why, trouble: undefined };
}

function says(live: Deployment, containers: Snapshot['containers']): boolean {
  const like = { containers, pullSecrets: {}, annotations: {} };
  return isEquivalent(snapshotOf(live, like), like);
}

/** Adds the words behind a trouble: a kubelet that backs off no longer repeats what the registry said, its events do. */
async function explained(
  kubectl: Kubectl,
  deployment: string,
  status: RolloutStatus,
  live: Deployment | undefined,
): Promise<Rollout> {
  if (status.kind === 'done' || status.trouble === undefined || live === undefined)
    return { deployment, status, details: [] };
  const { trouble } = status;
  if (trouble.kind === 'image') {
    const details = await registryWords(kubectl, trouble);
    const isFinal = status.kind === 'failed' || details.some(isRefusal);
    return { deployment, status: isFinal ? { ...status, kind: 'failed' } : status, details };
  }
  const details =
    trouble.kind === 'crash' && status.kind === 'failed'
      ? await lastLines(kubectl, trouble.pod, trouble.container)
      : [];
  return { deployment, status, details };
}

async function registryWords(kubectl: Kubectl, { pod }: PodTrouble): Promise<readonly string[]> {
  const said = await podEvents(kubectl, pod);
  return [...new Set(said.filter((text) => /^Failed to pull image/.test(text)))].slice(-3);
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
