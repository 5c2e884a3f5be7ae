import type { StoredRepository } from './inventory';

/** One manifest that goes, with the tags that name it. */
export interface Deletion {
  readonly repository: string;
  readonly digest: string;
  readonly tags: readonly string[];
  /** Bytes that nothing else in its repository holds, after all deletions. */
  readonly bytes: number;
}

/** `sha256:…` of the image that a tag such as `sha256-….sig` belongs to: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema */
export function subjectOf(tag: string): string | undefined {
  const hex = /^sha256-([0-9a-f]{64})(?:\.[a-z]{1,20})?$/.exec(tag)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** What is attached to something that is not here: nothing says that it may go. */
export function orphanReferrers(repository: StoredRepository): readonly string[] {
  return [...repository.tags].flatMap(([tag, digest]) => {
    const subject = subjectOf(tag);
    return subject !== undefined && !repository.manifests.has(subject) ? [digest] : [];
  });
}

/**
 * Everything that roots lead to: an index to its parts, an image to what is attached to it; and unless `down` something attached to what it
 * is attached to.
 */
export function reach(
  repository: StoredRepository,
  roots: readonly string[],
  direction: 'down' | 'both' = 'both',
): ReadonlySet<string> {
  const attached = new Map<string, string[]>();
  const attach = (to: string, digest: string): void => void attached.set(to, [...(attached.get(to) ?? []), digest]);
  for (const { digest, subject } of repository.manifests.values()) if (subject !== undefined) attach(subject, digest);
  for (const [tag, digest] of repository.tags) {
    const subject = subjectOf(tag);
    if (subject !== undefined) attach(subject, digest);
  }
  const reached = new Set<string>();
  const open = [...roots];
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (reached.has(digest)) continue;
    reached.add(digest);
    const manifest = repository.manifests.get(digest);
    open.push(...(manifest?.children ?? []), ...(attached.get(digest) ?? []));
    if (direction === 'both' && manifest?.subject !== undefined) open.push(manifest.subject);
  }
  return reached;
}

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
