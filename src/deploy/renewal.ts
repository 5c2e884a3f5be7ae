import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '../types';
import { readDeployments, readWorkload } from './cluster';
import type { Cluster } from './context';
import type { Kubectl } from './kubectl';
import { newestPods } from './revision';
import { readRunSettings } from './runSettings';
import { apiserverOf, recurringRun, staleRuns, type RecurringRun, type StaleRuns } from './staleRuns';
import { readStoredRuns } from './storedRuns';

/** What still names other images, and why the apiserver did not renew it, in its own words; '': it did not say. */
export interface Renewal extends StaleRuns {
  readonly reason: string;
  /** Of the recurring runs those that stopped the renewal: their pipeline version is what the apiserver misses. */
  readonly blocking: readonly RecurringRun[];
  /** Was the apiserver still renewing when the time was up? */
  readonly underWay: boolean;
}

/** How long to wait for a renewal. Milliseconds. */
export interface RenewalWait {
  /** At most, from the beginning. */
  readonly timeoutMs: number;
  /** Without one more that was renewed. */
  readonly quietMs: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** Told once, when there is something to wait for. */
  readonly onWait: (count: number) => void;
}

/** Where the runs are of which a cluster is asked. */
type RunCluster = Pick<Cluster, 'kubectl' | 'place'>;

/** Looks once. Never throws for what the user may not see; that is among the notes. */
export async function lookAtRenewal(
  { kubectl, place }: RunCluster,
  catalog: Catalog,
  signal: AbortSignal,
): Promise<Renewal> {
  const deployments = await readDeployments(kubectl, signal);
  const apiserver = apiserverOf(catalog, deployments);
  const nothing = { reason: '', blocking: [], underWay: false };
  if (apiserver === undefined)
    return { deployment: '', recurring: [], failed: [], patch: undefined, notes: [], ...nothing };
  const { live, container } = apiserver;
  const settings = await readRunSettings(kubectl, container, signal);
  const where = { namespace: place.namespace, multiUser: settings.multiUser };
  const stored = await readStoredRuns(kubectl, where, signal);
  const stale = staleRuns(live.metadata.name, settings, stored);
  if (stale.recurring.length === 0) return { ...stale, ...nothing };
  const pods = newestPods(live, await readWorkload(kubectl, signal)).map(({ metadata }) => metadata.name);
  const lines = await Promise.all(pods.map((pod) => renewalError(kubectl, pod, container.name, signal)));
  const reason = lines.find((line) => line !== '') ?? '';
  const blocking = stored.recurring.filter(({ pipelineVersion }) => isNamed(reason, pipelineVersion));
  return { ...stale, reason, blocking: blocking.map((each) => recurringRun(each)), underWay: false };
}

/**
 * Waits until the apiserver has renewed the recurring runs, which it does once, when it starts, one after the other, and stops at the first
 * whose pipeline version is gone (https://github.com/kubeflow/pipelines/blob/2.17.0/backend/src/apiserver/resource/resource_manager.go,
 * ReconcileSwfCrs). It takes two requests for each, of five in a second (client_manager.go, clientQPS). Ends when all are renewed, when
 * the apiserver has said that it stopped, when it has renewed none for some time, or when the time is up; before KFP 2.4.0 none ever is.
 */
export async function waitForRenewal(cluster: RunCluster, catalog: Catalog, wait: RenewalWait): Promise<Renewal> {
  const end = Date.now() + wait.timeoutMs;
  let [fewest, quietSince, hasWaited, hasRenewed] = [Infinity, Date.now(), false, false];
  for (;;) {
    const began = Date.now();
    const renewal = await lookAtRenewal(cluster, catalog, wait.signal);
    const left = renewal.recurring.length;
    if (left < fewest) [fewest, quietSince, hasRenewed] = [left, Date.now(), hasWaited];
    if (left === 0 || renewal.reason !== '' || wait.signal.aborted) return renewal;
    const now = Date.now();
    const isQuiet = now - quietSince >= wait.quietMs;
    if (isQuiet || now >= end) return { ...renewal, underWay: hasRenewed && !isQuiet };
    if (!hasWaited) wait.onWait(left);
    hasWaited = true;
    // Where looking takes long, there is much to look at: the cluster has other work as well.
    const pause = Math.max(wait.pollMs, 2 * (now - began));
    await sleep(Math.min(pause, Math.max(1, end - now)), undefined, { signal: wait.signal }).catch(() => undefined);
  }
}

/** https://github.com/kubeflow/pipelines/blob/2.17.0/backend/src/apiserver/main.go, reconcileSwfCrs */
const stopped = /Could not reconcile the ScheduledWorkflow Kubernetes resources: (.*)/;

/** From the beginning of what the container wrote: it says so when it starts. */
async function renewalError(kubectl: Kubectl, pod: string, container: string, signal: AbortSignal): Promise<string> {
  const args = ['logs', `pod/${pod}`, `--container=${container}`, '--limit-bytes=20000000'];
  const { exitCode, stdout } = await kubectl({ args, signal });
  if (exitCode !== 0) return '';
  const line = stdout.split('\n').findLast((each) => stopped.test(each)) ?? '';
  return (stopped.exec(line)?.[1] ?? '').slice(0, 2000);
}

function isNamed(reason: string, version: string): boolean {
  return version !== '' && reason.includes(version);
}
