import { UsageError } from '../errors';
import { bounds, inWords } from '../system/bounds';
import { field, jsonExcess } from '../system/json';
import { quoted } from '../system/quoted';
import type { LockedImage, LockFile } from '../types';
import { isDigest, isHost, isPathComponent } from '../oci/names';

/**
 * The lock file as text: the same set gives the same bytes on every machine (fixed order of fields, images by name, newline at the end),
 * so that it has one digest in the registry.
 */
export function encodeLockFile(lock: LockFile): string {
  const images = Object.entries(lock.images)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { repository, digest, key, seconds }]) => [
      name,
      { repository, digest, key, ...(seconds === undefined ? {} : { seconds }) },
    ]);
  const { version, commit, registryPath } = lock;
  return `${JSON.stringify({ version, commit, registryPath, images: Object.fromEntries(images) as unknown }, null, 2)}\n`;
}

/**
 * Reads a lock file, from a registry or a file. Everything in it is checked: ids, digests, and that every image is under its registry path.
 * Throws UsageError that names `source` and what is wrong with it.
 */
export function parseLockFile(text: string, source: string): LockFile {
  const wrong = (why: string): UsageError =>
    new UsageError(
      `${source} is not a lock file of kfp-images: ${why}. Take one that kfp-images wrote (\`kfp-images set\` prints that of a commit).`,
    );
  const most = bounds.lockFile;
  if (text.length > most.bytes) throw wrong(`it is larger than ${inWords(most.bytes)}`);
  const excess = jsonExcess(text);
  if (excess !== undefined) throw wrong(`it ${excess}`);
  let json: unknown;
  try {
    // A byte order mark, as editors and shells of Windows write it.
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    if (/^<{7} .*^={7}$.*^>{7} /msu.test(text)) {
      throw wrong('git left the marks of a merge conflict in it, and the images of two sets do not go together');
    }
    throw new UsageError(`${source} is not a lock file of kfp-images: it is not JSON.`, { cause });
  }
  const version = field(json, 'version');
  if (version !== 1) throw wrong(`its version is ${quoted(String(version))}, this program knows 1`);
  const commit = field(json, 'commit');
  if (!isCommit(commit)) throw wrong('"commit" is not a commit id');
  const registryPath = field(json, 'registryPath');
  if (typeof registryPath !== 'string' || !isRepository(registryPath))
    throw wrong('"registryPath" is not a registry path');
  const listed = field(json, 'images');
  if (typeof listed !== 'object' || listed === null || Array.isArray(listed)) throw wrong('"images" is not an object');
  const entries = Object.entries(listed);
  if (entries.length > most.images) throw wrong(`it has more than ${most.images} images`);
  const images = entries.map(([name, image]): readonly [string, LockedImage] => {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) throw wrong(`${quoted(name)} is not the name of an image`);
    return [name, lockedImage(image, registryPath, (why) => wrong(`image ${name}: ${why}`))];
  });
  return { version: 1, commit, registryPath, images: Object.fromEntries(images) };
}

function lockedImage(image: unknown, registryPath: string, wrong: (why: string) => Error): LockedImage {
  const repository = field(image, 'repository');
  if (typeof repository !== 'string' || !isRepository(repository) || !repository.startsWith(`${registryPath}/`)) {
    throw wrong('"repository" is not under the registry path');
  }
  const digest = field(image, 'digest');
  if (typeof digest !== 'string' || !isDigest(digest)) throw wrong('"digest" is not a digest (sha256:…)');
  const key = field(image, 'key');
  if (typeof key !== 'string' || !/^[0-9a-f]{64}$/.test(key)) throw wrong('"key" is not a content key (64 hex digits)');
  const seconds = field(image, 'seconds');
  const known = typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0;
  return { repository, digest, key, ...(known ? { seconds } : {}) };
}

/** A commit id as git writes it: 40 hex digits, 64 in a SHA-256 repository. */
export function isCommit(value: unknown): value is string {
  return typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value);
}

function isRepository(text: string): boolean {
  const [host = '', ...path] = text.split('/');
  return isHost(host) && path.length > 0 && path.every(isPathComponent);
}
