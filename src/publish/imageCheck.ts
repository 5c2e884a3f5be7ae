import { PublishError } from '../errors';
import type { Registry } from '../types';
import { readManifest } from './manifest';
import { together } from './together';

/** Layers that a registry need not have, because they come from elsewhere: https://github.com/opencontainers/image-spec/blob/main/layer.md */
const foreign = /nondistributable|foreign/;

/** An index lists images; one that lists indexes that list indexes is no image of ours. */
const deepest = 3;

/**
 * Is the image there by digest, whole: manifest, config and layers, of an index each that it lists?
 * Manifests are read (and so verified), blobs are asked for. Throws PublishError that names the first thing missing, or RegistryError.
 */
export async function checkImage(registry: Registry, repository: string, digest: string, depth = 1): Promise<void> {
  const missing = (what: string): PublishError =>
    new PublishError(
      `${repository}@${digest} is not whole: ${what}. Nothing was tagged with it. Run again with rebuild: all if it stays so.`,
    );
  const manifest = await registry.manifest(repository, digest);
  if (manifest === undefined) throw missing('the registry has no such image');
  const content = readManifest(manifest.bytes);
  if (content === undefined || depth > deepest) throw missing('its manifest can’t be read');
  await together(content.children, (child) => checkImage(registry, repository, child.digest, depth + 1));
  const layers = content.layers.filter(({ mediaType }) => !foreign.test(mediaType));
  const blobs = content.config === undefined ? layers : [content.config, ...layers];
  const unique = [...new Set(blobs.map((blob) => blob.digest))];
  await together(unique, async (blob) => {
    if (!(await registry.hasBlob(repository, blob))) throw missing(`the registry lacks its part ${blob}`);
  });
}
