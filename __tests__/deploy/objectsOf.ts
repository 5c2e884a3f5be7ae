import { kinds, readObject, type Deployment, type Pod, type ReplicaSet } from '../../src/deploy/objects';

/* Kubernetes objects from their short form, read as the cluster's answers are. */

export function deploymentOf(json: object): Deployment {
  return readObject(kinds.deployment, JSON.stringify(json), 'a Deployment');
}

export function podsOf(items: readonly object[]): readonly Pod[] {
  return readObject(kinds.pods, JSON.stringify({ items }), 'pods').items;
}

export function replicaSetsOf(items: readonly object[]): readonly ReplicaSet[] {
  return readObject(kinds.replicaSets, JSON.stringify({ items }), 'ReplicaSets').items;
}
