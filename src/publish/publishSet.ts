import { UsageError } from '../errors';
import type { LockedImage, LockFile, Manifest } from '../types';
import type { SoughtImage } from './lookUp';
import { imageOf, mergeSets, type Binds } from './releaseSet';
import { commitTag, keyTag, latestTag, setRepository } from './tags';

/** An image that is in the registry by digest, as its set will name it. */
export interface FinishedImage extends LockedImage {
  readonly name: string;
  /** Before binding; or, where the commit's own set is taken again, as it is there. */
  readonly unbound: string;
  /** The same, where this run joined it from its platforms: it is put again should another run's take its tag along. */
  readonly joined?: Manifest | undefined;
  /** Has this run put it under the tag of its key, where nothing was? Then nobody looks there again: what is named by the commit is read back. */
  readonly isKeyed?: boolean;
}

/** What is to be published, as far as it is known before anything is built: a dry run shows it. */
export interface PublicationPlan {
  readonly registryPath: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** The commit's date, RFC 3339. */
  readonly created: string;
  readonly images: readonly SoughtImage[];
  /** What earlier runs of this commit have published there: it joins the set. */
  readonly published?: LockFile | undefined;
  /** Image → what its `commit-SHA` named moments ago; empty: it has to be asked. */
  readonly standing: ReadonlyMap<string, string>;
  /** Tags of each image beside `commit-SHA`, templates filled in. */
  readonly tags: readonly string[];
  /** The images whose digests an image carries, for every image of the catalog. */
  readonly binds: Binds;
  /** Is `latest` this run's to move (branch and input)? */
  readonly moveLatest: boolean;
  /** Move it even from a commit that is not in our history (`latest: always`). */
  readonly override: boolean;
}

/** The same with the digests that were built. */
export interface PublicationOrder extends PublicationPlan {
  readonly images: readonly FinishedImage[];
}

interface At {
  readonly repository: string;
  readonly tag: string;
}

/** One thing that a publication does. */
export type PublicationAction =
  /** The unbound image is there by digest and under its key. */
  | (At & { readonly kind: 'key'; readonly image: string })
  /** The bound image is there, whole. */
  | (Omit<At, 'tag'> & { readonly kind: 'check'; readonly image: string })
  | (At & { readonly kind: 'tag'; readonly image: string })
  | (At & { readonly kind: 'set'; readonly images: readonly string[] })
  /** Forwards only, all or nothing. */
  | (At & { readonly kind: 'latest'; readonly image: string | undefined });

/**
 * What a publication does, in order; each step (a run of actions of one kind) starts when the one before is complete and read back. Pure.
 * Throws UsageError for two images of one repository, or an image in the set's.
 */
export function planPublication(plan: PublicationPlan): readonly PublicationAction[] {
  const { registryPath, commit, images, binds, moveLatest } = plan;
  const sets = setRepository(registryPath);
  const owners = new Map([[sets, 'the release set']]);
  for (const { name, repository } of images) {
    const owner = owners.get(repository);
    if (owner !== undefined) {
      throw new UsageError(
        `The image ${name} and ${owner} have the same repository ${repository}. Give each its own in the catalog.`,
      );
    }
    owners.set(repository, `the image ${name}`);
  }
  const tags = [...new Set([commitTag(commit), ...plan.tags])].filter((tag) => tag !== latestTag);
  const joined = joinedImages(plan);
  return [
    ...images.map(({ name, repository, key }) => {
      return { kind: 'key', image: name, repository, tag: keyTag(key) } as const;
    }),
    ...images
      // Also one that is taken as it stands in the commit's own set.
      .filter(({ name }) => (binds.get(name) ?? []).length > 0)
      .map(({ name, repository }) => ({ kind: 'check', image: name, repository }) as const),
    ...images.flatMap(({ name, repository }) =>
      tags.map((tag) => ({ kind: 'tag', image: name, repository, tag }) as const),
    ),
    { kind: 'set', repository: sets, tag: commitTag(commit), images: joined.map(({ name }) => name) },
    ...(moveLatest ? joined.map(({ name, repository }) => latest(name, repository)) : []),
    ...(moveLatest ? [latest(undefined, sets)] : []),
  ];
}

/** The images of the set as it will be: this run's, then those of earlier runs that stay (see mergeSets). */
function joinedImages(plan: PublicationPlan): readonly { readonly name: string; readonly repository: string }[] {
  const { registryPath, commit, images, published, binds } = plan;
  // Before a build its digest is not known; the same content gives the same image, other content another.
  const own = images.map(({ name, repository, key }) => {
    const before = published && imageOf(published, name);
    return [name, { repository, key, digest: before?.key === key ? before.digest : '' }] as const;
  });
  const mine: LockFile = { version: 1, commit, registryPath, images: Object.fromEntries(own) };
  const { lock, kept } = mergeSets(mine, published, binds);
  return [
    ...images,
    ...kept.flatMap((name) => {
      const image = imageOf(lock, name);
      return image === undefined ? [] : [{ name, repository: image.repository }];
    }),
  ];
}

function latest(image: string | undefined, repository: string): PublicationAction {
  return { kind: 'latest', image, repository, tag: latestTag };
}

/** An action in words, one line, for a dry run. */
export function describeAction(action: PublicationAction): string {
  const at = 'tag' in action ? `${action.repository}:${action.tag}` : action.repository;
  switch (action.kind) {
    case 'key':
      return `check that ${at} names the image that was built (digest not known yet)`;
    case 'check':
      return `check that ${at} has the bound image, whole (digest not known yet)`;
    case 'tag':
      return `put ${at} (digest not known yet)`;
    case 'set':
      return `put ${at}: the lock file of ${action.images.join(', ')}`;
    case 'latest':
      return `move ${at}, if that is forwards`;
  }
}

/** This run's set. */
export function lockOf(order: PublicationOrder): LockFile {
  const { registryPath, commit } = order;
  const images = order.images.map(({ name, repository, key, digest, seconds }) => {
    return [name, { repository, digest, key, ...(seconds === undefined ? {} : { seconds }) }] as const;
  });
  return { version: 1, commit, registryPath, images: Object.fromEntries(images) };
}
