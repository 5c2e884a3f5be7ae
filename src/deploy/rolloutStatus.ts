import { creationTrouble, type PodTrouble } from './creationTrouble';
import type { ContainerStatus, Deployment, Pod, ReplicaSet } from './objects';
import { newestPods } from './revision';

/** How far a rollout is. */
export type RolloutStatus =
  | { readonly kind: 'done'; readonly ready: number; readonly wanted: number }
  | {
      readonly kind: 'waiting';
      readonly ready: number;
      readonly wanted: number;
      readonly why: string;
      readonly trouble: PodTrouble | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly ready: number;
      readonly wanted: number;
      readonly why: string;
      readonly trouble: PodTrouble | undefined;
    };

/** A container that ended this often after its start is not going to live. */
const mostRestarts = 3;

/**
 * How far a Deployment's rollout is. Pure. Done by the rule of `kubectl rollout status`: the controller has seen the newest spec, every
 * replica is of it, none is left of the one before, and all are available
 * (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#complete-deployment).
 * It has failed when a pod of the newest revision says something that waiting does not heal, when the cluster refuses to make its pods, or
 * when the controller gave up; and at once when the Deployment is paused, since nothing happens then.
 */
export function rolloutStatus(
  deployment: Deployment,
  pods: readonly Pod[],
  replicaSets: readonly ReplicaSet[] = [],
): RolloutStatus {
  const { metadata, spec, status } = deployment;
  const newest = newestPods(deployment, { pods, replicaSets });
  const counts = { ready: Math.min(newest.filter(isReady).length, spec.replicas), wanted: spec.replicas };
  const isSeen = status.observedGeneration >= metadata.generation;
  const updated = status.updatedReplicas;
  const existing = status.replicas;
  if (isSeen && updated >= spec.replicas && existing <= updated && status.availableReplicas >= updated) {
    return { kind: 'done', ...counts };
  }
  if (spec.paused) return { kind: 'failed', ...counts, why: pausedWhy(metadata.name), trouble: undefined };
  const none = isSeen ? creationTrouble(deployment, replicaSets) : undefined;
  const troubles = [...newest.flatMap(podTroubles), ...(none === undefined ? [] : [none])];
  const trouble = troubles.find(({ isFinal }) => isFinal) ?? troubles[0];
  if (trouble?.isFinal === true) return { kind: 'failed', ...counts, why: trouble.reason, trouble };
  const progress = isSeen ? status.conditions.find(({ type }) => type === 'Progressing') : undefined;
  if (progress?.reason === 'ProgressDeadlineExceeded') {
    const said = progress.message === '' ? progress.reason : progress.message;
    return { kind: 'failed', ...counts, why: trouble?.reason ?? said, trouble };
  }
  const why =
    trouble?.reason ?? (!isSeen ? 'not seen by the controller yet' : waitingFor(updated, existing, spec.replicas));
  return { kind: 'waiting', ...counts, why, trouble };
}

/** Why nothing happens to a paused Deployment, and what to do. */
export function pausedWhy(name: string): string {
  return `the Deployment is paused (spec.paused), and no change of it is rolled out. kubectl rollout resume deployment/${name} ends that`;
}

function waitingFor(updated: number, existing: number, wanted: number): string {
  if (updated < wanted) return `${updated} of ${wanted} new pods made`;
  if (existing > updated)
    return existing - updated === 1 ? 'an old pod still ends' : `${existing - updated} old pods still end`;
  return 'new pods start';
}

function isReady(pod: Pod): boolean {
  return pod.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function podTroubles(pod: Pod): readonly PodTrouble[] {
  const statuses = [...pod.status.initContainerStatuses, ...pod.status.containerStatuses];
  const own = statuses.flatMap((status) => containerTrouble(pod.metadata.name, status));
  const scheduled = pod.status.conditions.find(({ type }) => type === 'PodScheduled');
  if (own.length > 0 || scheduled?.status !== 'False') return own;
  const reason = `${scheduled.reason}: ${scheduled.message}`;
  return [{ pod: pod.metadata.name, container: '', kind: 'scheduling', reason, isFinal: false }];
}

/**
 * Reasons of the kubelet: https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go (images),
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restarts (crashes).
 */
function containerTrouble(pod: string, status: ContainerStatus): readonly PodTrouble[] {
  const { waiting, terminated } = status.state;
  const said = (reason: string, message: string): string => (message === '' ? reason : `${reason}: ${message}`);
  const at = { pod, container: status.name };
  const reason = waiting?.reason ?? '';
  const message = waiting?.message ?? '';
  if (['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'].includes(reason)) {
    const isFinal = reason === 'InvalidImageName' || isRefusal(message);
    return [{ ...at, kind: 'image', reason: said(reason, message), isFinal }];
  }
  const last = status.lastState.terminated ?? terminated;
  const restarts = status.restartCount;
  if (reason === 'CrashLoopBackOff' || (restarts > 0 && !status.ready && last !== undefined)) {
    const how = last?.exitCode === undefined ? '' : `, last exit status ${last.exitCode}`;
    const text = `${reason === '' ? 'Restarting' : reason}: container ${status.name} ended ${restarts} times${how}`;
    return [{ ...at, kind: 'crash', reason: text, isFinal: restarts >= mostRestarts }];
  }
  if (/^Create|RunContainerError|PreStartHookError/.test(reason)) {
    return [{ ...at, kind: 'config', reason: said(reason, message), isFinal: false }];
  }
  return [];
}

/** The registry's answer is final, as opposed to a network that may come back: not there, or no right. */
export function isRefusal(text: string): boolean {
  return /not found|manifest unknown|name unknown|unauthorized|forbidden|denied|authentication required|no basic auth/i.test(
    text,
  );
}
