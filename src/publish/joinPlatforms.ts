import { BuildError } from '../errors';
import { digestOf } from '../oci/digest';
import { readManifest } from '../oci/manifest';
import { field, parseJson } from '../system/json';
import type { Manifest, Registry } from '../types';

/** An image of one platform, by digest. */
interface PlatformImage {
  /** `linux/arm64/v8` */
  readonly platform: string;
  readonly digest: string;
}

const indexType = 'application/vnd.oci.image.index.v1+json';

/**
 * Puts the index that lists these images of one repository, by digest and without a tag, and gives its digest. What a part has beside its
 * image (attestations) comes along. The same parts give the same bytes, in whatever order they come.
 * Throws BuildError where a part is not there or no image, RegistryError.
 */
export async function joinPlatforms(
  registry: Registry,
  repository: string,
  parts: readonly PlatformImage[],
): Promise<string> {
  const entries: object[] = [];
  for (const part of parts.toSorted((a, b) => (a.platform < b.platform ? -1 : 1))) {
    const manifest = await registry.manifest(repository, part.digest);
    if (manifest === undefined) {
      throw new BuildError(
        `${repository}@${part.digest} (${part.platform}) is not there any more, so it can't become a part of the image. Run again.`,
      );
    }
    entries.push(...entriesOf(manifest, part.platform, repository));
  }
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: entries }));
  const digest = digestOf(bytes);
  const there = await registry.head(repository, digest);
  if (there === undefined) await registry.putManifest(repository, digest, indexType, bytes);
  return digest;
}

/** What the index lists of one part: https://github.com/opencontainers/image-spec/blob/main/image-index.md */
function entriesOf({ bytes, mediaType, digest, size }: Manifest, platform: string, repository: string): object[] {
  const content = readManifest(bytes);
  if (content?.isComplete !== true) {
    throw new BuildError(`${repository}@${digest} (${platform}) is not an image. Build it again with rebuild: all.`);
  }
  if (content.config === undefined) {
    const listed = field(parseJson(bytes), 'manifests');
    return Array.isArray(listed) ? listed.filter((entry): entry is object => typeof entry === 'object') : [];
  }
  const [os, architecture, variant] = platform.split('/');
  return [
    {
      mediaType: content.mediaType ?? mediaType,
      digest,
      size,
      platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
    },
  ];
}
