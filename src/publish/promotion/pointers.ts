import type { StoredSet } from '../setArtifact';

/** A `latest`: of one image, or of the set (`image` is undefined). Its repository identifies it. */
export interface Pointer {
  readonly image: string | undefined;
  readonly repository: string;
}

/** The images of a set, in its order, each with its `latest`. */
export function imagePointers(set: StoredSet): readonly Pointer[] {
  return Object.entries(set.lock.images).map(([image, { repository }]) => ({ image, repository }));
}

/** What a set wants a pointer to name; undefined: it has no such image. */
export function digestAt(set: StoredSet, pointer: Pointer): string | undefined {
  if (pointer.image === undefined) return set.digest;
  return Object.values(set.lock.images).find(({ repository }) => repository === pointer.repository)?.digest;
}
