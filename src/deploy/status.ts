import type { Catalog } from '../types';
import { podsOf } from './cluster';
import { isChangedSince, latestOperation } from './history';
import type { Deployment, Pod } from './objects';
import { commitAnnotation, readRecord, recordAnnotation, setAnnotation } from './record';
import { isNewest, rolloutStatus } from './rolloutStatus';

/** What runs of one image. */
export interface StatusRow {
  readonly image: string;
  readonly deployment: string;
  /** As the cluster names it. */
  readonly reference: string;
  /** `sha256:…`; undefined: it is named by a tag, which can move. */
  readonly digest: string | undefined;
  /** Commit of the set it was deployed with; undefined: not deployed by kfp-images. */
  readonly commit: string | undefined;
  readonly set: string | undefined;
  /** RFC 3339; of the oldest pod that runs. */
  readonly since: string | undefined;
  readonly ready: number;
  readonly wanted: number;
  /** What is not as the last deploy left it; empty: all is. */
  readonly drift: readonly string[];
}

/** What runs, and what an interrupted command left. */
export interface Status {
  readonly rows: readonly StatusRow[];
  readonly warnings: readonly string[];
}

/** What runs in a namespace, by image. Pure. An image without a Deployment is shown where its name is a variable of another one. */
export function statusOf(catalog: Catalog, deployments: readonly Deployment[], pods: readonly Pod[]): Status {
  const rows = [...catalog.images.values()].flatMap((image): readonly StatusRow[] => {
    const live = deployments.find(({ metadata }) => metadata.name === image.deploy?.deployment);
    const container = live?.spec.template.spec.containers.find(({ name }) => name === image.deploy?.container);
    if (live === undefined || container === undefined) return [];
    const common = commonOf(live, pods);
    const bound = Object.entries(image.bind).map(([variable, name]): StatusRow => {
      const reference = container.env.findLast((each) => each.name === variable)?.value ?? '';
      const shown = reference === '' ? `(${variable} is not set: the apiserver's own default)` : reference;
      return { ...common, image: name, reference: shown, digest: digestOf(reference) };
    });
    return [{ ...common, image: image.name, reference: container.image, digest: digestOf(container.image) }, ...bound];
  });
  return { rows, warnings: warningsOf(rows, deployments) };
}

function commonOf(live: Deployment, pods: readonly Pod[]): Omit<StatusRow, 'image' | 'reference' | 'digest'> {
  const { annotations, name } = live.metadata;
  const own = podsOf(live, pods).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const status = rolloutStatus(live, pods);
  const record = readRecord(annotations[recordAnnotation]);
  const since = own
    .map(({ metadata }) => metadata.creationTimestamp ?? '')
    .filter((time) => time !== '')
    .sort()[0];
  return {
    deployment: name,
    commit: annotations[commitAnnotation],
    set: annotations[setAnnotation],
    since,
    ready: status.ready,
    wanted: status.wanted,
    drift: [
      ...(record !== undefined && isChangedSince({ live, record })
        ? [`${name} was changed since it was deployed from commit ${annotations[commitAnnotation] ?? '?'}`]
        : []),
      ...(own.some((pod) => !isNewest(live, pod)) ? [`${name} still has pods of an earlier state`] : []),
      ...(status.kind === 'done' ? [] : [`${name}: ${status.why}`]),
    ],
  };
}

function warningsOf(rows: readonly StatusRow[], deployments: readonly Deployment[]): readonly string[] {
  const last = latestOperation(deployments);
  const reached = last?.carriers.map(({ live }) => live).filter((live) => !last.missing.includes(live)) ?? [];
  const commits = new Set(rows.flatMap(({ commit }) => commit ?? []));
  return [
    ...(last !== undefined && last.missing.length > 0
      ? [
          `A ${last.kind} of ${last.at} was interrupted: it changed ${names(reached)}, not ` +
            `${names(last.missing)}. Repeat it, or run kfp-images rollback.`,
        ]
      : []),
    ...(commits.size > 1
      ? [`Images of ${commits.size} commits run together: ${[...commits].map((id) => id.slice(0, 12)).join(', ')}.`]
      : []),
  ];
}

function names(deployments: readonly Deployment[]): string {
  return deployments.map(({ metadata }) => metadata.name).join(', ');
}

function digestOf(reference: string): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
}
