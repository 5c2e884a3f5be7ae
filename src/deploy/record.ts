import * as v from 'valibot';
import { readSnapshot, type Snapshot } from './snapshot';

/** Commit of the set that a Deployment runs, or that a custom resource names. */
export const commitAnnotation = 'kfp-images.dev/commit';
/** `sha256:…` over the images of that set. */
export const setAnnotation = 'kfp-images.dev/set';
/** JSON of a `ChangeRecord`: what changed this Deployment last, and what was there before. */
export const recordAnnotation = 'kfp-images.dev/previous';

/**
 * What is written on every Deployment or custom resource in the same patch that changes it. Each carries all that is needed to go back, so that a command
 * killed between two patches leaves a cluster that can be put right.
 */
export interface ChangeRecord {
  readonly version: 1;
  /** The same on all objects that one command changes. */
  readonly id: string;
  readonly kind: 'deploy' | 'rollback';
  /** One more than that of any change before: clocks of two machines need not agree on what came last. */
  readonly sequence: number;
  /** RFC 3339. */
  readonly at: string;
  /** Keys of all objects that the command set out to change: `keyOf`. */
  readonly targets: readonly string[];
  /**
   * Of a deploy in the place of an interrupted command, whose `id` it took over: those that had or have to be changed. One of them with an
   * earlier `sequence` has yet to be.
   */
  readonly due?: readonly string[] | undefined;
  /** Of a rollback: the `id` it goes back behind. */
  readonly undoes: string | undefined;
  readonly before: Snapshot;
  /** Containers and fields only: for telling later whether someone else changed them. */
  readonly after: Pick<Snapshot, 'containers' | 'fields'>;
}

const schema = v.object({
  version: v.literal(1),
  id: v.string(),
  kind: v.picklist(['deploy', 'rollback']),
  sequence: v.number(),
  at: v.string(),
  targets: v.array(v.string()),
  due: v.optional(v.array(v.string())),
  undoes: v.optional(v.string()),
  before: v.unknown(),
  after: v.unknown(),
});

/** The annotation's text. The record before the one before is left out, so that it can't grow from deploy to deploy. */
export function encodeRecord(record: ChangeRecord): string {
  const { annotations } = record.before;
  const earlier = annotations[recordAnnotation];
  const before = {
    ...record.before,
    annotations:
      typeof earlier === 'string' ? { ...annotations, [recordAnnotation]: withoutHistory(earlier) } : annotations,
  };
  return JSON.stringify({ ...record, before });
}

/** Reads the annotation; undefined: there is none, or none that we wrote. */
export function readRecord(text: string | null | undefined): ChangeRecord | undefined {
  if (text === undefined || text === null) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) return undefined;
  const { due, undoes, ...record } = parsed.output;
  const before = readSnapshot(record.before);
  const after = readSnapshot({ pullSecrets: {}, annotations: {}, ...asObject(record.after) });
  if (before === undefined || after === undefined) return undefined;
  const { containers, fields } = after;
  return { ...record, due, undoes, before, after: { containers, ...(fields === undefined ? {} : { fields }) } };
}

/** A record's text without what it knows of the one before it; null: it is none. */
export function withoutHistory(text: string): string | null {
  const record = readRecord(text);
  if (record === undefined) return null;
  const annotations = { ...record.before.annotations, [recordAnnotation]: null };
  return JSON.stringify({ ...record, before: { ...record.before, annotations } });
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
