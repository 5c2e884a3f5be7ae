import { pathSteps } from '../system/fieldPath';
import { isMap, valueAt } from './customResource';
import type { Snapshot } from './snapshot';

/**
 * What `kubectl apply` remembers of a custom resource, with the fields that it does not know: it takes away only what it remembers, and a
 * driver that stayed beside the apiserver of its manifest would be of another commit. undefined: it knows all of them, or can't be read.
 */
export function fieldsApplied(text: string, { fields = {} }: Snapshot): string | undefined {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isMap(manifest)) return undefined;
  const changed = Object.entries(fields).reduce<unknown>((all, [path, value]) => {
    const steps = pathSteps(path);
    const isThere = valueAt(all, steps) !== undefined;
    return isThere === (value !== null) ? all : withValue(all, steps, value);
  }, manifest);
  return changed === manifest ? undefined : JSON.stringify(changed);
}

/** The same with another value at a path; null takes it away. */
function withValue(content: unknown, [key = '', ...rest]: readonly string[], value: string | null): unknown {
  const here = isMap(content) ? content : {};
  if (rest.length > 0) return { ...here, [key]: withValue(here[key], rest, value) };
  const others = Object.fromEntries(Object.entries(here).filter(([name]) => name !== key));
  return value === null ? others : { ...others, [key]: value };
}
