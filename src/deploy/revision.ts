import type { Deployment, Pod, ReplicaSet, Selector } from './objects';
import { isSameImage } from './reference';

/** What the controller numbers the revisions of a Deployment with, on it and on their ReplicaSets. */
const revision = 'deployment.kubernetes.io/revision';

/** What the controllers made of a namespace's Deployments. `replicaSets`: empty where they may not be read. */
export interface Workload {
  readonly pods: readonly Pod[];
  readonly replicaSets: readonly ReplicaSet[];
}

/**
 * The ReplicaSet of a Deployment's newest revision; undefined: it is not made yet, or ReplicaSets may not be read. The controller writes
 * its number on both before it says that it has seen the newest spec
 * (https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/controller/deployment/sync.go, getNewReplicaSet).
 */
export function newestReplicaSet(
  { metadata, status }: Deployment,
  replicaSets: readonly ReplicaSet[],
): ReplicaSet | undefined {
  const number = metadata.annotations[revision];
  if (number === undefined || status.observedGeneration < metadata.generation) return undefined;
  return replicaSets.find((each) => isOwnedBy(each, metadata) && each.metadata.annotations[revision] === number);
}

/**
 * The pods of a Deployment's newest revision that live: what an earlier revision left behind, evicted or failed pods say, does not matter to
 * a rollout, and neither is a pod that has ended and whose place another one takes.
 */
export function newestPods(deployment: Deployment, workload: Workload): readonly Pod[] {
  return livingPods(deployment, workload).filter((pod) => isNewest(deployment, workload.replicaSets, pod));
}

/** Pods of earlier revisions that still live. */
export function earlierPods(deployment: Deployment, workload: Workload): readonly Pod[] {
  return livingPods(deployment, workload).filter((pod) => !isNewest(deployment, workload.replicaSets, pod));
}

/** All pods of a Deployment that are neither over nor ending. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase */
export function livingPods(deployment: Deployment, { pods, replicaSets }: Workload): readonly Pod[] {
  const own = new Set(replicaSets.flatMap((each) => (isOwnedBy(each, deployment.metadata) ? [each.metadata.uid] : [])));
  return pods.filter(({ metadata, status }) => {
    if (metadata.deletionTimestamp !== undefined || status.phase === 'Failed' || status.phase === 'Succeeded')
      return false;
    const controller = metadata.ownerReferences.find((each) => each.controller);
    return own.size > 0 && controller !== undefined
      ? own.has(controller.uid)
      : isSelected(deployment.spec.selector, metadata.labels);
  });
}

function isNewest(deployment: Deployment, replicaSets: readonly ReplicaSet[], pod: Pod): boolean {
  if (!replicaSets.some((each) => isOwnedBy(each, deployment.metadata))) return isOfTemplate(deployment, pod);
  const newest = newestReplicaSet(deployment, replicaSets);
  return newest !== undefined && pod.metadata.ownerReferences.some(({ uid }) => uid === newest.metadata.uid);
}

/** Did the controller of a Deployment make it? */
export function isOwnedBy({ metadata }: ReplicaSet, { uid }: Deployment['metadata']): boolean {
  return uid !== '' && metadata.ownerReferences.some((each) => each.controller && each.uid === uid);
}

/** A pod of the newest template as far as that can be seen: same images and, where the template gives plain values, same variables. */
function isOfTemplate(deployment: Deployment, pod: Pod): boolean {
  return deployment.spec.template.spec.containers.every((wanted) => {
    const has = pod.spec.containers.find(({ name }) => name === wanted.name);
    if (has === undefined || !isSameImage(has.image, wanted.image)) return false;
    return wanted.env.every(
      ({ name, value }) => value === undefined || has.env.some((each) => each.name === name && each.value === value),
    );
  });
}

function isSelected({ matchLabels, matchExpressions }: Selector, labels: Readonly<Record<string, string>>): boolean {
  const pairs = Object.entries(matchLabels);
  if (pairs.length === 0 && matchExpressions.length === 0) return false;
  return (
    pairs.every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      const has = Object.hasOwn(labels, key) ? labels[key] : undefined;
      switch (operator) {
        case 'In':
          return has !== undefined && values.includes(has);
        case 'NotIn':
          return has === undefined || !values.includes(has);
        case 'Exists':
          return has !== undefined;
        case 'DoesNotExist':
          return has === undefined;
        default:
          return false;
      }
    })
  );
}
