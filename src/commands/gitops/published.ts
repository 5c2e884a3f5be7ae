import { PublishError, RegistryError, message } from '../../errors';
import type { Access } from '../../run/access';
import type { WantedImage } from '../../deploy/gitops/wanted';

/**
 * Refuses a set whose images the registry does not have: what is written into a GitOps repository is pulled later, by others. Gives a
 * warning where the set comes from a lock file and the registry can't be asked. Throws PublishError; RegistryError where the set itself was
 * read from the registry.
 */
export async function requirePublished(
  images: readonly WantedImage[],
  access: Access | undefined,
  isLockFile: boolean,
): Promise<readonly string[]> {
  const unknown = (why: string): readonly string[] => [
    `The registry was not asked whether it has the images of the lock file: ${why}`,
  ];
  if (access === undefined) return unknown('there are no credentials for it.');
  try {
    const found = await Promise.all(
      images.map(async (image) => ({
        image,
        manifest: await access.registry.head(image.repository, image.digest),
      })),
    );
    const missing = found.filter(({ manifest }) => manifest === undefined).map(({ image }) => image);
    if (missing.length === 0) return [];
    throw new PublishError(
      `The registry does not have ${missing.map(({ reference }) => reference).join(' and ')}. Pods could not pull it. ` +
        'Build and publish the set again, or take the lock file of one that is published. Nothing is written.',
    );
  } catch (thrown) {
    if (isLockFile && thrown instanceof RegistryError) return unknown(message(thrown));
    throw thrown;
  }
}

/** Refuses a tag that the registry does not have, or that names another image than the set's: it is what a chart would pull. */
export async function requireTags(images: readonly WantedImage[], access: Access): Promise<void> {
  for (const { name, repository, tag, digest } of images) {
    const found = await access.registry.head(repository, tag);
    if (found?.digest === digest) continue;
    throw new PublishError(
      found === undefined
        ? `The registry has no tag ${repository}:${tag}. Write the digest of ${name} instead (--value PATH=${name}:digest). Nothing is written.`
        : `${repository}:${tag} names ${found.digest}, but the set's ${name} is ${digest}. Write the digest instead (--value PATH=${name}:digest). Nothing is written.`,
    );
  }
}
