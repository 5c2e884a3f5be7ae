import { isDigest } from '../oci/names';
import type { Manifest, Registry } from '../types';
import { keepTag, passingTag } from './tags';

/** What was put, or read by its digest, so far; undefined: it was not. */
export type KnownManifests = (repository: string, digest: string) => Manifest | undefined;

/**
 * The same registry by several clients, which gets back what it loses meanwhile: where a manifest that was put, or read by its digest, is not there any more, it is put
 * again under a tag of its own. Some registries delete at once what no tag names, and another run of the same commit may move the tag that named
 * it, between our putting and reading. `passing`: digests that no set is to name, so that no tag is to hold them for good. `before`: what was put
 * before, by repository.
 */
export function reviveManifests(
  registries: readonly Registry[],
  passing: ReadonlySet<string>,
  before: readonly (readonly [repository: string, manifest: Manifest])[] = [],
): {
  readonly registries: readonly Registry[];
  readonly known: KnownManifests;
} {
  const known = new Map(before.map(([repository, manifest]) => [`${repository}@${manifest.digest}`, manifest]));
  return {
    registries: registries.map((registry) => reviving(registry, known, passing)),
    known: (repository, digest) => known.get(`${repository}@${digest}`),
  };
}

function reviving(registry: Registry, known: Map<string, Manifest>, passing: ReadonlySet<string>): Registry {
  const remember = (repository: string, manifest: Manifest): void =>
    void known.set(`${repository}@${manifest.digest}`, manifest);
  const revived = async (repository: string, reference: string): Promise<Manifest | undefined> => {
    const lost = isDigest(reference) ? known.get(`${repository}@${reference}`) : undefined;
    if (lost === undefined) return undefined;
    const tag = passing.has(lost.digest) ? passingTag(lost.digest, Date.now()) : keepTag(lost.digest);
    await registry.putManifest(repository, tag, lost.mediaType, lost.bytes);
    return lost;
  };
  return {
    ...registry,
    head: async (repository, reference) =>
      (await registry.head(repository, reference)) ?? (await revived(repository, reference)),
    manifest: async (repository, reference) => {
      const found = await registry.manifest(repository, reference);
      if (found === undefined) return revived(repository, reference);
      if (isDigest(reference)) remember(repository, found);
      return found;
    },
    putManifest: async (repository, reference, mediaType, bytes, beforeRepeat) => {
      const put = await registry.putManifest(repository, reference, mediaType, bytes, beforeRepeat);
      remember(repository, { ...put, bytes });
      return put;
    },
  };
}
