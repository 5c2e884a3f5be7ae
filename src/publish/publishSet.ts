import { UsageError } from '../errors';
import type { LockFile } from '../types';
import type { Binds } from './releaseSet';
import { commitTag, keyTag, latestTag, setRepository } from './tags';

/** An image that is built and pushed by digest. In a dry run there are no digests yet. */
export interface FinishedImage {
  readonly name: string;
  readonly repository: string;
  /** Content key, 64 hex digits. */
  readonly key: string;
  /** Before binding. */
  readonly unbound: string | undefined;
  /** After binding; the same where it binds nothing. */
  readonly digest: string | undefined;
  /** Seconds its build took; undefined: it was not built now. */
  readonly seconds?: number;
}

/** What is to be published. */
export interface PublicationOrder {
  readonly registryPath: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** The commit's date, RFC 3339. */
  readonly created: string;
  readonly images: readonly FinishedImage[];
  /** Tags of each image beside `commit-SHA`, templates filled in. */
  readonly tags: readonly string[];
  /** The images whose digests an image carries, for every image of the catalog. */
  readonly binds: Binds;
  /** Is `latest` this run's to move (branch and input)? */
  readonly moveLatest: boolean;
  /** Move it even from a commit that is not in our history (`latest: always`). */
  readonly override: boolean;
}

interface At {
  readonly repository: string;
  readonly tag: string;
}

/** One thing that a publication does. `digest` is undefined in a dry run. */
export type PublicationAction =
  /** The unbound image is there by digest and under its key. */
  | (At & { readonly kind: 'key'; readonly image: string; readonly digest: string | undefined })
  /** The bound image is there, whole. */
  | (Omit<At, 'tag'> & { readonly kind: 'check'; readonly image: string; readonly digest: string | undefined })
  | (At & { readonly kind: 'tag'; readonly image: string; readonly digest: string | undefined })
  | (At & { readonly kind: 'set'; readonly images: readonly string[] })
  /** Forwards only, all or nothing. */
  | (At & { readonly kind: 'latest'; readonly image: string | undefined });

/**
 * What a publication does, in order; each step (a run of actions of one kind) starts when the one before is complete and read back. Pure.
 * Throws UsageError for two images of one repository, or an image in the set's.
 */
export function planPublication(order: PublicationOrder): readonly PublicationAction[] {
  const { registryPath, commit, images, moveLatest } = order;
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
  const tags = [...new Set([commitTag(commit), ...order.tags])].filter((tag) => tag !== latestTag);
  return [
    ...images.map(({ name, repository, key, unbound }) => {
      return { kind: 'key', image: name, repository, tag: keyTag(key), digest: unbound } as const;
    }),
    ...images
      .filter(({ unbound, digest }) => digest === undefined || digest !== unbound)
      .map(({ name, repository, digest }) => ({ kind: 'check', image: name, repository, digest }) as const),
    ...images.flatMap(({ name, repository, digest }) =>
      tags.map((tag) => ({ kind: 'tag', image: name, repository, tag, digest }) as const),
    ),
    { kind: 'set', repository: sets, tag: commitTag(commit), images: images.map(({ name }) => name) },
    ...(moveLatest ? images.map(({ name, repository }) => latest(name, repository)) : []),
    ...(moveLatest ? [latest(undefined, sets)] : []),
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
      return `check that ${at} names the image that was built (${shown(action.digest)})`;
    case 'check':
      return `check that ${at} has the bound image, whole (${shown(action.digest)})`;
    case 'tag':
      return `put ${at} (${shown(action.digest)})`;
    case 'set':
      return `put ${at}: the lock file of ${action.images.join(', ')}`;
    case 'latest':
      return `move ${at}, if that is forwards`;
  }
}

function shown(digest: string | undefined): string {
  return digest ?? 'digest not known yet';
}

/** This run's set. Throws a plain Error when a digest is missing: there is nothing to publish in a dry run. */
export function lockOf(order: PublicationOrder): LockFile {
  const { registryPath, commit } = order;
  const images = order.images.map(({ name, repository, key, digest, seconds }) => {
    if (digest === undefined) throw new Error(`The image ${name} has no digest yet`);
    return [name, { repository, digest, key, ...(seconds === undefined ? {} : { seconds }) }] as const;
  });
  return { version: 1, commit, registryPath, images: Object.fromEntries(images) };
}
