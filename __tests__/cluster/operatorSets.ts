import type { setOf } from './world';

/* What a custom resource and its Deployments say of a set. */

export type Lock = ReturnType<typeof setOf>;

export const reference = (lock: Lock, name: string): string => {
  const image = lock.images[name];
  return `${image?.repository ?? ''}@${image?.digest ?? ''}`;
};
export interface Spec {
  readonly apiServer: Readonly<Record<string, unknown>>;
  readonly persistenceAgent: Readonly<Record<string, unknown>>;
  readonly scheduledWorkflow: Readonly<Record<string, unknown>>;
}
export const patched = (all: Spec, lock: Lock): object => ({
  ...all,
  apiServer: {
    ...all.apiServer,
    image: reference(lock, 'apiserver'),
    argoDriverImage: reference(lock, 'driver'),
    argoLauncherImage: reference(lock, 'launcher'),
  },
  persistenceAgent: { ...all.persistenceAgent, image: reference(lock, 'persistenceagent') },
  scheduledWorkflow: { ...all.scheduledWorkflow, image: reference(lock, 'scheduledworkflow') },
});
export const apiserver = (lock: Lock): object => ({
  image: reference(lock, 'apiserver'),
  V2_LAUNCHER_IMAGE: reference(lock, 'launcher'),
  V2_DRIVER_IMAGE: reference(lock, 'driver'),
});
