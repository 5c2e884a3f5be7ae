import { PublishError } from '../../errors';
import { platformOf, readManifest } from '../../oci/manifest';
import { field, parseJson } from '../../system/json';
import type { Registry } from '../../types';

/** A published image for one platform. */
export interface PublishedPlatform {
  readonly platform: string;
  /** Its configuration, as it is in the registry. */
  readonly config: Uint8Array;
  readonly labels: Readonly<Record<string, string>>;
}

/** An image's configurations, one for each platform. RegistryError; PublishError where it has none. */
export async function publishedImages(
  registry: Registry,
  repository: string,
  digest: string,
): Promise<readonly PublishedPlatform[]> {
  const manifest = await registry.manifest(repository, digest);
  const content = manifest && readManifest(manifest.bytes);
  if (content === undefined) throw new PublishError(`${repository}@${digest} does not exist, or is not an image.`);
  if (content.config === undefined) {
    const images = content.children.filter(({ kind }) => kind === 'image');
    return (await Promise.all(images.map((child) => publishedImages(registry, repository, child.digest)))).flat();
  }
  const config = await registry.blob(repository, content.config.digest);
  const json = parseJson(config);
  const labels = Object.entries(field(field(json, 'config'), 'Labels') ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return [{ platform: platformOf(json) ?? '', config, labels: Object.fromEntries(labels) }];
}
