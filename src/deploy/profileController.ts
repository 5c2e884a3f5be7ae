import type { LockFile } from '../types';
import type { Deployment } from './objects';
import { imageOf } from './release';
import type { Target } from './targets';

/*
 * Up to KFP 2.14.4 the profile controller makes a visualization server in each profile's namespace, from two variables that its script
 * joins as IMAGE:TAG (manifests/kustomize/base/installs/multi-user/pipelines-profile-controller/sync.py of kubeflow/pipelines). Later
 * scripts don't know them. The script itself, in a ConfigMap, tells which kind runs here.
 */

export const profileController = 'kubeflow-pipelines-profile-controller';
const container = 'profile-controller';
const [imageVariable, tagVariable] = ['VISUALIZATION_SERVER_IMAGE', 'VISUALIZATION_SERVER_TAG'];

/** The ConfigMaps that may hold the controller's script. */
export function scriptConfigMaps(deployment: Deployment): readonly string[] {
  return deployment.spec.template.spec.volumes.flatMap(({ configMap }) => configMap?.name ?? []);
}

/**
 * What the controller gets, when its script reads the variables and the set has the image; undefined otherwise. A digest fits into
 * IMAGE:TAG because a reference may have both: `commit-SHA@sha256:…`.
 */
export function profileControllerTarget(lock: LockFile, scripts: readonly string[]): Target | undefined {
  const image = imageOf(lock, 'visualization');
  if (image === undefined || !scripts.some((script) => script.includes(imageVariable))) return undefined;
  return {
    deployment: profileController,
    container,
    image: undefined,
    env: { [imageVariable]: image.repository, [tagVariable]: `commit-${lock.commit}@${image.digest}` },
  };
}
