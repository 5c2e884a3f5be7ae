import { RegistryError } from '../../../src/errors';
import type { Inventory } from '../../../src/publish/prune/inventory';
import type { Registry } from '../../../src/types';

/** What a fault does to one call: nothing; refused; carried out, but its answer is lost; refused for good, as by Google. */
export type Fault = 'none' | 'refused' | 'lost' | 'unsupported';

/** A registry that holds what an inventory says, and whose calls go wrong as told, in their order. Only what prune needs. */
export function faultyRegistry(inventory: Inventory, faults: readonly Fault[]) {
  const left = new Map<string, Set<string>>();
  const tags = new Map<string, Map<string, string>>();
  for (const [repository, stored] of inventory) {
    left.set(repository, new Set(stored.manifests.keys()));
    tags.set(repository, new Map(stored.tags));
  }
  let calls = 0;
  const call = <T>(work: () => T): Promise<T> => {
    const fault = faults[calls++] ?? 'none';
    if (fault === 'refused') return Promise.reject(new RegistryError('503', { status: 503 }));
    if (fault === 'unsupported') return Promise.reject(new RegistryError('405 UNSUPPORTED', { status: 405 }));
    const result = work();
    return fault === 'lost' ? Promise.reject(new RegistryError('cut')) : Promise.resolve(result);
  };
  const remove = (repository: string, digest: string): boolean => {
    for (const [tag, at] of tags.get(repository) ?? []) if (at === digest) tags.get(repository)?.delete(tag);
    return left.get(repository)?.delete(digest) === true;
  };
  const untag = (repository: string, tag: string): boolean => tags.get(repository)?.delete(tag) === true;
  const unexpected = (): never => {
    throw new Error('prune has no use for this');
  };
  const registry: Registry = {
    head: (repository, reference) =>
      call(() => {
        const digest = left.get(repository)?.has(reference) === true ? reference : tags.get(repository)?.get(reference);
        return digest === undefined ? undefined : { mediaType: 'x', digest, size: 1 };
      }),
    tags: (repository) => call(() => [...(tags.get(repository)?.keys() ?? [])]),
    deleteManifest: (repository, reference) =>
      call(() => (reference.startsWith('sha256:') ? remove : untag)(repository, reference)),
    manifest: (repository, reference) =>
      call(() => {
        const digest = tags.get(repository)?.get(reference);
        return digest === undefined ? undefined : { mediaType: 'x', digest, size: 1, bytes: new Uint8Array(1) };
      }),
    putManifest: unexpected,
    blob: unexpected,
    hasBlob: unexpected,
    putBlob: unexpected,
    putFile: unexpected,
    checkPush: unexpected,
    mountBlob: unexpected,
    referrers: () => Promise.resolve(undefined),
  };
  const gone = (): readonly string[] =>
    [...inventory]
      .flatMap(([repository, { manifests }]) =>
        [...manifests.keys()]
          .filter((digest) => left.get(repository)?.has(digest) !== true)
          .map((digest) => `${repository}@${digest}`),
      )
      .sort();
  return { registry, tags, gone, remove };
}
