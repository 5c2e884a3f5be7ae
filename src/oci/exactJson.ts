/** A JSON object with what it holds in its order. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What JSON.parse tells a reviver of a primitive: https://github.com/tc39/proposal-json-parse-with-source */
type Reviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown;

const rawJson: unknown = Reflect.get(JSON, 'rawJSON');

/**
 * Parses the JSON of a manifest or an image's configuration so that writing it again loses nothing: the order of keys stays, and so
 * do numbers that are too long for a double. undefined: it is not a JSON object.
 */
export function parseExact(bytes: Uint8Array): JsonObject | undefined {
  const keep: Reviver = (_key, value, context) =>
    typeof value === 'number' && context?.source !== undefined && String(value) !== context.source
      ? raw(context.source)
      : value;
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), keep);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Compact, as registries' clients write it. */
export function writeExact(object: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(object));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy with one key set: in its old place, or at the end. */
export function withKey(object: JsonObject, key: string, value: unknown): JsonObject {
  const entries = Object.entries(object);
  const changed = entries.map(([name, old]) => [name, name === key ? value : old] as const);
  return Object.fromEntries(Object.hasOwn(object, key) ? changed : [...entries, [key, value]]);
}

/** A copy without one key. */
export function withoutKey(object: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

function raw(source: string): unknown {
  return typeof rawJson === 'function' ? Reflect.apply(rawJson, JSON, [source]) : Number(source);
}
