import { PublishError, RegistryError } from '../errors';
import type { Descriptor, Manifest, Registry } from '../types';
import { digestOf } from './digest';
import { isImmutable, saysPartIsMissing } from './refusals';

/**
 * `artifact`: an OCI 1.1 artifact, which is an image manifest with `artifactType` and an empty config
 * (https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage).
 * `image`: for registries that take only what looks like an image: no `artifactType`, config of an image's type.
 */
type ArtifactForm = 'artifact' | 'image';

/** What an artifact says, in either form. */
export interface Artifact {
  readonly artifactType: string;
  /** Their blobs must be there before the manifest is put. */
  readonly layers: readonly (Descriptor & { readonly annotations?: Readonly<Record<string, string>> })[];
  readonly annotations: Readonly<Record<string, string>>;
  /** What it is attached to. */
  readonly subject?: Descriptor;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const imageConfigType = 'application/vnd.oci.image.config.v1+json';

/** https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidance-for-an-empty-descriptor */
export const empty = { mediaType: 'application/vnd.oci.empty.v1+json', bytes: Buffer.from('{}') };

/** The same artifact gives the same bytes. */
export function encodeArtifact({ artifactType, layers, annotations, subject }: Artifact, form: ArtifactForm): Manifest {
  const isImage = form === 'image';
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    ...(isImage ? {} : { artifactType }),
    config: describe(isImage ? imageConfigType : empty.mediaType, empty.bytes),
    layers,
    ...(subject === undefined ? {} : { subject }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  });
  const bytes = Buffer.from(text);
  return { ...describe(manifestType, bytes), bytes };
}

/**
 * Puts an artifact under a tag (without one by digest), in the form of an image where the registry refuses artifacts. Gives what was put.
 * Throws RegistryError, PublishError where neither is taken: `what` begins its text.
 */
export async function putArtifact(
  registry: Registry,
  repository: string,
  tag: string | undefined,
  artifact: Artifact,
  what: string,
): Promise<Manifest> {
  await registry.putBlob(repository, empty.mediaType, empty.bytes);
  return putArtifactManifest(registry, repository, tag, artifact, what);
}

/** The same where the empty configuration is in the repository already. */
export async function putArtifactManifest(
  registry: Registry,
  repository: string,
  tag: string | undefined,
  artifact: Artifact,
  what: string,
): Promise<Manifest> {
  const put = async (form: ArtifactForm): Promise<Manifest> => {
    const manifest = encodeArtifact(artifact, form);
    await registry.putManifest(repository, tag ?? manifest.digest, manifest.mediaType, manifest.bytes);
    return manifest;
  };
  try {
    return await put('artifact');
  } catch (refusal) {
    if (!isRefusedForm(refusal)) throw refusal;
    return put('image').catch((cause: unknown) => {
      const why = 'takes neither OCI artifacts nor images with content of their own';
      throw new PublishError(`${what} can't be stored: the registry of ${repository} ${why}.`, { cause });
    });
  }
}

/** "I don't know such a manifest", as opposed to no right, no repository, an immutable tag or too many requests. */
function isRefusedForm(error: unknown): boolean {
  if (!(error instanceof RegistryError) || isImmutable(error) || saysPartIsMissing(error)) return false;
  return [400, 405, 415, 422].includes(error.status ?? 0);
}

/** The descriptor of bytes. */
export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
