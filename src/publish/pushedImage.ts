import { setTimeout as sleep } from 'node:timers/promises';
import { readManifest } from '../oci/manifest';
import type { Registry } from '../types';

/** Milliseconds between looks: some registries show what they took only moments later. */
const looks = [0, 200, 1000] as const;

/**
 * The digest under which the registry has what buildx says it pushed (`said`). Where the engine's classic image store is shared, another build
 * that gives the image's name to its own in between makes buildx say the digest of the configuration, or of an image that was never pushed:
 * then what the tag of the content key names counts, which has the same content whoever pushed it. undefined: the registry has neither.
 * Throws RegistryError.
 */
export async function pushedDigest(
  registry: Registry,
  { repository, tag, said }: { readonly repository: string; readonly tag: string; readonly said: string },
): Promise<string | undefined> {
  for (const wait of looks) {
    if (wait > 0) await sleep(wait);
    if (await isImage(registry, repository, said)) return said;
    const tagged = await registry.manifest(repository, tag);
    if (tagged !== undefined && readManifest(tagged.bytes) !== undefined) return tagged.digest;
  }
  return undefined;
}

async function isImage(registry: Registry, repository: string, digest: string): Promise<boolean> {
  const found = await registry.manifest(repository, digest);
  return found !== undefined && readManifest(found.bytes) !== undefined;
}
