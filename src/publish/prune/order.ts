import type { Deletion } from './decide';
import type { StoredRepository } from './inventory';

/** Registries refuse to delete what an index that is there lists. */
export function parentsFirst(repository: StoredRepository, digests: readonly string[]): readonly string[] {
  const left = new Set(digests);
  const order: string[] = [];
  while (left.size > 0) {
    const listed = new Set([...left].flatMap((digest) => repository.manifests.get(digest)?.children ?? []));
    const free = [...left].filter((digest) => !listed.has(digest));
    // Digests can't go in circles; a hostile registry's answers could.
    const next = free.length > 0 ? free : [...left];
    order.push(...next);
    for (const digest of next) left.delete(digest);
  }
  return order;
}

export function describeDeletions(
  name: string,
  repository: StoredRepository,
  digests: readonly string[],
): readonly Deletion[] {
  const gone = new Set(digests);
  const held = new Set(
    [...repository.manifests.values()]
      .filter(({ digest }) => !gone.has(digest))
      .flatMap(({ blobs }) => blobs.map(({ digest }) => digest)),
  );
  return digests.map((digest) => {
    let bytes = 0;
    for (const blob of repository.manifests.get(digest)?.blobs ?? []) {
      if (held.has(blob.digest)) continue;
      held.add(blob.digest);
      bytes += blob.size;
    }
    return {
      repository: name,
      digest,
      bytes,
      tags: [...repository.tags].filter(([, at]) => at === digest).map(([tag]) => tag),
    };
  });
}

/**
 * Set by set, the oldest first: a set, then what no other set that still goes leads to. So an interruption leaves behind the images of one
 * set at most. `turnOf`: with which set a manifest goes. What an index lists never goes before it: whatever leads to the index leads to that too.
 */
export function setBySet(
  deletions: readonly Deletion[],
  turnOf: (deletion: Deletion) => number,
  setsAt: string,
): readonly Deletion[] {
  return deletions
    .map((deletion) => ({ deletion, turn: turnOf(deletion), rank: deletion.repository === setsAt ? 0 : 1 }))
    .sort((a, b) => a.turn - b.turn || a.rank - b.rank)
    .map(({ deletion }) => deletion);
}
