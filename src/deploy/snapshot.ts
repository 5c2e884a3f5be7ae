import * as v from 'valibot';
import { pathSteps } from '../system/fieldPath';
import { isCustomResource, valueAt, type CustomResource, type Live } from './customResource';
import type { Deployment, EnvVariable } from './objects';
import { digestIn } from './reference';

/*
 * The part of a Deployment, or of the custom resource behind it, that a deploy changes, in one form for all it is needed for: what was there, what is to be there, what is
 * written down to go back to.
 */

/** An environment variable: a value, a reference, or null for "not set". */
export type EnvValue = { readonly value: string } | { readonly valueFrom: unknown } | null;

/** What a deploy changes of one Deployment or custom resource. Only what is named here is ever touched. */
export interface Snapshot {
  /** Container → image and variables. `image` undefined: the image is not touched. */
  readonly containers: Readonly<
    Record<string, { readonly image?: string; readonly env: Readonly<Record<string, EnvValue>> }>
  >;
  /** Name of a pull secret → does the pod template name it? */
  readonly pullSecrets: Readonly<Record<string, boolean>>;
  /** Annotation → its text; null: not set. */
  readonly annotations: Readonly<Record<string, string | null>>;
  /** Of a custom resource: path of a field → its text; null: not set. */
  readonly fields?: Readonly<Record<string, string | null>>;
}

const schema = v.object({
  containers: v.record(
    v.string(),
    v.object({
      image: v.optional(v.string()),
      env: v.record(
        v.string(),
        v.nullable(v.union([v.strictObject({ value: v.string() }), v.strictObject({ valueFrom: v.unknown() })])),
      ),
    }),
  ),
  pullSecrets: v.record(v.string(), v.boolean()),
  annotations: v.record(v.string(), v.nullable(v.string())),
  fields: v.optional(v.record(v.string(), v.nullable(v.string()))),
});

/** Reads a snapshot that was written down; undefined: it is not one. */
export function readSnapshot(value: unknown): Snapshot | undefined {
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) return undefined;
  const containers = Object.entries(parsed.output.containers).map(
    ([name, { image, env }]) => [name, { ...(image === undefined ? {} : { image }), env }] as const,
  );
  const { fields, ...rest } = parsed.output;
  return { ...rest, containers: Object.fromEntries(containers), ...(fields === undefined ? {} : { fields }) };
}

/** What it has now of everything that `like` names. */
export function snapshotOf(live: Live, like: Snapshot): Snapshot {
  return isCustomResource(live) ? fieldsOf(live, like) : containersOf(live, like);
}

function fieldsOf({ metadata, content }: CustomResource, like: Snapshot): Snapshot {
  const fields = Object.keys(like.fields ?? {}).map(
    (path) => [path, textOf(valueAt(content, pathSteps(path)))] as const,
  );
  return {
    containers: {},
    pullSecrets: {},
    annotations: annotationsOf(metadata, like),
    fields: Object.fromEntries(fields),
  };
}

/** What is not text is compared as it is, and never written: see `requireTexts`. */
function textOf(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function annotationsOf({ annotations }: Live['metadata'], like: Snapshot): Snapshot['annotations'] {
  const texts = Object.keys(like.annotations).map(
    (key) => [key, Object.hasOwn(annotations, key) ? (annotations[key] ?? null) : null] as const,
  );
  return Object.fromEntries(texts);
}

function containersOf(deployment: Deployment, like: Snapshot): Snapshot {
  const spec = deployment.spec.template.spec;
  const containers = Object.entries(like.containers).map(([name, { image, env }]) => {
    const live = spec.containers.find((each) => each.name === name);
    const values = Object.keys(env).map((key) => [key, envValue(live?.env ?? [], key)] as const);
    return [
      name,
      { ...(image === undefined ? {} : { image: live?.image ?? '' }), env: Object.fromEntries(values) },
    ] as const;
  });
  const secrets = Object.keys(like.pullSecrets).map(
    (name) => [name, spec.imagePullSecrets.some((each) => each.name === name)] as const,
  );
  return {
    containers: Object.fromEntries(containers),
    pullSecrets: Object.fromEntries(secrets),
    annotations: annotationsOf(deployment.metadata, like),
  };
}

/** Two snapshots in one: where both name a thing, what `top` says of it. */
export function overlaid(base: Snapshot, top: Snapshot): Snapshot {
  const names = [...new Set([...Object.keys(base.containers), ...Object.keys(top.containers)])];
  const containers = names.map((name) => {
    const [below, above] = [base.containers[name], top.containers[name]];
    return [name, { ...below, ...above, env: { ...below?.env, ...above?.env } }] as const;
  });
  return {
    containers: Object.fromEntries(containers),
    pullSecrets: { ...base.pullSecrets, ...top.pullSecrets },
    annotations: { ...base.annotations, ...top.annotations },
    ...(base.fields === undefined && top.fields === undefined ? {} : { fields: { ...base.fields, ...top.fields } }),
  };
}

/** The same in everything? Order does not matter. */
export function isSame(a: Snapshot, b: Snapshot): boolean {
  return canonical(a) === canonical(b);
}

/** The same as far as what runs goes: where both name a digest, it alone counts, since the cluster may rewrite the registry before it. */
export function isEquivalent(a: Snapshot, b: Snapshot): boolean {
  return canonical(a, byDigest) === canonical(b, byDigest);
}

function envValue(env: readonly EnvVariable[], name: string): EnvValue {
  // Of two with the same name the last one counts for the process.
  const found = env.findLast((each) => each.name === name);
  if (found === undefined) return null;
  return found.valueFrom === undefined || found.valueFrom === null
    ? { value: found.value ?? '' }
    : { valueFrom: found.valueFrom };
}

function canonical(value: unknown, text: (text: string) => string = (same) => same): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'string') return text(each);
    return typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each;
  });
}

function byDigest(text: string): string {
  return digestIn(text) ?? text;
}
