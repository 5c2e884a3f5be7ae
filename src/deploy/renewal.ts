import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '../types';
import { readDeployments, readWorkload } from './cluster';
import type { Kubectl } from './kubectl';
import { newestPods } from './revision';
import { apiserverOf, recurringRun, staleRuns, type RecurringRun, type StaleRuns } from './staleRuns';
import { readStoredRuns } from './storedRuns';

/** What still names other images, and why the apiserver did not renew it, in its own words; '': it did not say. */
export interface Renewal extends StaleRuns {
  readonly reason: string;
  /** Of the recurring runs those that stopped the renewal: their pipeline version is what the apiserver misses. */
  readonly blocking: readonly RecurringRun[];
}

/** How long to wait for a renewal. Milliseconds. */
export interface RenewalWait {
  readonly timeoutMs: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
}

/** Looks once. Never throws for what the user may not see; that is among the notes. */
export async function lookAtRenewal(kubectl: Kubectl, catalog: Catalog, signal?: AbortSignal): Promise<Renewal> {
  const [deployments, workload, stored] = await Promise.all([
    readDeployments(kubectl, signal),
    readWorkload(kubectl, signal),
    readStoredRuns(kubectl, signal),
  ]);
  const stale = staleRuns(catalog, deployments, stored);
  const apiserver = apiserverOf(catalog, deployments);
  if (stale.recurring.length === 0 || apiserver === undefined) return { ...stale, reason: '', blocking: [] };
  const pods = newestPods(apiserver.live, workload).map(({ metadata }) => metadata.name);
  const lines = await Promise.all(pods.map((pod) => renewalError(kubectl, pod, apiserver.container, signal)));
  const reason = lines.find((line) => line !== '') ?? '';
  const blocking = stored.recurring.filter(({ spec }) => isNamed(reason, spec.pipelineVersionId));
  return { ...stale, reason, blocking: blocking.map((each) => recurringRun(each)) };
}

/**
 * Waits until the apiserver has renewed the recurring runs, which it does once, when it starts, one after the other, and stops at the first
 * whose pipeline version is gone (https://github.com/kubeflow/pipelines/blob/2.17.0/backend/src/apiserver/resource/resource_manager.go,
 * ReconcileSwfCrs). Ends when all are renewed, when the apiserver has said that it stopped, or when the time is up; before KFP 2.4.0 none
 * ever is.
 */
export async function waitForRenewal(kubectl: Kubectl, catalog: Catalog, wait: RenewalWait): Promise<Renewal> {
  const end = Date.now() + wait.timeoutMs;
  for (;;) {
    const renewal = await lookAtRenewal(kubectl, catalog, wait.signal);
    if (renewal.recurring.length === 0 || renewal.reason !== '' || Date.now() >= end || wait.signal.aborted)
      return renewal;
    await sleep(Math.min(wait.pollMs, Math.max(1, end - Date.now())), undefined, { signal: wait.signal }).catch(
      () => undefined,
    );
  }
}

/** https://github.com/kubeflow/pipelines/blob/2.17.0/backend/src/apiserver/main.go, reconcileSwfCrs */
const stopped = /Could not reconcile the ScheduledWorkflow Kubernetes resources: (.*)/;

async function renewalError(kubectl: Kubectl, pod: string, container: string, signal?: AbortSignal): Promise<string> {
  const args = ['logs', pod, `--container=${container}`, '--tail=20000', '--limit-bytes=20000000'];
  const { exitCode, stdout } = await kubectl({ args, ...(signal === undefined ? {} : { signal }) });
  if (exitCode !== 0) return '';
  const line = stdout.split('\n').findLast((each) => stopped.test(each)) ?? '';
  return (stopped.exec(line)?.[1] ?? '').slice(0, 2000);
}

function isNamed(reason: string, version: string): boolean {
  return version !== '' && reason.includes(version);
}
