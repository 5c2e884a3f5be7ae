import { DeployError } from '../errors';
import { exactly, stamped, type Change, type ChangeSet, type Stamp } from './changes';
import { keyOf, type Live } from './customResource';
import { readRecord, recordAnnotation, type ChangeRecord } from './record';
import { isEquivalent, snapshotOf } from './snapshot';

/** A Deployment or custom resource, and what was written on it when it was changed last. */
interface Carrier {
  readonly live: Live;
  readonly record: ChangeRecord;
}

/** The change that came last, as far as what is there tells. */
export interface Operation {
  readonly id: string;
  readonly kind: ChangeRecord['kind'];
  readonly at: string;
  readonly undoes: string | undefined;
  readonly targets: readonly string[];
  readonly carriers: readonly Carrier[];
  /** Targets that it did not come to before it ended. What is gone counts no more. */
  readonly missing: readonly Live[];
}

/** The newest change that any of them carries; undefined: none was ever made by us. Pure. */
export function latestOperation(lives: readonly Live[]): Operation | undefined {
  const carriers = lives.flatMap((live) => carrier(live));
  const newest = carriers.reduce<Carrier | undefined>(
    (best, each) => (best === undefined || isAfter(each.record, best.record) ? each : best),
    undefined,
  );
  if (newest === undefined) return undefined;
  const { id, kind, at, undoes, targets, sequence, due = [] } = newest.record;
  const own = carriers.filter(({ record }) => record.id === id);
  const isReached = ({ live, record }: Carrier): boolean => record.sequence === sequence || !due.includes(keyOf(live));
  const reached = new Set(own.filter(isReached).map(({ live }) => keyOf(live)));
  const missing = lives.filter((live) => targets.includes(keyOf(live)) && !reached.has(keyOf(live)));
  return { id, kind, at, undoes, targets, carriers: own, missing };
}

/** The next number for a record. */
function nextSequence(lives: readonly Live[]): number {
  return 1 + Math.max(0, ...lives.flatMap((live) => carrier(live).map(({ record }) => record.sequence)));
}

/**
 * The stamp for a deploy; `isWhole`: no images were named. One that begins where another command was interrupted, or where what it put there
 * never became ready (`isUnready`), takes its id over, and what ran before that one: half of two sets, or what never ran, is nothing that a
 * rollback may ever go back to.
 */
export function deployStamp(
  lives: readonly Live[],
  isWhole: boolean,
  fresh: Pick<Stamp, 'id' | 'at'>,
  isUnready = false,
): Stamp {
  const last = latestOperation(lives);
  const stamp: Stamp = {
    ...fresh,
    kind: 'deploy',
    sequence: nextSequence(lives),
    ...(last === undefined ? {} : { last: last.id }),
  };
  if (last === undefined || (last.missing.length === 0 && !isUnready)) return stamp;
  const befores = new Map(last.carriers.map(({ live, record }) => [keyOf(live), record.before]));
  const open = isWhole ? [] : last.missing.map(keyOf);
  const takesOver = last.missing.length > 0 ? 'interrupted' : 'unready';
  return { ...stamp, id: last.id, targets: [...new Set([...befores.keys(), ...open])], takesOver, open, befores };
}

/** What a rollback is going to do. */
export interface RollbackPlan extends ChangeSet {
  /** `back`: behind a whole change; `abort`: what an interrupted deploy had changed; `finish`: the rest of an interrupted rollback. */
  readonly kind: 'back' | 'abort' | 'finish';
  readonly operation: Operation;
}

/**
 * The changes that take everything back behind the last change. A rollback is itself a change, so that a second one goes forward again.
 * Pure. Throws DeployError when nothing is written down.
 */
export function rollbackPlan(lives: readonly Live[], fresh: Pick<Stamp, 'id' | 'at'>): RollbackPlan {
  const operation = latestOperation(lives);
  if (operation === undefined) {
    throw new DeployError(
      'Nothing to go back to: no Deployment here was changed by kfp-images. `kfp-images deploy --commit SHA` puts any published set there.',
    );
  }
  const sequence = nextSequence(lives);
  const { carriers, missing, id } = operation;
  if (missing.length === 0) {
    const stamp: Stamp = { ...fresh, kind: 'rollback', sequence, undoes: id };
    return { kind: 'back', operation, ...stamped(carriers.map(goingBack), stamp) };
  }
  if (operation.kind === 'deploy') {
    const changes = carriers.map(({ live, record }): Change => exactly(live, record.before));
    const changed = new Set(changes.map(({ live }) => keyOf(live)));
    const unchanged = missing.map(keyOf).filter((name) => !changed.has(name));
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
  return { kind: 'finish', operation, ...finish, unchanged: carriers.map(({ live }) => keyOf(live)) };
}

/** Is it no longer what the last change made of it? */
export function isChangedSince({ live, record }: Carrier): boolean {
  const after = { ...record.after, pullSecrets: {}, annotations: {} };
  return !isEquivalent(snapshotOf(live, after), after);
}

function goingBack({ live, record }: Carrier): { readonly live: Live; readonly after: ChangeRecord['before'] } {
  const kept = Object.entries(record.before.annotations).filter(([name]) => name !== recordAnnotation);
  return { live, after: { ...record.before, annotations: Object.fromEntries(kept) } };
}

function carrier(live: Live): readonly Carrier[] {
  const record = readRecord(live.metadata.annotations[recordAnnotation]);
  return record === undefined ? [] : [{ live, record }];
}

function isAfter(a: ChangeRecord, b: ChangeRecord): boolean {
  return a.sequence === b.sequence ? a.at > b.at : a.sequence > b.sequence;
}
