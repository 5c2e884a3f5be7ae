import type { Catalog } from '../types';

/** The images named, and all that they bind or are built on, directly or not; in the catalog's order. Unknown names are passed over. */
export function withBound(catalog: Catalog, names: readonly string[]): readonly string[] {
  const wanted = new Set(names);
  for (const name of wanted) for (const needed of neededFor(catalog, name)) wanted.add(needed);
  return [...catalog.images.keys()].filter((name) => wanted.has(name));
}

/** The images that `name` binds directly, each once. */
export function boundBy(catalog: Catalog, name: string): readonly string[] {
  return [...new Set(Object.values(catalog.images.get(name)?.bind ?? {}))];
}

/** The images that `name` binds or is built on, each once. */
function neededFor(catalog: Catalog, name: string): readonly string[] {
  return [...new Set([...boundBy(catalog, name), ...(catalog.images.get(name)?.builtOn ?? [])])];
}

/** Those of `names` that bind `name` or are built on it. */
export function neededBy(catalog: Catalog, names: readonly string[], name: string): readonly string[] {
  return names.filter((other) => other !== name && neededFor(catalog, other).includes(name));
}

/**
 * Waves: every image is in a later one than all it binds or is built on, and as early as that allows. The catalog refuses cycles;
 * should one get here nevertheless, its images come together in the last wave.
 */
export function waves(catalog: Catalog, names: readonly string[]): readonly (readonly string[])[] {
  const order: string[][] = [];
  const done = new Set<string>();
  let left = [...names];
  while (left.length > 0) {
    const open = new Set(left);
    const ready = left.filter((name) =>
      neededFor(catalog, name).every((needed) => done.has(needed) || !open.has(needed)),
    );
    const wave = ready.length > 0 ? ready : left;
    order.push(wave);
    for (const name of wave) done.add(name);
    left = left.filter((name) => !done.has(name));
  }
  return order;
}
