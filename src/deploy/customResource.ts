import type { Operator } from '../types';
import type { Condition, Deployment } from './objects';

/** A custom resource of an operator, which names the images of its Deployments. */
export interface CustomResource {
  readonly operator: Operator;
  /** As kubectl takes it, with the version that was read: `PLURAL.VERSION.GROUP`. */
  readonly type: string;
  readonly metadata: Deployment['metadata'];
  /** All of it, as the API server gave it. */
  readonly content: Readonly<Record<string, unknown>>;
  /** What its operator says of it. */
  readonly conditions: readonly Condition[];
}

/** What a deploy changes: a Deployment, or the custom resource from which an operator makes it. */
export type Live = Deployment | CustomResource;

export function isCustomResource(live: Live): live is CustomResource {
  return 'operator' in live;
}

/** What it is called in records and documents: a Deployment by its name, others as kubectl takes them, `KIND.GROUP/NAME`. */
export function keyOf(live: Live): string {
  return isCustomResource(live)
    ? `${live.operator.kind}.${live.operator.group}/${live.metadata.name}`
    : live.metadata.name;
}

/** A key for people: without the group. */
export function titleOf(key: string): string {
  return key.replace(/^([^./]+)\.[^/]+\//, '$1/');
}

/** The two arguments with which kubectl finds it. */
export function kubectlNames(live: Live): readonly [type: string, name: string] {
  return [isCustomResource(live) ? live.type : 'deployments.apps', live.metadata.name];
}

/** What is at a path of an object; undefined: nothing, or a null. */
export function valueAt(content: unknown, path: readonly string[]): unknown {
  const found = path.reduce<unknown>((at, key) => (isMap(at) && Object.hasOwn(at, key) ? at[key] : undefined), content);
  return found ?? undefined;
}

/** An object with nothing but a value at each path: a merge patch. null takes away. https://www.rfc-editor.org/rfc/rfc7386 */
export function nested(values: readonly (readonly [path: readonly string[], value: unknown])[]): object {
  const keys = [...new Set(values.flatMap(([path]) => path[0] ?? []))];
  return Object.fromEntries(
    keys.map((key) => {
      const inside = values.flatMap(([path, value]) => (path[0] === key ? [[path.slice(1), value] as const] : []));
      const own = inside.find(([path]) => path.length === 0);
      return [key, own === undefined ? nested(inside) : own[1]];
    }),
  );
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
