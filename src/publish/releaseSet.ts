import type { LockedImage, LockFile } from '../types';

/** Image → names of the images whose digests it carries. */
export type Binds = ReadonlyMap<string, readonly string[]>;

/** A set that came of two. */
export interface Merged {
  readonly lock: LockFile;
  /** Images that only the other set had, and that stay. */
  readonly kept: readonly string[];
  /** Images of the other set that had to go: they carry a digest that is no longer the set's. */
  readonly dropped: readonly string[];
}

/**
 * One set of two sets of the same commit: what `first` has counts, what only `other` has is added.
 *
 * A run may build only some of the images; a later run of the same commit with other images extends its set. Both were built from the same
 * commit, so they belong together, with one exception: an image that carries another's digest fits only the very image it was bound to.
 * Where `first` has another build of that one, the bound image is dropped, so that a set never holds two builds of one image.
 * An image that both have with digest and key alike stays as `other` wrote it, so that a repeated run gives the same bytes.
 */
export function mergeSets(first: LockFile, other: LockFile | undefined, binds: Binds): Merged {
  if (other?.commit !== first.commit || other.registryPath !== first.registryPath) {
    return { lock: first, kept: [], dropped: [] };
  }
  const images = new Map<string, LockedImage>();
  for (const [name, image] of Object.entries(first.images)) {
    const known = imageOf(other, name);
    images.set(name, known !== undefined && isSameImage(known, image) ? known : image);
  }
  const extra = new Map(Object.entries(other.images).filter(([name]) => !images.has(name)));
  const dropped: string[] = [];
  const fits = (name: string): boolean =>
    (binds.get(name) ?? []).every((bound) => {
      const digest = imageOf(other, bound)?.digest;
      return digest === undefined || (images.get(bound) ?? extra.get(bound))?.digest === digest;
    });
  // A dropped image may be carried by another: look again until nothing falls.
  for (let fell = true; fell;) {
    fell = false;
    for (const name of extra.keys()) {
      if (fits(name)) continue;
      extra.delete(name);
      dropped.push(name);
      fell = true;
    }
  }
  const all = [...images, ...extra].sort(([a], [b]) => (a < b ? -1 : 1));
  return { lock: { ...first, images: Object.fromEntries(all) }, kept: [...extra.keys()], dropped };
}

/** The same images by digest and key; how long they took does not matter. */
export function isSameSet(a: LockFile, b: LockFile): boolean {
  const names = Object.keys(a.images);
  return (
    a.commit === b.commit &&
    a.registryPath === b.registryPath &&
    names.length === Object.keys(b.images).length &&
    names.every((name) => {
      const [one, two] = [imageOf(a, name), imageOf(b, name)];
      return one !== undefined && two !== undefined && isSameImage(one, two);
    })
  );
}

/** An image of a set by name; `constructor` and the like are not names that every set has. */
export function imageOf(lock: LockFile, name: string): LockedImage | undefined {
  return Object.hasOwn(lock.images, name) ? lock.images[name] : undefined;
}

function isSameImage(a: LockedImage, b: LockedImage): boolean {
  return a.repository === b.repository && a.digest === b.digest && a.key === b.key;
}
