import { UsageError } from '../../errors';
import { quoted } from '../../system/quoted';
import type { Catalog, DeployTarget, LockFile } from '../../types';
import { imageOf, pinned } from '../release';

/** What a GitOps repository is to say of one image. */
export interface WantedImage {
  readonly name: string;
  readonly repository: string;
  readonly digest: string;
  /** `REPOSITORY@sha256:…` */
  readonly reference: string;
  /** `commit-SHA`, which every published set of that commit has. */
  readonly tag: string;
  readonly deploy: DeployTarget | undefined;
  /** Variable → reference of the image it names. */
  readonly env: readonly { readonly variable: string; readonly image: string; readonly reference: string }[];
  /** Images that it must be of one commit with: those it binds, and those that bind it. */
  readonly belongsTo: readonly string[];
  /** Where custom resources of operators name it. */
  readonly fields?: readonly { readonly group: string; readonly kind: string; readonly path: readonly string[] }[];
}

/**
 * The images of a set, as far as `names` (images and groups; empty: all) asks for them, with what belongs to them: what they bind, and what
 * binds them. Pure. Throws UsageError for a name that is not known.
 */
export function wantedImages(catalog: Catalog, lock: LockFile, names: readonly string[]): readonly WantedImage[] {
  const all = [...catalog.images.values()];
  const family = (name: string): readonly string[] =>
    all
      .filter((image) => image.name === name || Object.values(image.bind).includes(name))
      .flatMap((image) => [image.name, ...Object.values(image.bind)]);
  const asked = new Set(names.flatMap((name) => known(name, catalog)).flatMap((name) => [name, ...family(name)]));
  return Object.entries(lock.images)
    .filter(([name]) => names.length === 0 || asked.has(name))
    .map(([name, locked]) => {
      const image = catalog.images.get(name);
      const env = Object.entries(image?.bind ?? {}).flatMap(([variable, bound]) => {
        const other = imageOf(lock, bound);
        return other === undefined ? [] : [{ variable, image: bound, reference: pinned(other) }];
      });
      const belongsTo = [...new Set(family(name))].filter((each) => each !== name);
      const tag = `commit-${lock.commit}`;
      const fields = [...(catalog.operators?.values() ?? [])].flatMap(({ group, kind, images }) => {
        const path = images.get(name)?.path;
        return path === undefined ? [] : [{ group, kind, path }];
      });
      return { name, ...locked, reference: pinned(locked), tag, deploy: image?.deploy, env, belongsTo, fields };
    });
}

function known(name: string, catalog: Catalog): readonly string[] {
  const all = [...catalog.images.keys()];
  const found = name === 'all' ? all : (catalog.groups.get(name) ?? (catalog.images.has(name) ? [name] : undefined));
  if (found !== undefined) return found;
  const names = [...all, ...catalog.groups.keys(), 'all'].join(', ');
  throw new UsageError(`${quoted(name)} is not an image. There are: ${names}.`);
}

/**
 * The names under which Kubeflow Pipelines itself publishes an image, up to 2.3.0 and from 2.4.0 on: they are in the base manifests, and
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
