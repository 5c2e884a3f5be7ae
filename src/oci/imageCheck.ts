import { PublishError } from '../errors';
import type { Registry } from '../types';
import { readManifest } from './manifest';
import { mapConcurrently } from '../system/mapConcurrently';

/** Layers that a registry need not have, because they come from elsewhere: https://github.com/opencontainers/image-spec/blob/main/layer.md */
const foreign = /nondistributable|foreign/;

/** An index lists images; one that lists indexes that list indexes is not an image of ours. */
const deepest = 3;

/**
 * Is the image there by digest, whole: manifest, config and layers, of an index each that it lists?
 * Manifests are read (and so verified), blobs are asked for. Throws PublishError that names the first thing missing, or RegistryError.
 */
export async function checkImage(registry: Registry, repository: string, digest: string): Promise<void> {
  const lacking = await missingPart(registry, repository, digest);
  if (lacking === undefined) return;
  throw new PublishError(`${lacking}. Nothing was tagged with it. Run again with rebuild: all if it stays so.`);
}

/** What an image lacks to be whole, as the beginning of a sentence; undefined: nothing. RegistryError. */
export async function missingPart(
  registry: Registry,
  repository: string,
  digest: string,
  depth = 1,
): Promise<string | undefined> {
  const missing = (what: string): string => `${repository}@${digest} is not whole: ${what}`;
  const manifest = await registry.manifest(repository, digest);
  if (manifest === undefined) return missing('the registry has no such image');
  const content = readManifest(manifest.bytes);
  if (content?.isComplete !== true || depth > deepest) return missing('its manifest can’t be read');
  const inner = await mapConcurrently(content.children, (child) =>
    missingPart(registry, repository, child.digest, depth + 1),
  );
  const layers = content.layers.filter(({ mediaType }) => !foreign.test(mediaType));
  const blobs = content.config === undefined ? layers : [content.config, ...layers];
  const unique = [...new Set(blobs.map((blob) => blob.digest))];
  const lacking = await mapConcurrently(unique, async (blob) =>
    (await registry.hasBlob(repository, blob)) ? undefined : missing(`the registry lacks its part ${blob}`),
  );
  return [...inner, ...lacking].find((each) => each !== undefined);
}
