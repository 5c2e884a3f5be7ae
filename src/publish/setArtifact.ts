import { PublishError, RegistryError } from '../errors';
import type { Descriptor, LockFile, Manifest, Registry } from '../types';
import { encodeLockFile, longestLockFile, parseLockFile } from './lockFile';
import { readManifest } from './manifest';
import { isDigest } from './names';
import { saysPartIsMissing } from './patientPut';
import { digestOf } from './registry/digest';
import { isImmutable, readTag } from './tags';

/** A release set as it lies in the registry. */
export interface StoredSet extends Manifest {
  readonly lock: LockFile;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const setType = 'application/vnd.kfp-images.set.v1+json';
const lockType = 'application/vnd.kfp-images.lock.v1+json';
const withdrawnType = 'application/vnd.kfp-images.withdrawn.v1+json';
const imageConfigType = 'application/vnd.oci.image.config.v1+json';

/** https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidance-for-an-empty-descriptor */
const empty = { mediaType: 'application/vnd.oci.empty.v1+json', bytes: Buffer.from('{}') };

/**
 * `artifact`: an OCI 1.1 artifact, which is an image manifest with `artifactType` and an empty config
 * (https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage).
 * `image`: for registries that take only what looks like an image: no `artifactType`, config of an image's type.
 */
export type ArtifactForm = 'artifact' | 'image';

/**
 * The manifest of a set. `created`: the commit's date, RFC 3339. The same set gives the same bytes.
 */
export function encodeSet(lock: LockFile, created: string, form: ArtifactForm): Manifest {
  const bytes = Buffer.from(encodeLockFile(lock));
  const layer = {
    ...describe(lockType, bytes),
    annotations: { 'org.opencontainers.image.title': 'kfp-images.lock.json' },
  };
  return manifestOf(setType, form, [layer], {
    'org.opencontainers.image.created': created,
    'org.opencontainers.image.revision': lock.commit,
    'org.opencontainers.image.title': `Release set of ${lock.commit}`,
  });
}

/**
 * Stores a set under a tag: blobs first, then the manifest. A registry that refuses artifacts gets the form of an image.
 * Throws RegistryError. Whoever needs certainty reads it back.
 */
export async function storeSet(
  registry: Registry,
  repository: string,
  tag: string,
  lock: LockFile,
  created: string,
): Promise<void> {
  await registry.putBlob(repository, lockType, Buffer.from(encodeLockFile(lock)));
  await putEither(registry, repository, tag, (form) => encodeSet(lock, created, form));
}

/** Stores the two bytes that every set's manifest refers to: to learn early whether we may. */
export async function storeProbe(registry: Registry, repository: string): Promise<void> {
  await registry.putBlob(repository, empty.mediaType, empty.bytes);
}

/** Puts a note under a tag: what stood there counts no more. For registries that don't delete tags, too. */
export async function storeWithdrawal(registry: Registry, repository: string, tag: string): Promise<void> {
  const layer = describe(empty.mediaType, empty.bytes);
  await putEither(registry, repository, tag, (form) => manifestOf(withdrawnType, form, [layer], {}));
}

/**
 * What stands at a tag or digest of a set's repository: a set; `other`: something that is none (or of another registry path);
 * undefined: nothing (see readTag). Throws RegistryError, PublishError.
 */
export async function readSet(
  registry: Registry,
  repository: string,
  reference: string,
): Promise<StoredSet | 'other' | undefined> {
  const manifest = isDigest(reference)
    ? await registry.manifest(repository, reference)
    : await readTag(registry, repository, reference);
  return manifest === undefined ? undefined : openSet(registry, repository, manifest);
}

/** The same for a manifest that was read already. */
export async function openSet(
  registry: Registry,
  repository: string,
  manifest: Manifest,
): Promise<StoredSet | 'other'> {
  const layer = readManifest(manifest.bytes)?.layers.find(({ mediaType }) => mediaType === lockType);
  if (layer === undefined || layer.size > longestLockFile) return 'other';
  const text = Buffer.from(await registry.blob(repository, layer.digest)).toString('utf8');
  try {
    const lock = parseLockFile(text, `${repository}@${manifest.digest}`);
    return repository.startsWith(`${lock.registryPath}/`) ? { ...manifest, lock } : 'other';
  } catch {
    return 'other';
  }
}

async function putEither(
  registry: Registry,
  repository: string,
  tag: string,
  encode: (form: ArtifactForm) => Manifest,
): Promise<void> {
  await storeProbe(registry, repository);
  const artifact = encode('artifact');
  try {
    await registry.putManifest(repository, tag, artifact.mediaType, artifact.bytes);
  } catch (refusal) {
    if (!isRefusedForm(refusal)) throw refusal;
    const image = encode('image');
    await registry.putManifest(repository, tag, image.mediaType, image.bytes).catch((cause: unknown) => {
      const why = 'takes neither OCI artifacts nor images with content of their own';
      throw new PublishError(`The release set can't be stored: the registry of ${repository} ${why}.`, { cause });
    });
  }
}

/** "I don't know such a manifest", as opposed to no right, no repository, an immutable tag or too many requests. */
function isRefusedForm(error: unknown): boolean {
  if (!(error instanceof RegistryError) || isImmutable(error) || saysPartIsMissing(error)) return false;
  return [400, 405, 415, 422].includes(error.status ?? 0);
}

function manifestOf(
  artifactType: string,
  form: ArtifactForm,
  layers: readonly Descriptor[],
  annotations: Readonly<Record<string, string>>,
): Manifest {
  const isImage = form === 'image';
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    ...(isImage ? {} : { artifactType }),
    config: describe(isImage ? imageConfigType : empty.mediaType, empty.bytes),
    layers,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  });
  const bytes = Buffer.from(text);
  return { ...describe(manifestType, bytes), bytes };
}

function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
