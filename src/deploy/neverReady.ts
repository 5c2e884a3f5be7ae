import type { Catalog } from '../types';
import { awaitedOf } from './awaited';
import { isCustomResource } from './customResource';
import { isChangedSince, type Operation } from './history';
import type { Installation } from './installation';
import type { Deployment, ReplicaSet } from './objects';
import { isOwnedBy, newestReplicaSet } from './revision';
import { isEquivalent, snapshotOf, type Snapshot } from './snapshot';

/*
 * What a command put on the cluster and what never ran there: it was killed while it waited, or is still waiting. That is nothing that a
 * rollback may go back to.
 */

/**
 * Names of the Deployments that never became ready with what an operation put there. Pure. What can't be told is left out, and so is what
 * somebody else has changed since.
 */
export function neverReady(
  catalog: Catalog,
  { deployments }: Pick<Installation, 'deployments'>,
  replicaSets: readonly ReplicaSet[],
  { carriers }: Operation,
): readonly string[] {
  return carriers.flatMap((carrier) => {
    if (isChangedSince(carrier)) return [];
    const { live, record } = carrier;
    const made: readonly (readonly [string, Snapshot['containers']])[] = isCustomResource(live)
      ? madeFrom(catalog, deployments, carrier)
      : [[live.metadata.name, record.after.containers]];
    return made.flatMap(([name, containers]) => {
      const found = deployments.find(({ metadata }) => metadata.name === name);
      return found !== undefined && isNeverReady(found, containers, replicaSets) ? [name] : [];
    });
  });
}

/** May it not have become ready yet, as far as it says itself? Only then there is more to be asked. */
export function isOpen(deployment: Deployment): boolean {
  return !isSeen(deployment) || isUnready(deployment.status);
}

function isSeen({ metadata, status }: Deployment): boolean {
  return status.observedGeneration >= metadata.generation;
}

function isUnready({ conditions }: Deployment['status']): boolean {
  return unready.has(conditions.find(({ type }) => type === 'Progressing')?.reason ?? '');
}

function madeFrom(
  catalog: Catalog,
  deployments: readonly Deployment[],
  { live, record }: Operation['carriers'][number],
): readonly (readonly [string, Snapshot['containers']])[] {
  const now = snapshotOf(live, { ...record.after, pullSecrets: {}, annotations: {} });
  const made = awaitedOf(catalog, { deployments }, { live, before: now, after: now });
  return [...made].map(([name, { containers }]) => [name, containers] as const);
}

/**
 * Once a rollout is complete the controller says NewReplicaSetAvailable, and keeps saying so when pods fail later
 * (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#complete-deployment); without a progress deadline it says nothing.
 * Of several ReplicaSets with these containers, as after `kubectl rollout restart`, an earlier one may have been ready, and so may have been
 * one that the controller came back to, as after a deploy that was put back.
 */
function isNeverReady(
  deployment: Deployment,
  containers: Snapshot['containers'],
  replicaSets: readonly ReplicaSet[],
): boolean {
  const own = replicaSets.filter((each) => isOwnedBy(each, deployment.metadata));
  if (own.length === 0) return false;
  const like: Snapshot = { containers, pullSecrets: {}, annotations: {} };
  if (!isEquivalent(snapshotOf(deployment, like), like)) return false;
  const same = own.filter(({ spec: { template } }) => {
    const asDeployment = { ...deployment, spec: { ...deployment.spec, template: template ?? { spec: noPods } } };
    return isEquivalent(snapshotOf(asDeployment, like), like);
  });
  const [only, ...others] = same;
  // Its controller has not come to it yet.
  if (!isSeen(deployment)) return only === undefined;
  if (only === undefined || others.length > 0 || newestReplicaSet(deployment, replicaSets) !== only) return false;
  if (Object.hasOwn(only.metadata.annotations, revisionHistory)) return false;
  return isUnready(deployment.status);
}

/** Numbers that a ReplicaSet had before, where it became the newest again. */
const revisionHistory = 'deployment.kubernetes.io/revision-history';

const noPods: Deployment['spec']['template']['spec'] = {
  containers: [],
  initContainers: [],
  imagePullSecrets: [],
  serviceAccountName: '',
  volumes: [],
};

/** https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/controller/deployment/util/deployment_util.go */
const unready = new Set([
  'NewReplicaSetCreated',
  'FoundNewReplicaSet',
  'ReplicaSetUpdated',
  'ProgressDeadlineExceeded',
  'ReplicaSetCreateError',
]);
