import { visit, type Document } from 'yaml';
import { message } from '../../errors';

/** What a document says, or why it can't be known. */
export type Data =
  { readonly kind: 'data'; readonly value: unknown } | { readonly kind: 'failed'; readonly why: string };

/** More than any file of a GitOps repository has; aliases of aliases reach it fast. */
const mostNodes = 500_000;
const deepest = 200;
/** The parser looks through all of them for each of them. */
const mostAliases = 2000;

/**
 * The data of a YAML document, each alias with a copy of its own, so that a change in one place shows in every place that has it. Merge keys
 * stay as they stand.
 */
export function plainData(document: Document): Data {
  try {
    let aliases = 0;
    visit(document, {
      Alias: () => {
        aliases++;
      },
    });
    if (aliases > mostAliases)
      return { kind: 'failed', why: `it has ${aliases} aliases, and ${mostAliases} are the most.` };
    const budget = { left: mostNodes };
    return { kind: 'data', value: copy(document.toJS({ maxAliasCount: -1 }), budget, 0) };
  } catch (thrown) {
    return { kind: 'failed', why: `${message(thrown).split('\n')[0] ?? ''}.` };
  }
}

/** The same with merge keys (`<<`) resolved, as Kubernetes' and Helm's readers do. */
export function withMerges(value: unknown): unknown {
  if (isList(value)) return value.map(withMerges);
  if (!isRecord(value)) return value;
  const own = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withMerges(each)]));
  const merged = own['<<'];
  const all: readonly unknown[] = isList(merged) ? merged : [merged];
  if (merged === undefined || !all.every(isRecord)) return own;
  // What the map says itself comes last, and counts.
  const parts = [...all.toReversed().filter(isRecord), own].flatMap((part) => Object.entries(part));
  return Object.fromEntries(parts.filter(([key]) => key !== '<<'));
}

/** Is it a list? */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Is it a value that an image's name can take the place of? An empty one is. */
export function isLeaf(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** Is it a map? */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is at a path; undefined: nothing. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let at = value;
  for (const step of path) {
    if (isList(at)) at = at[Number(step)];
    else if (isRecord(at) && Object.hasOwn(at, step)) at = at[step];
    else return undefined;
  }
  return at;
}

/** A difference between two values, and where. */
export interface Difference {
  readonly path: readonly (string | number)[];
  readonly expected: unknown;
  readonly found: unknown;
}

/** The first place where two values differ; the order of keys does not count. undefined: they are equal. */
export function firstDifference(
  expected: unknown,
  found: unknown,
  path: readonly (string | number)[] = [],
): Difference | undefined {
  if (isList(expected) && isList(found)) {
    const [a, b] = [expected, found];
    for (let at = 0; at < Math.max(a.length, b.length); at++) {
      const difference = firstDifference(a[at], b[at], [...path, at]);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (isRecord(expected) && isRecord(found)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      const [a, b] = [expected, found].map((each) => (Object.hasOwn(each, key) ? each[key] : undefined));
      const difference = firstDifference(a, b, [...path, key]);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return Object.is(expected, found) ? undefined : { path, expected, found };
}

function copy(value: unknown, budget: { left: number }, depth: number): unknown {
  if (budget.left-- <= 0 || depth > deepest)
    throw new Error('its aliases make it too large, or it is nested too deeply');
  if (isList(value)) return value.map((each) => copy(each, budget, depth + 1));
  if (value instanceof Date) return value.toISOString();
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each, budget, depth + 1)]));
}
