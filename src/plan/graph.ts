import type { Catalog } from '../types';

/** The images named, and all that they bind, directly or not; in the catalog's order. Unknown names are passed over. */
export function withBound(catalog: Catalog, names: readonly string[]): readonly string[] {
  const wanted = new Set(names);
  for (const name of wanted) for (const bound of boundBy(catalog, name)) wanted.add(bound);
  return [...catalog.images.keys()].filter((name) => wanted.has(name));
}

/** The images that `name` binds directly, each once. */
export function boundBy(catalog: Catalog, name: string): readonly string[] {
  return [...new Set(Object.values(catalog.images.get(name)?.bind ?? {}))];
}

/** Those of `names` that bind `name` directly. */
export function neededBy(catalog: Catalog, names: readonly string[], name: string): readonly string[] {
  return names.filter((other) => other !== name && boundBy(catalog, other).includes(name));
}

/**
 * Waves: every image stands in a later one than all it binds, and as early as that allows. The catalog refuses cycles;
 * should one get here nevertheless, its images come together in the last wave.
 */
export function waves(catalog: Catalog, names: readonly string[]): readonly (readonly string[])[] {
  const order: string[][] = [];
  const done = new Set<string>();
  let left = [...names];
  while (left.length > 0) {
    const open = new Set(left);
    const ready = left.filter((name) => boundBy(catalog, name).every((bound) => done.has(bound) || !open.has(bound)));
    const wave = ready.length > 0 ? ready : left;
    order.push(wave);
    for (const name of wave) done.add(name);
    left = left.filter((name) => !done.has(name));
  }
  return order;
}
