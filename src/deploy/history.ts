import { DeployError } from '../errors';
import { exactly, stamped, type Change, type ChangeSet, type Stamp } from './changes';
import type { Deployment } from './objects';
import { readRecord, recordAnnotation, type ChangeRecord } from './record';
import { isSame, snapshotOf } from './snapshot';

/** A Deployment and what was written on it when it was changed last. */
interface Carrier {
  readonly live: Deployment;
  readonly record: ChangeRecord;
}

/** The change that came last, as far as the Deployments tell. */
export interface Operation {
  readonly id: string;
  readonly kind: ChangeRecord['kind'];
  readonly at: string;
  readonly undoes: string | undefined;
  readonly targets: readonly string[];
  readonly carriers: readonly Carrier[];
  /** Targets that it did not come to before it ended. A Deployment that is gone counts no more. */
  readonly missing: readonly Deployment[];
}

/** The newest change that any Deployment carries; undefined: none was ever made by us. Pure. */
export function latestOperation(deployments: readonly Deployment[]): Operation | undefined {
  const carriers = deployments.flatMap((live) => carrier(live));
  const newest = carriers.reduce<Carrier | undefined>(
    (best, each) => (best === undefined || isAfter(each.record, best.record) ? each : best),
    undefined,
  );
  if (newest === undefined) return undefined;
  const { id, kind, at, undoes, targets, sequence, due = [] } = newest.record;
  const own = carriers.filter(({ record }) => record.id === id);
  const isReached = ({ live, record }: Carrier): boolean =>
    record.sequence === sequence || !due.includes(live.metadata.name);
  const reached = new Set(own.filter(isReached).map(({ live }) => live.metadata.name));
  const missing = deployments.filter(({ metadata: { name } }) => targets.includes(name) && !reached.has(name));
  return { id, kind, at, undoes, targets, carriers: own, missing };
}

/** The next number for a record. */
export function nextSequence(deployments: readonly Deployment[]): number {
  return 1 + Math.max(0, ...deployments.flatMap((live) => carrier(live).map(({ record }) => record.sequence)));
}

/**
 * The stamp for a deploy; `isWhole`: no images were named. One that begins where another command was interrupted takes its id over, and what
 * ran before that one: half of two sets is nothing that a rollback may ever go back to.
 */
export function deployStamp(
  deployments: readonly Deployment[],
  isWhole: boolean,
  fresh: Pick<Stamp, 'id' | 'at'>,
): Stamp {
  const last = latestOperation(deployments);
  const stamp: Stamp = { ...fresh, kind: 'deploy', sequence: nextSequence(deployments) };
  if (last === undefined || last.missing.length === 0) return stamp;
  const befores = new Map(last.carriers.map(({ live, record }) => [live.metadata.name, record.before]));
  const open = isWhole ? [] : last.missing.map(({ metadata }) => metadata.name);
  return { ...stamp, id: last.id, targets: [...new Set([...befores.keys(), ...open])], open, befores };
}

/** What a rollback is going to do. */
export interface RollbackPlan extends ChangeSet {
  /** `back`: behind a whole change; `abort`: what an interrupted deploy had changed; `finish`: the rest of an interrupted rollback. */
  readonly kind: 'back' | 'abort' | 'finish';
  readonly operation: Operation;
}

/**
 * The changes that take all Deployments back behind the last change. A rollback is itself a change, so that a second one goes forward again.
 * Pure. Throws DeployError when nothing is written down.
 */
export function rollbackPlan(deployments: readonly Deployment[], fresh: Pick<Stamp, 'id' | 'at'>): RollbackPlan {
  const operation = latestOperation(deployments);
  if (operation === undefined) {
    throw new DeployError(
      'Nothing to go back to: no Deployment here was changed by kfp-images. `kfp-images deploy --commit SHA` puts any published set there.',
    );
  }
  const sequence = nextSequence(deployments);
  const { carriers, missing, id } = operation;
  if (missing.length === 0) {
    const stamp: Stamp = { ...fresh, kind: 'rollback', sequence, undoes: id };
    return { kind: 'back', operation, ...stamped(carriers.map(goingBack), stamp) };
  }
  if (operation.kind === 'deploy') {
    const changes = carriers.map(({ live, record }): Change => exactly(live, record.before));
    const changed = new Set(changes.map(({ deployment }) => deployment));
    const unchanged = missing.map(({ metadata }) => metadata.name).filter((name) => !changed.has(name));
    return { kind: 'abort', operation, id, changes, unchanged };
  }
  const rest = missing.flatMap((live) => carrier(live)).filter(({ record }) => record.id === operation.undoes);
  const stamp: Stamp = {
    id,
    at: operation.at,
    kind: 'rollback',
    sequence,
    targets: operation.targets,
    ...(operation.undoes === undefined ? {} : { undoes: operation.undoes }),
  };
  const finish = stamped(rest.map(goingBack), stamp);
  return { kind: 'finish', operation, ...finish, unchanged: carriers.map(({ live }) => live.metadata.name) };
}

/** Is a Deployment no longer what the last change made of it? */
export function isChangedSince({ live, record }: Carrier): boolean {
  const after = { ...record.after, pullSecrets: {}, annotations: {} };
  return !isSame(snapshotOf(live, after), after);
}

function goingBack({ live, record }: Carrier): { readonly live: Deployment; readonly after: ChangeRecord['before'] } {
  const kept = Object.entries(record.before.annotations).filter(([name]) => name !== recordAnnotation);
  return { live, after: { ...record.before, annotations: Object.fromEntries(kept) } };
}

function carrier(live: Deployment): readonly Carrier[] {
  const record = readRecord(live.metadata.annotations[recordAnnotation]);
  return record === undefined ? [] : [{ live, record }];
}

function isAfter(a: ChangeRecord, b: ChangeRecord): boolean {
  return a.sequence === b.sequence ? a.at > b.at : a.sequence > b.sequence;
}
