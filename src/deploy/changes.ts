import { DeployError } from '../errors';
import { isCustomResource, keyOf, type CustomResource, type Live } from './customResource';
import { fieldPatchTo } from './fieldPatch';
import type { Deployment } from './objects';
import { commitAnnotation, encodeRecord, recordAnnotation, setAnnotation, type ChangeRecord } from './record';
import { envOrder, patchTo } from './patch';
import { isSame, overlaid, snapshotOf, type Snapshot } from './snapshot';
import type { Target } from './targets';

/** The change of one Deployment or custom resource, as data: what is there, what is to be there. */
export interface Change {
  /** As it was read right before; the patch is refused when it is no longer the newest and something we touch differs. */
  readonly live: Live;
  readonly before: Snapshot;
  readonly after: Snapshot;
  /** `id` of the command that came last before; it may still be at work. */
  readonly last?: string;
  /** This change takes the place of that command, which was interrupted, or what it put there never became ready. */
  readonly takesOver?: 'interrupted' | 'unready';
  /** What was there before that one: what a failure goes back to then, instead of `before`. */
  readonly behind?: Snapshot;
}

/** What a command is about to do to the cluster. */
export interface ChangeSet {
  readonly id: string;
  readonly changes: readonly Change[];
  /** Keys of those that are as the set says already. */
  readonly unchanged: readonly string[];
}

/** Who changes, and when. */
export interface Stamp {
  readonly id: string;
  readonly kind: ChangeRecord['kind'];
  readonly sequence: number;
  readonly at: string;
  readonly undoes?: string;
  /** `id` of the command that came last before. */
  readonly last?: string;
  readonly takesOver?: 'interrupted' | 'unready';
  /** Keys of what an earlier command of the same id changed, which was interrupted or never became ready, and that still counts. */
  readonly targets?: readonly string[];
  /** Of those the ones that it left undone, and that still are to be changed. */
  readonly open?: readonly string[];
  /** Key → what was there before that command: what is to be gone back to, instead of what it left half done. */
  readonly befores?: ReadonlyMap<string, Snapshot>;
}

/** What is to be how. */
interface Wanted {
  readonly live: Live;
  readonly after: Snapshot;
}

/** The set that is being put on the cluster. */
export interface SetName {
  readonly commit: string;
  readonly id: string;
}

/** A custom resource, and which of its fields are to say what. */
export interface ResourceTarget {
  readonly resource: CustomResource;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * The changes that take Deployments and custom resources to their targets. Pure. `pullSecrets`: Deployment → to be added by name; what else is there stays.
 * Throws DeployError when a Deployment has no container of that name.
 */
export function changesTo(
  targets: readonly Target[],
  deployments: readonly Deployment[],
  set: SetName,
  pullSecrets: ReadonlyMap<string, readonly string[]>,
  stamp: Stamp,
  resources: readonly ResourceTarget[] = [],
): ChangeSet {
  const annotations = { [commitAnnotation]: set.commit, [setAnnotation]: set.id };
  const names = [...new Set(targets.map(({ deployment }) => deployment))];
  const wanted = names.map((name): Wanted => {
    const live = find(deployments, name);
    const own = targets.filter(({ deployment }) => deployment === name);
    for (const target of own) refuseMissingContainer(live, target);
    const runsImage = own.some(({ image }) => image !== undefined);
    const after: Snapshot = {
      containers: Object.fromEntries(own.map(containerOf)),
      pullSecrets: Object.fromEntries((runsImage ? (pullSecrets.get(name) ?? []) : []).map((each) => [each, true])),
      annotations,
    };
    return { live, after };
  });
  const named = resources.map(({ resource, fields }): Wanted => {
    return { live: resource, after: { containers: {}, pullSecrets: {}, annotations, fields } };
  });
  const all = [...wanted, ...named];
  return takenBack(all, stamp) ?? stamped(all, stamp);
}

/**
 * Where the set is what ran before an interrupted command: what that one changed goes back exactly as it was, records included, as if it had
 * never been. undefined: it is another set.
 */
function takenBack(wanted: readonly Wanted[], { id, befores = new Map() }: Stamp): ChangeSet | undefined {
  const differing = wanted.filter(isDiffering);
  const kept = wanted.filter((each) => !isDiffering(each)).map(({ live }) => keyOf(live));
  const changes = differing.flatMap(({ live, after }) => {
    const before = befores.get(keyOf(live));
    if (before === undefined) return [];
    // What is not written down, a pull secret say, stays as it is now.
    const back = overlaid(snapshotOf(live, after), before);
    return isSame(overlaid(back, after), back) ? [exactly(live, before)] : [];
  });
  const isWayBack =
    changes.length > 0 && changes.length === differing.length && !kept.some((name) => befores.has(name));
  return isWayBack ? { id, changes, unchanged: kept } : undefined;
}

/** The changes that take everything to what was written down, under a new record. Pure. */
export function stamped(wanted: readonly Wanted[], stamp: Stamp): ChangeSet {
  const changed = wanted.filter(isDiffering);
  // Where everything is as it should be although a command was interrupted, its end still has to be written down.
  const open = wanted.filter(({ live }) => stamp.befores?.has(keyOf(live)));
  const differing = changed.length > 0 ? changed : open;
  const names = differing.map(({ live }) => keyOf(live));
  const targets = [...new Set([...(stamp.targets ?? []), ...names])];
  const changes = differing.map(({ live, after }) => {
    const touched: Snapshot = { ...after, annotations: { ...after.annotations, [recordAnnotation]: null } };
    const before = snapshotOf(live, touched);
    const earlier = stamp.befores?.get(keyOf(live));
    const record: ChangeRecord = {
      version: 1,
      id: stamp.id,
      kind: stamp.kind,
      sequence: stamp.sequence,
      at: stamp.at,
      undoes: stamp.undoes,
      targets,
      due: stamp.befores === undefined ? undefined : [...new Set([...(stamp.open ?? []), ...names])],
      before: earlier === undefined ? before : overlaid(before, earlier),
      after: { containers: after.containers, ...(after.fields === undefined ? {} : { fields: after.fields }) },
    };
    const annotations = { ...after.annotations, [recordAnnotation]: encodeRecord(record) };
    return {
      ...{ live, before, after: { ...after, annotations } },
      ...(earlier === undefined ? {} : { behind: overlaid(before, earlier) }),
      ...(stamp.last === undefined ? {} : { last: stamp.last }),
      ...(stamp.takesOver === undefined ? {} : { takesOver: stamp.takesOver }),
    };
  });
  const unchanged = wanted.map(({ live }) => keyOf(live)).filter((name) => !names.includes(name));
  return { id: stamp.id, changes, unchanged };
}

/** The change that takes one to a snapshot as it is, without a new record. */
export function exactly(live: Live, after: Snapshot): Change {
  return { live, before: snapshotOf(live, after), after };
}

/** The patch of a change. */
export function patchOf({ live, after }: Pick<Change, 'live' | 'after'>): object {
  const { resourceVersion } = live.metadata;
  return isCustomResource(live)
    ? fieldPatchTo(after, resourceVersion)
    : patchTo(after, envOrder(live), resourceVersion);
}

function isDiffering({ live, after }: Wanted): boolean {
  return !isSame(snapshotOf(live, after), after);
}

function containerOf({ container, image, env }: Target): readonly [string, Snapshot['containers'][string]] {
  const values = Object.entries(env).map(([name, value]) => [name, { value }] as const);
  return [container, { ...(image === undefined ? {} : { image }), env: Object.fromEntries(values) }];
}

function find(deployments: readonly Deployment[], name: string): Deployment {
  const found = deployments.find(({ metadata }) => metadata.name === name);
  if (found === undefined)
    throw new DeployError(`There is no Deployment ${name} in this namespace. Nothing was changed.`);
  return found;
}

/** A container that is not there would be added by the merge, and its pods would be refused or, worse, run. */
function refuseMissingContainer(live: Deployment, { deployment, container }: Target): void {
  const names = live.spec.template.spec.containers.map(({ name }) => name);
  if (names.includes(container)) return;
  throw new DeployError(
    `The Deployment ${deployment} has no container ${container}, only ${names.join(', ')}. Name it in the catalog ` +
      '(images.NAME.deploy.container). Nothing was changed.',
  );
}
