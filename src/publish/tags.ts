import { PublishError, RegistryError } from '../errors';
import type { Manifest, Registry } from '../types';

/** Moves last, and only forwards. */
export const latestTag = 'latest';

/** Tag of an image before binding: the content key's first 40 digits. */
export function keyTag(key: string): string {
  return `key-${key.slice(0, 40)}`;
}

/** Tag of a commit's images, and of its set. */
export function commitTag(commit: string): string {
  return `commit-${commit}`;
}

/** Where the sets of a registry path lie. */
export function setRepository(registryPath: string): string {
  return `${registryPath}/kfp-images-set`;
}

/** A tag that is to name a digest. */
export interface TagAt {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** How often a contradiction of the registry (a tag that is listed but not there) is looked at before it is believed to be one. */
const looks = 3;

/**
 * What a tag names; undefined: nothing. That nothing is there is believed only when the repository's list of tags says so too: a registry (or
 * what stands before it) that answers 404 by mistake must not make us put a tag over another, or say that something is missing.
 * Throws RegistryError, or PublishError when the registry contradicts itself.
 */
export async function readTag(registry: Registry, repository: string, tag: string): Promise<Manifest | undefined> {
  for (let look = 1; look <= looks; look++) {
    const found = await registry.manifest(repository, tag);
    if (found !== undefined || !(await registry.tags(repository)).includes(tag)) return found;
  }
  throw new PublishError(
    `The registry lists ${repository}:${tag} but does not have it. Nothing is done on such a word. Run again.`,
  );
}

/** How often a tag is put when the registry said yes but does not show it. */
const attempts = 3;

/**
 * Lets a tag name a digest that its repository has, by putting the same bytes under it, and reads it back.
 * Gives `unchanged` where it named it already. Throws PublishError when the image is not there, when the tag is immutable and names another
 * image, or when the registry took it but does not show it; RegistryError for the rest.
 */
export async function putTag(
  registry: Registry,
  { repository, tag, digest }: TagAt,
): Promise<'published' | 'unchanged'> {
  let shown = await registry.manifest(repository, tag);
  if (shown?.digest === digest) return 'unchanged';
  const image = await registry.manifest(repository, digest);
  if (image === undefined) {
    throw new PublishError(
      `${repository}:${tag} can't be published: the registry has no ${digest} there. Was it deleted during the run? Run again.`,
    );
  }
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await put(registry, repository, tag, image, shown);
    shown = await registry.manifest(repository, tag);
    if (shown?.digest === digest) return 'published';
  }
  throw new PublishError(
    `${repository}:${tag} was put ${attempts} times as ${digest}, but the registry shows ${shown?.digest ?? 'nothing'}. ` +
      'Another run may be writing the same tag, or the registry has a fault. Run again.',
  );
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

/**
 * Does a registry's refusal say that the tag exists and may not be moved? Artifact Registry: "manifest invalid: cannot update tag X. The
 * repository has enabled tag immutability" (https://cloud.google.com/artifact-registry/docs/docker/troubleshoot); ECR: "The image tag 'X'
 * already exists in the 'R' repository and cannot be overwritten because the repository is immutable"; Harbor: "configured as immutable".
 */
export function isImmutable(error: unknown): boolean {
  return (
    error instanceof RegistryError && error.status !== undefined && /immutab|ImageTagAlreadyExists/i.test(error.message)
  );
}
