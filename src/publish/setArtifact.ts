import { describe, empty, putArtifact, putArtifactManifest, type Artifact } from '../oci/artifact';
import { RegistryError } from '../errors';
import { mapConcurrently } from '../system/mapConcurrently';
import { bounds } from '../system/bounds';
import type { LockFile, Manifest, Registry } from '../types';
import { encodeLockFile, parseLockFile } from './lockFile';
import { readManifest } from '../oci/manifest';
import { isDigest } from '../oci/names';
import { readTag } from './putTag';
import { setRepository } from './tags';

/** A release set as it is in the registry. */
export interface StoredSet extends Manifest {
  readonly lock: LockFile;
}

const setType = 'application/vnd.kfp-images.set.v1+json';
const lockType = 'application/vnd.kfp-images.lock.v1+json';
const withdrawnType = 'application/vnd.kfp-images.withdrawn.v1+json';

/** A set as an artifact. `created`: the commit's date, RFC 3339. The same set gives the same bytes. */
function setOf(lock: LockFile, created: string): Artifact {
  const bytes = Buffer.from(encodeLockFile(lock));
  const layer = {
    ...describe(lockType, bytes),
    annotations: { 'org.opencontainers.image.title': 'kfp-images.lock.json' },
  };
  const annotations = {
    'org.opencontainers.image.created': created,
    'org.opencontainers.image.revision': lock.commit,
    'org.opencontainers.image.title': `Release set of ${lock.commit}`,
  };
  return { artifactType: setType, layers: [layer], annotations };
}

/**
 * Stores a set under a tag: blobs first, then the manifest. A registry that refuses artifacts gets the form of an image.
 * `isNew`: nobody looks for its blob first. Gives what was put. Throws RegistryError. Whoever needs certainty reads it back.
 */
export async function storeSet(
  registry: Registry,
  repository: string,
  tag: string,
  lock: LockFile,
  created: string,
  isNew = false,
): Promise<Manifest> {
  const parts = [
    [lockType, Buffer.from(encodeLockFile(lock)), isNew] as const,
    [empty.mediaType, empty.bytes, false] as const,
  ];
  await mapConcurrently(parts, ([type, bytes, isFirst]) => registry.putBlob(repository, type, bytes, isFirst));
  return putArtifactManifest(registry, repository, tag, setOf(lock, created), 'The release set');
}

/** Puts a note under a tag: what stood there counts no more. For registries that don't delete tags, too. */
export async function storeWithdrawal(registry: Registry, repository: string, tag: string): Promise<void> {
  await storeNote(registry, repository, tag, withdrawnType);
}

/** Puts a note under a tag: an artifact that is nothing but its type and annotations. */
export async function storeNote(
  registry: Registry,
  repository: string,
  tag: string,
  type: string,
  annotations: Readonly<Record<string, string>> = {},
): Promise<void> {
  const layer = describe(empty.mediaType, empty.bytes);
  const note = { artifactType: type, layers: [layer], annotations };
  await putArtifact(registry, repository, tag, note, 'A note of kfp-images');
}

/** How often a set is read again that went before it was read wholly. */
const reads = 8;

/**
 * What is at a tag or digest of a set's repository: a set; `other`: something that is none (or of another registry path);
 * undefined: nothing (see readTag, and there for `isExpected`). Throws RegistryError, PublishError.
 */
export async function readSet(
  registry: Registry,
  repository: string,
  reference: string,
  isExpected = true,
): Promise<StoredSet | 'other' | undefined> {
  for (let read = 1; ; read++) {
    const manifest = isDigest(reference)
      ? await registry.manifest(repository, reference)
      : await readTag(registry, repository, reference, { isExpected });
    if (manifest === undefined) return undefined;
    const lock = await readLock(registry, repository, manifest, read < reads);
    if (lock !== 'gone') return setIn(repository, manifest, lock);
  }
}

/** A set that names another registry path than the one it lies in: a copy, or what a run published under another name of this registry. */
export interface SetElsewhere {
  readonly manifest: Manifest;
  readonly registryPath: string;
}

/** Tells whether what is at a tag, and is no set of this registry path, is one of another. Throws RegistryError, PublishError. */
export async function readSetElsewhere(
  registry: Registry,
  repository: string,
  tag: string,
): Promise<SetElsewhere | undefined> {
  const manifest = await readTag(registry, repository, tag);
  const lock = manifest && (await readLock(registry, repository, manifest));
  return manifest === undefined ||
    lock === undefined ||
    lock === 'gone' ||
    repository === setRepository(lock.registryPath)
    ? undefined
    : { manifest, registryPath: lock.registryPath };
}

/** The same for a manifest that was read already. One that is gone meanwhile is `other`. */
export async function openSet(
  registry: Registry,
  repository: string,
  manifest: Manifest,
): Promise<StoredSet | 'other'> {
  const lock = await readLock(registry, repository, manifest);
  return lock === 'gone' ? 'other' : setIn(repository, manifest, lock);
}

/** What a set says of another place than its own is not its to say. */
const setIn = (repository: string, manifest: Manifest, lock: LockFile | undefined): StoredSet | 'other' =>
  lock !== undefined && repository === setRepository(lock.registryPath) ? { ...manifest, lock } : 'other';

/**
 * undefined: it has none. `gone`: the registry has it no more. Another run moved the tag, and some registries delete at once what no tag names,
 * and its parts (Gitea). `mayGo: false`: that is an error.
 */
async function readLock(
  registry: Registry,
  repository: string,
  manifest: Manifest,
  mayGo = true,
): Promise<LockFile | 'gone' | undefined> {
  const layer = readManifest(manifest.bytes)?.layers.find(({ mediaType }) => mediaType === lockType);
  if (layer === undefined || layer.size > bounds.lockFile.bytes) return undefined;
  let bytes: Uint8Array | undefined;
  for (let read = 1; bytes === undefined; read++) {
    try {
      bytes = await registry.blob(repository, layer.digest);
    } catch (error) {
      if (!mayGo || read === reads || !(error instanceof RegistryError) || error.status !== 404) throw error;
      if ((await registry.head(repository, manifest.digest)) === undefined) return 'gone';
      // It was put back meanwhile.
    }
  }
  try {
    return parseLockFile(Buffer.from(bytes).toString('utf8'), `${repository}@${manifest.digest}`);
  } catch {
    return undefined;
  }
}
