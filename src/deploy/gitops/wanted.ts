import type { Catalog, DeployTarget, LockFile } from '../../types';
import { imageOf, pinned } from '../release';

/** What a GitOps repository is to say of one image. */
export interface WantedImage {
  readonly name: string;
  readonly repository: string;
  readonly digest: string;
  /** `REPOSITORY@sha256:…` */
  readonly reference: string;
  readonly commit: string;
  readonly deploy: DeployTarget | undefined;
  /** Variable → reference of the image it names. */
  readonly env: readonly { readonly variable: string; readonly image: string; readonly reference: string }[];
}

/** The images of a set, as far as `names` (empty: all) asks for them, with what binds them. Pure. */
export function wantedImages(catalog: Catalog, lock: LockFile, names: readonly string[]): readonly WantedImage[] {
  const asked = new Set(names);
  for (const name of names) for (const bound of Object.values(catalog.images.get(name)?.bind ?? {})) asked.add(bound);
  return Object.entries(lock.images)
    .filter(([name]) => names.length === 0 || asked.has(name))
    .map(([name, locked]) => {
      const image = catalog.images.get(name);
      const env = Object.entries(image?.bind ?? {}).flatMap(([variable, bound]) => {
        const other = imageOf(lock, bound);
        return other === undefined ? [] : [{ variable, image: bound, reference: pinned(other) }];
      });
      return { name, ...locked, reference: pinned(locked), commit: lock.commit, deploy: image?.deploy, env };
    });
}

/**
 * The names under which Kubeflow Pipelines itself publishes an image, up to 2.3.0 and from 2.4.0 on: they stand in the base manifests, and
 * so in the `images:` of a kustomization (manifests/kustomize/env of kubeflow/pipelines).
 */
export const upstreamNames: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    apiserver: ['api-server', 'kfp-api-server'],
    driver: ['kfp-driver'],
    launcher: ['kfp-launcher'],
    cacheserver: ['cache-server', 'kfp-cache-server'],
    persistenceagent: ['persistenceagent', 'kfp-persistence-agent'],
    scheduledworkflow: ['scheduledworkflow', 'kfp-scheduled-workflow-controller'],
    viewercontroller: ['viewer-crd-controller', 'kfp-viewer-crd-controller'],
    visualization: ['visualization-server', 'kfp-visualization-server'],
  }).map(([name, own]) => [name, own.flatMap((each) => [`gcr.io/ml-pipeline/${each}`, `ghcr.io/kubeflow/${each}`])]),
);

/** An image's reference without tag and digest: `host:5000/a/b:1@sha256:…` is `host:5000/a/b`. */
export function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}
