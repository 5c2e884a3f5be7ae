import type { Manifest, Registry } from '../../types';
import { isCommit } from '../lockFile';
import { readManifest } from '../../oci/manifest';
import { isDigest } from '../../oci/names';
import { seedDate, seedRepository } from '../cacheSeed';
import { openSet } from '../setArtifact';
import { readTag } from '../putTag';
import { setRepository } from '../tags';
import { mapConcurrently } from '../../system/mapConcurrently';

/** What a registry path holds, as far as tags and sets lead to it. By full name of the repository. */
export type Inventory = ReadonlyMap<string, StoredRepository>;

export interface StoredRepository {
  /** Tag → digest. */
  readonly tags: ReadonlyMap<string, string>;
  /** By digest. */
  readonly manifests: ReadonlyMap<string, StoredManifest>;
}

/** A manifest or index, and what it refers to. */
export interface StoredManifest {
  readonly digest: string;
  /** The manifest itself, its config and its layers; bytes. */
  readonly blobs: readonly { readonly digest: string; readonly size: number }[];
  /** Of an index: digests in the same repository. */
  readonly children: readonly string[];
  /** What it is attached to (an attestation, a signature), in the same repository. */
  readonly subject: string | undefined;
  readonly set: StoredSetFacts | undefined;
  /** Of a cache seed: when it was made, milliseconds since the epoch. */
  readonly seedMade: number | undefined;
}

/** A release set. */
export interface StoredSetFacts {
  readonly commit: string;
  /** The commit's date, milliseconds since the epoch; undefined: the set does not say. */
  readonly created: number | undefined;
  readonly images: readonly { readonly repository: string; readonly digest: string; readonly key: string }[];
}

/**
 * Reads what a registry path holds: its sets, the seeds of its caches, and every tag of the repositories that sets name (or that are given: no
 * set may name them any more), with all that these lead to. RegistryError when anything can't be read: what is known by half decides nothing.
 */
export async function takeInventory(
  registry: Registry,
  registryPath: string,
  repositories: readonly string[] = [],
): Promise<Inventory> {
  const listing = { isAsked: true };
  const sets = await takeRepository(registry, setRepository(registryPath), [], listing);
  const wanted = new Map<string, Set<string>>(repositories.map((name) => [name, new Set()]));
  for (const { set } of sets.manifests.values()) {
    for (const { repository, digest } of set?.images ?? []) {
      wanted.set(repository, (wanted.get(repository) ?? new Set()).add(digest));
    }
  }
  const inventory = new Map([[setRepository(registryPath), sets]]);
  wanted.set(seedRepository(registryPath), new Set());
  for (const [repository, digests] of wanted) {
    inventory.set(repository, await takeRepository(registry, repository, [...digests], listing));
  }
  return inventory;
}

async function takeRepository(
  registry: Registry,
  repository: string,
  digests: readonly string[],
  listing: { isAsked: boolean },
): Promise<StoredRepository> {
  const names = await registry.tags(repository);
  const tags = new Map<string, string>();
  const manifests = new Map<string, StoredManifest>();
  const take = async (reference: string): Promise<string | undefined> => {
    if (manifests.has(reference)) return reference;
    const manifest = isDigest(reference)
      ? await registry.manifest(repository, reference)
      : await readTag(registry, repository, reference);
    // Deleted since it was listed.
    if (manifest === undefined) return undefined;
    const known = manifests.get(manifest.digest) ?? (await readStored(registry, repository, manifest));
    manifests.set(manifest.digest, known);
    for (const child of [...known.children, ...(known.subject === undefined ? [] : [known.subject])]) {
      if (!manifests.has(child)) await take(child);
    }
    for (const attached of await referrersOf(registry, repository, manifest.digest, listing)) {
      if (!manifests.has(attached)) await take(attached);
    }
    return manifest.digest;
  };
  await mapConcurrently(names, async (name) => {
    const digest = await take(name);
    if (digest !== undefined) tags.set(name, digest);
  });
  await mapConcurrently(digests, take);
  // Answers come in any order; two looks at the same registry must give the same plan.
  const sorted = new Map([...tags].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { tags: sorted, manifests };
}

/** What no tag leads to is attached to something: signatures, say. `listing` remembers that a registry can't be asked. */
async function referrersOf(
  registry: Registry,
  repository: string,
  digest: string,
  listing: { isAsked: boolean },
): Promise<readonly string[]> {
  const found = listing.isAsked ? await registry.referrers(repository, digest) : undefined;
  if (found === undefined) listing.isAsked = false;
  return (found ?? []).map((each) => each.digest);
}

async function readStored(registry: Registry, repository: string, manifest: Manifest): Promise<StoredManifest> {
  const content = readManifest(manifest.bytes);
  const opened = await openSet(registry, repository, manifest);
  const parts = [...(content?.layers ?? []), ...(content?.config === undefined ? [] : [content.config])];
  const date = Date.parse(content?.annotations['org.opencontainers.image.created'] ?? '');
  return {
    seedMade: seedDate(content?.annotations ?? {}),
    digest: manifest.digest,
    blobs: [{ digest: manifest.digest, size: manifest.size }, ...parts.map(({ digest, size }) => ({ digest, size }))],
    children: (content?.children ?? []).map(({ digest }) => digest),
    subject: content?.subject,
    set:
      opened === 'other' || !isCommit(opened.lock.commit)
        ? undefined
        : {
            commit: opened.lock.commit,
            created: Number.isNaN(date) ? undefined : date,
            images: Object.values(opened.lock.images).map(({ repository, digest, key }) => ({
              repository,
              digest,
              key,
            })),
          },
  };
}
