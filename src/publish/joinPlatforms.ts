import { BuildError, message } from '../errors';
import { digestOf } from '../oci/digest';
import { readManifest } from '../oci/manifest';
import { saysPartIsMissing } from '../oci/refusals';
import { field, parseJson } from '../system/json';
import type { Log, Manifest, Registry } from '../types';
import { tagKey } from './builtImage';

/** An image of one platform. */
interface PlatformImage {
  /** `linux/arm64/v8` */
  readonly platform: string;
  /** As it was read in this run. */
  readonly manifest: Manifest;
}

/** Where the whole image goes. */
interface JoinedAt {
  readonly repository: string;
  /** Of its content key. */
  readonly tag: string;
  /** Did this run find nothing there? */
  readonly isFree: boolean;
}

/** The whole image. */
interface JoinedImage {
  readonly manifest: Manifest;
  /** Was it put under the tag of its key, where nothing was? */
  readonly isKeyed: boolean;
}

const indexType = 'application/vnd.oci.image.index.v1+json';

/**
 * Puts the index that lists these images of one repository, under the tag of its key where that is free, and gives it. What a part has beside
 * its image (attestations) comes along. The same parts give the same bytes, in whatever order they come.
 * Throws BuildError where a part is no image or not there any more, RegistryError.
 */
export async function joinPlatforms(
  registry: Registry,
  at: JoinedAt,
  parts: readonly PlatformImage[],
  log: Pick<Log, 'debug'>,
): Promise<JoinedImage> {
  const { repository, tag, isFree } = at;
  const entries = parts
    .toSorted((a, b) => (a.platform < b.platform ? -1 : 1))
    .flatMap((part) => entriesOf(part, repository));
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: entries }));
  const index = { mediaType: indexType, digest: digestOf(bytes), size: bytes.length, bytes };
  const put = (reference: string): Promise<unknown> =>
    registry.putManifest(repository, reference, indexType, bytes).catch(async (refusal: unknown) => {
      if (saysPartIsMissing(refusal)) await findMissing(registry, repository, parts);
      throw refusal;
    });
  // Where the list says so too (see readTag), one request puts the image and names it. What the commit names is read back before it is published.
  if (isFree && !(await registry.tags(repository)).includes(tag)) {
    await put(tag);
    return { manifest: index, isKeyed: true };
  }
  if ((await registry.head(repository, index.digest)) === undefined) await put(index.digest);
  // Publishing does it too, and says what fails.
  await tagKey(registry, { repository, tag, digest: index.digest }).catch((error: unknown) =>
    log.debug(message(error)),
  );
  return { manifest: index, isKeyed: false };
}

async function findMissing(registry: Registry, repository: string, parts: readonly PlatformImage[]): Promise<void> {
  for (const { platform, manifest } of parts) {
    if ((await registry.head(repository, manifest.digest)) !== undefined) continue;
    throw new BuildError(
      `${repository}@${manifest.digest} (${platform}) is not there any more, so it can't become a part of the image. Run again.`,
    );
  }
}

/** What the index lists of one part: https://github.com/opencontainers/image-spec/blob/main/image-index.md */
function entriesOf({ platform, manifest }: PlatformImage, repository: string): object[] {
  const { bytes, mediaType, digest, size } = manifest;
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
