import * as v from 'valibot';
import type { Deployment, EnvVariable } from './objects';

/*
 * The part of a Deployment that a deploy changes, in one form for all it is needed for: what was there, what is to be there, what is
 * written down to go back to.
 */

/** An environment variable: a value, a reference, or null for "not set". */
export type EnvValue = { readonly value: string } | { readonly valueFrom: unknown } | null;

/** What a deploy changes of one Deployment. Only what is named here is ever touched. */
export interface Snapshot {
  /** Container → image and variables. `image` undefined: the image is not touched. */
  readonly containers: Readonly<
    Record<string, { readonly image?: string; readonly env: Readonly<Record<string, EnvValue>> }>
  >;
  /** Name of a pull secret → does the pod template name it? */
  readonly pullSecrets: Readonly<Record<string, boolean>>;
  /** Annotation → its text; null: not set. */
  readonly annotations: Readonly<Record<string, string | null>>;
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
});

/** Reads a snapshot that was written down; undefined: it is none. */
export function readSnapshot(value: unknown): Snapshot | undefined {
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) return undefined;
  const containers = Object.entries(parsed.output.containers).map(
    ([name, { image, env }]) => [name, { ...(image === undefined ? {} : { image }), env }] as const,
  );
  return { ...parsed.output, containers: Object.fromEntries(containers) };
}

/** What a Deployment has now of everything that `like` names. */
export function snapshotOf(deployment: Deployment, like: Snapshot): Snapshot {
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
  const { annotations } = deployment.metadata;
  const texts = Object.keys(like.annotations).map(
    (key) => [key, Object.hasOwn(annotations, key) ? (annotations[key] ?? null) : null] as const,
  );
  return {
    containers: Object.fromEntries(containers),
    pullSecrets: Object.fromEntries(secrets),
    annotations: Object.fromEntries(texts),
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
  };
}

/** The same in everything? Order does not matter. */
export function isSame(a: Snapshot, b: Snapshot): boolean {
  return canonical(a) === canonical(b);
}

/** The same pods? Annotations of the Deployment itself do not reach them. */
export function isSamePods(a: Snapshot, b: Snapshot): boolean {
  return isSame({ ...a, annotations: {} }, { ...b, annotations: {} });
}

/**
 * The strategic-merge patch that takes a Deployment to a snapshot: lists are merged by name, so that other containers, variables and pull
 * secrets stay. With a resourceVersion the API server refuses it when the Deployment was changed in between.
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 */
export function patchTo(to: Snapshot, resourceVersion?: string): object {
  const containers = Object.entries(to.containers).map(([name, { image, env }]) => ({
    name,
    ...(image === undefined ? {} : { image }),
    ...(Object.keys(env).length === 0 ? {} : { env: Object.entries(env).map(envPatch) }),
  }));
  const secrets = Object.entries(to.pullSecrets).map(([name, isThere]) =>
    isThere ? { name } : { $patch: 'delete', name },
  );
  return {
    metadata: {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      annotations: to.annotations,
    },
    spec: {
      template: { spec: { containers, ...(secrets.length === 0 ? {} : { imagePullSecrets: secrets }) } },
    },
  };
}

function envPatch([name, value]: readonly [string, EnvValue]): object {
  if (value === null) return { $patch: 'delete', name };
  // What is not null here must be told to go: a variable has either a value or a reference.
  return 'value' in value
    ? { name, value: value.value, valueFrom: null }
    : { name, value: null, valueFrom: value.valueFrom };
}

function envValue(env: readonly EnvVariable[], name: string): EnvValue {
  // Of two with the same name the last one counts for the process, and for the merge.
  const found = env.findLast((each) => each.name === name);
  if (found === undefined) return null;
  return found.valueFrom === undefined || found.valueFrom === null
    ? { value: found.value ?? '' }
    : { valueFrom: found.valueFrom };
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
