import { setTimeout as sleep } from 'node:timers/promises';
import { PublishError } from '../errors';
import { isImmutable } from '../oci/refusals';
import type { Manifest, Registry } from '../types';
import { keepTag, ownTag, passingTag } from './tags';

/** A tag that is to name a digest. */
export interface TagAt {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** How long, and how often, a contradiction of the registry (a tag that is listed but not there) is looked at before it is believed to be one. */
const contradictionMs = 8000;
const fewestLooks = 8;

/** Waits between such looks: milliseconds, doubling. */
const firstWaitMs = 50;
const longestWaitMs = 1000;

/**
 * What a tag names; undefined: nothing. That nothing is there is believed only when the repository's list of tags says so too: a registry (or
 * what is before it) that answers 404 by mistake must not make us put a tag over another, or say that something is missing. A registry
 * may list a tag that is being put before it can be read (Distribution 3): that heals within moments. `isExpected: false`: both are asked at
 * once, where probably nothing is there. Throws RegistryError, or PublishError when the registry goes on contradicting itself.
 */
export async function readTag(
  registry: Registry,
  repository: string,
  tag: string,
  { isExpected = true } = {},
): Promise<Manifest | undefined> {
  const endsAt = performance.now() + contradictionMs;
  for (let wait = firstWaitMs, looks = 1; ; wait = Math.min(2 * wait, longestWaitMs), looks++) {
    const [found, listed] = isExpected
      ? [await registry.manifest(repository, tag), undefined]
      : await Promise.all([registry.manifest(repository, tag), registry.tags(repository)]);
    if (found !== undefined || !(listed ?? (await registry.tags(repository))).includes(tag)) return found;
    if (looks >= fewestLooks && performance.now() + wait > endsAt) break;
    await sleep(wait);
  }
  throw new PublishError(
    `The registry lists ${repository}:${tag} but does not have it, and did not for ${contradictionMs / 1000} seconds. Nothing is done on such a word. Run again.`,
  );
}

/** How often a tag is put when the registry said yes but does not show it, and where other runs keep putting theirs. */
const attempts = 3;
const attemptsBesideOthers = 12;

/**
 * Lets a tag name a digest that its repository has, by putting the same bytes under it, and reads it back.
 * Gives `unchanged` where it named it already. `known`: the image, where it was read or put just now. Throws PublishError when the image is not there, when the tag is immutable and names another
 * image, or when the registry took it but does not show it; RegistryError for the rest.
 */
export async function putTag(
  registry: Registry,
  { repository, tag, digest }: TagAt,
  known?: Manifest,
): Promise<'published' | 'unchanged'> {
  let shown = await registry.manifest(repository, tag);
  if (shown?.digest === digest) return 'unchanged';
  const image = known ?? (await registry.manifest(repository, digest));
  if (image === undefined) {
    throw new PublishError(
      `${repository}:${tag} can't be published: the registry has no ${digest} there. Was it deleted during the run? Run again.`,
    );
  }
  const kind = ownTag(tag)?.kind;
  let lost = 0;
  let puts = 0;
  while (lost < attempts && puts < attemptsBesideOthers) {
    if (kind === 'commit' && shown !== undefined) await keep(registry, repository, shown);
    const before = shown?.digest;
    await put(registry, repository, tag, image, shown);
    puts++;
    for (let wait = firstWaitMs; wait <= longestWaitMs; wait *= 3) {
      shown = await registry.manifest(repository, tag);
      if (shown?.digest === digest) return 'published';
      // Another's image is not a delay of the registry's.
      if (shown !== undefined && shown.digest !== before) break;
      await sleep(wait);
    }
    if (shown === undefined || shown.digest === before) lost++;
    else {
      // Another run's image went over ours, which no tag may name now. Whoever waits longest sees its own.
      if (kind === 'commit') await keep(registry, repository, image);
      if (kind === 'key')
        await registry.putManifest(repository, passingTag(digest, Date.now()), image.mediaType, image.bytes);
      await sleep(Math.random() * longestWaitMs);
      shown = await registry.manifest(repository, tag);
      if (shown?.digest === digest) return 'published';
    }
  }
  throw new PublishError(
    `${repository}:${tag} was put ${puts} times as ${digest}, but the registry shows ${shown?.digest ?? 'nothing'}. ` +
      'Another run may be writing the same tag, or the registry has a fault. Run again.',
  );
}

/**
 * Gives what a commit's tag is about to be moved from, or was, a tag of its own: a lock file of the commit names it, and some registries delete
 * what no tag names. Throws RegistryError.
 */
export async function keep(registry: Registry, repository: string, named: Manifest): Promise<void> {
  await registry.putManifest(repository, keepTag(named.digest), named.mediaType, named.bytes);
}

async function put(
  registry: Registry,
  repository: string,
  tag: string,
  image: Manifest,
  shown: Manifest | undefined,
): Promise<void> {
  try {
    await registry.putManifest(repository, tag, image.mediaType, image.bytes);
  } catch (refusal) {
    if (!isImmutable(refusal)) throw refusal;
    throw new PublishError(
      `${repository}:${tag} is immutable and names ${shown?.digest ?? 'another image'}, not ${image.digest}. ` +
        'Publish from another commit, choose other tags, or turn off tag immutability for the repository.',
      { cause: refusal },
    );
  }
}
