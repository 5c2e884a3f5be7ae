import type { Deployment, ReplicaSet } from './objects';
import { newestReplicaSet } from './revision';

/** Why a rollout does not get on: a pod that does not start, and which container of it; or that none is made, and whose (no pod then). */
export interface PodTrouble {
  /** '': there is none. */
  readonly pod: string;
  readonly container: string;
  readonly kind: 'image' | 'crash' | 'config' | 'scheduling' | 'creation';
  /** `ImagePullBackOff: …`, in the cluster's words. */
  readonly reason: string;
  /** Waiting will not help. */
  readonly isFinal: boolean;
}

/**
 * Why the cluster makes no pods of the newest revision; undefined: it does. The ReplicaSet says it in its condition ReplicaFailure, which
 * the controller copies to the Deployment, also from earlier revisions
 * (https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/controller/deployment/progress.go, getReplicaFailures); a template that can't
 * become a ReplicaSet is said in the condition Progressing (ReplicaSetCreateError).
 */
export function creationTrouble(deployment: Deployment, replicaSets: readonly ReplicaSet[]): PodTrouble | undefined {
  const newest = newestReplicaSet(deployment, replicaSets);
  const { conditions } = newest?.status ?? deployment.status;
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  const progress = deployment.status.conditions.find(({ reason }) => reason === 'ReplicaSetCreateError');
  const said = failure ?? progress;
  if (said === undefined) return undefined;
  const reason = `${said.reason}: ${said.message}`;
  return { pod: '', container: '', kind: 'creation', reason, isFinal: isFinal(deployment, said.message) };
}

/**
 * Does waiting not help? A policy that refuses stays (a webhook that could not be called may come back), and a quota too where the rollout
 * keeps every old pod until a new one is ready, so that none makes room. Without a way to see that it is waited.
 */
function isFinal({ spec }: Deployment, message: string): boolean {
  if (/exceeded quota/.test(message)) return spec.strategy.type === 'RollingUpdate' && mayGo(spec) === 0;
  return /denied the request|denied request|violates PodSecurity|is forbidden|is invalid/.test(message);
}

/** How many old pods may go before new ones are ready: a number, or a part of the replicas, rounded down. */
function mayGo({ strategy, replicas }: Deployment['spec']): number {
  const given = strategy.rollingUpdate?.maxUnavailable ?? '25%';
  return typeof given === 'number' ? given : Math.floor((Number.parseInt(given, 10) * replicas) / 100);
}
