import { PublishError } from '../errors';
import { checkImage } from '../oci/imageCheck';
import type { Registry } from '../types';
import { putTag, readTag, type TagAt } from './tags';

/**
 * Lets the tag of a content key name what was built, so that a later run finds it. Where it names a whole image already (two runs built it at
 * once, or it was built again) that one is as good, and stays: another run may be about to publish it, and some registries delete what no tag
 * names. Throws PublishError when the image is not there, RegistryError.
 */
export async function tagKey(registry: Registry, at: TagAt): Promise<void> {
  const named = await readTag(registry, at.repository, at.tag);
  if (named?.digest === at.digest || (named !== undefined && (await isWhole(registry, at.repository, named.digest))))
    return;
  await putTag(registry, at);
}

async function isWhole(registry: Registry, repository: string, digest: string): Promise<boolean> {
  try {
    await checkImage(registry, repository, digest);
    return true;
  } catch (error) {
    if (error instanceof PublishError) return false;
    throw error;
  }
}
