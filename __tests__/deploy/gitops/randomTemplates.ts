import { pick, type Random, type Slot, type Tree } from './randomYaml';

/* Files of the formats that GitOps repositories keep, for random repositories. */

const slot = (image: string, part: Slot['part'] = 'reference', before?: null | string): Slot => ({
  slot: image,
  part,
  ...(before === undefined ? {} : { before }),
});

/** How a random file bends the rules. */
export interface Bends {
  /** A value elsewhere has the value of an image by an alias, or the other way round. */
  alias: boolean;
  /** Something that must be refused. */
  fault: boolean;
  /** Lines come or go, so that only the data is known. */
  shape: boolean;
  /** A Deployment with the image, which gets the variables that nothing else has. */
  added: boolean;
}

/** What of a set a file has a place for. */
export type Part = 'api' | 'driver' | 'launcher';

export interface Template {
  readonly path: string;
  readonly documents: readonly Tree[];
  /** The same afterwards, where more than slots change. */
  readonly after?: readonly Tree[];
}

function variables(random: Random, parts: ReadonlySet<Part>, bends: Bends): Tree[] {
  const before = (): null | string | undefined =>
    random() < 0.15 ? ((bends.shape = true), null) : random() < 0.2 ? 'ghcr.io/x/y:1' : undefined;
  const all: Tree[] = [{ name: 'LOG_LEVEL', value: 'info' }];
  if (parts.has('driver')) all.push({ name: 'V2_DRIVER_IMAGE', value: slot('driver', 'reference', before()) });
  if (parts.has('launcher')) all.push({ name: 'V2_LAUNCHER_IMAGE', value: slot('launcher', 'reference', before()) });
  if (random() < 0.04 && parts.has('driver')) {
    bends.fault = true;
    all.push({ name: 'V2_DRIVER_IMAGE', value: 'hotfix' });
  }
  return all;
}

/** Before and afterwards: one that has the image gets the variables that it lacks. */
function deployment(random: Random, parts: ReadonlySet<Part>, bends: Bends): readonly [Tree, Tree] {
  const sidecar: Tree = { name: 'sidecar', image: 'envoy:1', env: [{ name: 'X', value: 'y' }] };
  const container = {
    name: 'ml-pipeline-api-server',
    ...(parts.has('api')
      ? { image: slot('apiserver', 'reference', random() < 0.3 ? 'ghcr.io/kubeflow/kfp-api-server:2.17.0' : undefined) }
      : {}),
    env: variables(random, parts, bends),
  };
  const missing: Tree[] = (['driver', 'launcher'] as const)
    .filter((part) => parts.has('api') && !parts.has(part))
    .map((part) => ({ name: `V2_${part.toUpperCase()}_IMAGE`, value: slot(part) }));
  if (missing.length > 0) bends.shape = true;
  if (parts.has('api')) bends.added = true;
  const withSidecar = random() < 0.3;
  const make = (own: Tree): Tree => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'ml-pipeline', labels: { app: 'ml-pipeline', version: '2.17' } },
    spec: { replicas: 1, template: { spec: { containers: withSidecar ? [sidecar, own] : [own] } } },
  });
  return [make(container), make({ ...container, env: [...missing, ...(container.env as readonly Tree[])] })];
}

function entries(random: Random, bends: Bends, image: string, upstream: string): readonly [Tree, Tree] {
  const inPlace: Tree = {
    name: `ghcr.io/kubeflow/${upstream}`,
    newName: slot(image, 'repository', random() < 0.5 ? 'mirror/x' : undefined),
    digest: slot(image, 'digest'),
  };
  if (random() < 0.6) return [inPlace, inPlace];
  bends.shape = true;
  const after: Tree = {
    name: `ghcr.io/kubeflow/${upstream}`,
    newName: slot(image, 'repository'),
    digest: slot(image, 'digest'),
  };
  return [
    pick<Tree>(
      random,
      { name: `ghcr.io/kubeflow/${upstream}`, newTag: '2.17.0' },
      { newTag: 'v1', name: `ghcr.io/kubeflow/${upstream}` },
      { name: `ghcr.io/kubeflow/${upstream}` },
      { name: `ghcr.io/kubeflow/${upstream}`, newName: 'mirror/y', newTag: 'v2' },
    ),
    after,
  ];
}

function images(random: Random, parts: ReadonlySet<Part>, bends: Bends): readonly [Tree[], Tree[]] {
  const other: Tree = { name: 'mysql', newTag: '8' };
  const rows: (readonly [Tree, Tree])[] = [[other, other]];
  if (parts.has('api')) rows.push(entries(random, bends, 'apiserver', 'kfp-api-server'));
  if (random() < 0.3 || !parts.has('api')) rows.push(entries(random, bends, 'cacheserver', 'kfp-cache-server'));
  if (random() < 0.5) rows.reverse();
  return [rows.map(([a]) => a), rows.map(([, b]) => b)];
}

/** A file of one of the formats. */
export function template(random: Random, parts: ReadonlySet<Part>, bends: Bends, index: number): Template {
  const path = (name: string): string => `apps/${index}/${name}`;
  const filler: Tree = {
    kind: 'ConfigMap',
    metadata: { name: 'other' },
    data: { a: '1', text: 'image: none', list: ['x', 2, true, null] },
  };
  switch (Math.floor(random() * 9)) {
    case 0: {
      const [before, after] = deployment(random, parts, bends);
      const head = random() < 0.4 ? [filler] : [];
      return { path: path('deployment.yaml'), documents: [...head, before], after: [...head, after] };
    }
    case 1: {
      const [before, after] = images(random, parts, bends);
      const only = new Set([...parts].filter((part) => part !== 'api'));
      const patches: Tree[] =
        only.size === 0
          ? []
          : [
              {
                target: { kind: 'Deployment', name: 'ml-pipeline' },
                patch: { inner: deployment(random, only, bends)[0] },
              },
            ];
      const rest = { resources: ['../base'], patches };
      return {
        path: path('kustomization.yaml'),
        documents: [{ images: before, ...rest }],
        after: [{ images: after, ...rest }],
      };
    }
    case 2:
      return {
        path: path('values.yaml'),
        documents: [
          {
            replicas: 2,
            ...(parts.has('api')
              ? { api: { image: { repository: slot('apiserver', 'repository'), digest: slot('apiserver', 'digest') } } }
              : {}),
            ...(parts.has('driver') ? { driverImage: slot('driver') } : {}),
            ...(parts.has('launcher') ? { more: [{ deep: { launcher: slot('launcher') } }] } : {}),
          },
        ],
      };
    case 3: {
      const values: Tree = {
        log: 'debug',
        ...(parts.has('api') ? { api: slot('apiserver') } : {}),
        ...(parts.has('driver') ? { V2_DRIVER_IMAGE: slot('driver', 'reference', 'x') } : {}),
        ...(parts.has('launcher') ? { l: slot('launcher') } : {}),
      };
      return {
        path: path('app.yaml'),
        documents: [
          {
            kind: 'Application',
            spec: {
              source: { path: 'kfp', helm: random() < 0.5 ? { values: { inner: values } } : { valuesObject: values } },
            },
          },
        ],
      };
    }
    case 4: {
      const [before, after] = images(random, parts, bends);
      const substitute: Tree = {
        zone: 'a',
        ...(parts.has('driver') ? { driver: slot('driver') } : {}),
        ...(parts.has('launcher') ? { launcher: slot('launcher') } : {}),
      };
      const make = (list: Tree[]): Tree => ({
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        kind: 'Kustomization',
        metadata: { name: 'kfp' },
        spec: { images: list, postBuild: { substitute } },
      });
      return { path: path('kfp.yaml'), documents: [filler, make(before)], after: [filler, make(after)] };
    }
    case 5: {
      const make = (own: Tree): Tree => ({ kind: 'List', items: [filler, own] });
      const [before, after] = deployment(random, parts, bends);
      return { path: path('list.yaml'), documents: [make(before)], after: [make(after)] };
    }
    case 6:
      return {
        path: path('release.yaml'),
        documents: [
          {
            kind: 'HelmRelease',
            spec: {
              values: {
                env: variables(random, parts, bends),
                ...(parts.has('api') ? { image: slot('apiserver') } : {}),
              },
            },
          },
        ],
      };
    case 7: {
      const pairs = [
        ['API', 'apiserver', 'api'],
        ['V2_DRIVER_IMAGE', 'driver', 'driver'],
        ['LAUNCHER', 'launcher', 'launcher'],
      ] as const;
      return {
        path: path('params.env'),
        documents: [
          Object.fromEntries([
            ['LEVEL', 'info'],
            ...pairs.flatMap(([key, image, part]) => (parts.has(part) ? [[key, slot(image)]] : [])),
          ]) as Tree,
        ],
      };
    }
    default: {
      const ops: Tree[] = [];
      const at = '/spec/template/spec/containers/0';
      if (parts.has('api'))
        ops.push({ op: 'replace', path: `${at}/image`, value: slot('apiserver', 'reference', 'a:1') });
      if (parts.has('driver'))
        ops.push({
          op: 'replace',
          path: `${at}/env/3/value`,
          value: slot('driver', 'reference', 'ghcr.io/kubeflow/kfp-driver:2.17.0'),
        });
      if (parts.has('launcher'))
        ops.push({
          op: 'add',
          path: `${at}/env/-`,
          value: { name: 'V2_LAUNCHER_IMAGE', value: slot('launcher', 'reference', 'x') },
        });
      return {
        path: path('kustomization.yaml'),
        documents: [{ patches: [{ target: { kind: 'Deployment', name: 'ml-pipeline' }, patch: { inner: ops } }] }],
      };
    }
  }
}
