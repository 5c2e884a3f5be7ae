import type { Registry } from '../types';

/**
 * The same registries, each of which asks for a small blob only once, whichever of them asked first: a blob's digest says all of it, and
 * `publish` reads the same lock files at every look.
 */
export function cacheBlobs(registries: readonly Registry[]): readonly Registry[] {
  const known = new Map<string, Promise<Uint8Array>>();
  return registries.map((registry) => ({
    ...registry,
    blob: (repository, digest, maxBytes) => {
      // One that may be large is not kept.
      if (maxBytes !== undefined) return registry.blob(repository, digest, maxBytes);
      const name = `${repository}@${digest}`;
      const asked = known.get(name) ?? registry.blob(repository, digest);
      known.set(name, asked);
      // One that could not be read is asked for again.
      asked.catch(() => {
        if (known.get(name) === asked) known.delete(name);
      });
      return asked;
    },
  }));
}
