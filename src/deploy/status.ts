import * as v from 'valibot';
import type { Catalog } from '../types';
import { awaitedOf, isMade } from './awaited';
import { keyOf, titleOf, type CustomResource, type Live } from './customResource';
import { isChangedSince, latestOperation } from './history';
import type { Installation } from './installation';
import type { Container, Deployment, EnvVariable } from './objects';
import { placesOf, type ImagePlace } from './places';
import { commitAnnotation, readRecord, recordAnnotation, setAnnotation, type ChangeRecord } from './record';
import { digestIn } from './reference';
import { earlierPods, livingPods, type Workload } from './revision';
import { rolloutStatus } from './rolloutStatus';
import { snapshotOf } from './snapshot';

/** What runs of one image. */
interface StatusRow {
  readonly image: string;
  readonly deployment: string;
  /** The custom resource from which an operator makes the Deployment, as kubectl takes it; undefined: none that the catalog knows. */
  readonly resource?: string;
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
export function statusOf(
  catalog: Catalog,
  installation: Pick<Installation, 'deployments' | 'resources'>,
  workload: Workload,
): Status {
  const { deployments, resources } = installation;
  const places = [...placesOf(catalog, installation)].flatMap(([name, each]) => each.map((place) => ({ name, place })));
  const rows = places.flatMap(({ name: own, place }): readonly StatusRow[] => {
    const image = catalog.images.get(own);
    const live = deployments.find(({ metadata }) => metadata.name === place.deployment);
    const container = live?.spec.template.spec.containers.find(({ name }) => name === place.container);
    if (image === undefined || live === undefined || container === undefined) return [];
    const common = commonOf(catalog, live, place, workload);
    const bound = Object.entries(image.bind).map(([variable, name]): StatusRow => {
      const reference = boundReference(container, variable);
      return { ...common, image: name, reference, digest: digestIn(reference) };
    });
    return [{ ...common, image: image.name, reference: container.image, digest: digestIn(container.image) }, ...bound];
  });
  return { rows, warnings: warningsOf(rows, [...deployments, ...resources]) };
}

/** What a variable holds; where it holds no text of its own, where that comes from. */
function boundReference({ env, envFrom }: Container, variable: string): string {
  const found = env.findLast((each) => each.name === variable);
  if (found?.valueFrom !== undefined && found.valueFrom !== null) return `(${variable} from ${source(found)})`;
  if (found?.value !== undefined && found.value !== '') return found.value;
  if (found === undefined && envFrom.length > 0)
    return `(${variable} is not set by name: from envFrom, or the apiserver's own default)`;
  return `(${variable} is not set: the apiserver's own default)`;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables */
function source({ valueFrom }: EnvVariable): string {
  const parsed = v.safeParse(keyReference, valueFrom);
  if (!parsed.success) return 'a reference';
  const [[kind, { name, key }] = ['', { name: '', key: '' }]] = Object.entries(parsed.output);
  return `${kind.replace(/KeyRef$/, '')} ${name}, key ${key}`;
}

const keyReference = v.record(
  v.picklist(['configMapKeyRef', 'secretKeyRef']),
  v.object({ name: v.string(), key: v.string() }),
);

function commonOf(
  catalog: Catalog,
  live: Deployment,
  { writer }: ImagePlace,
  workload: Workload,
): Omit<StatusRow, 'image' | 'reference' | 'digest'> {
  const { name } = live.metadata;
  const carrier: Live = writer ?? live;
  const { annotations } = carrier.metadata;
  const title = titleOf(keyOf(carrier));
  const own = livingPods(live, workload);
  const status = rolloutStatus(live, workload.pods, workload.replicaSets);
  const record = readRecord(annotations[recordAnnotation]);
  const since = own
    .map(({ metadata }) => metadata.creationTimestamp ?? '')
    .filter((time) => time !== '')
    .sort()[0];
  return {
    deployment: name,
    ...(writer === undefined ? {} : { resource: keyOf(writer) }),
    commit: annotations[commitAnnotation],
    set: annotations[setAnnotation],
    since,
    ready: status.ready,
    wanted: status.wanted,
    drift: [
      ...(record !== undefined && isChangedSince({ live: carrier, record })
        ? [`${title} was changed since it was deployed from commit ${annotations[commitAnnotation] ?? '?'}`]
        : []),
      ...(writer !== undefined && record !== undefined && !isAsWritten(catalog, live, writer, record)
        ? [`${name} does not run what ${title} says: its operator has not made it, or somebody has changed it`]
        : []),
      ...(earlierPods(live, workload).length > 0 ? [`${name} still has pods of an earlier state`] : []),
      ...(status.kind === 'done' ? [] : [`${name}: ${status.why}`]),
    ],
  };
}

/** Is a Deployment what its operator makes of the fields that were written last, as they stand now? */
function isAsWritten(catalog: Catalog, live: Deployment, writer: CustomResource, { after }: ChangeRecord): boolean {
  const now = snapshotOf(writer, { ...after, pullSecrets: {}, annotations: {} });
  const made = awaitedOf(catalog, { deployments: [live] }, { live: writer, before: now, after: now }).get(
    live.metadata.name,
  );
  return made === undefined || isMade(live, made);
}

function warningsOf(rows: readonly StatusRow[], lives: readonly Live[]): readonly string[] {
  const last = latestOperation(lives);
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

function names(lives: readonly Live[]): string {
  return lives.map((live) => titleOf(keyOf(live))).join(', ');
}
