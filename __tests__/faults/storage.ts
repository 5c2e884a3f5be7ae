import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readManifest } from '../../src/oci/manifest';
import type { Storage as Memory } from '../support/memoryRegistry';

/** What a registry holds under one path, read from its own files: nothing that stands between can lie about it. */
export interface Storage {
  /** Repositories below the path, by their last part, with tag → digest. */
  readonly tags: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** What is wrong with an image; empty: it is whole. */
  problems(repository: string, digest: string): Promise<readonly string[]>;
  blob(digest: string): Promise<Buffer | undefined>;
}

/**
 * Reads the files of Distribution's filesystem driver:
 * https://github.com/distribution/distribution/blob/main/registry/storage/paths.go
 * `path`: without the host.
 */
export async function readStorage(dataDir: string, path: string): Promise<Storage> {
  const v2 = join(dataDir, 'docker/registry/v2');
  const top = join(v2, 'repositories', path);
  const tags = new Map<string, ReadonlyMap<string, string>>();
  for (const repository of await list(top)) {
    const named = new Map<string, string>();
    for (const tag of await list(join(top, repository, '_manifests/tags'))) {
      const digest = await text(join(top, repository, '_manifests/tags', tag, 'current/link'));
      if (digest !== undefined) named.set(tag, digest);
    }
    tags.set(repository, named);
  }
  const blob = async (digest: string): Promise<Buffer | undefined> => {
    const hex = digest.slice('sha256:'.length);
    return readFile(join(v2, 'blobs/sha256', hex.slice(0, 2), hex, 'data')).catch(missing);
  };
  const isLinked = async (repository: string, kind: string, digest: string): Promise<boolean> =>
    (await text(join(top, repository, kind, 'sha256', digest.slice('sha256:'.length), 'link'))) === digest;
  const problems = async (repository: string, digest: string): Promise<readonly string[]> => {
    const manifest = await blob(digest);
    const content = manifest && readManifest(manifest);
    if (content === undefined || !(await isLinked(repository, '_manifests/revisions', digest))) {
      return [`${repository} has no ${digest}`];
    }
    const parts = [...(content.config === undefined ? [] : [content.config]), ...content.layers];
    const missing = await Promise.all(
      parts.map(async (part) =>
        (await blob(part.digest))?.length === part.size && (await isLinked(repository, '_layers', part.digest))
          ? []
          : [`${repository}@${digest} lacks ${part.digest}`],
      ),
    );
    return missing.flat();
  };
  return { tags, problems, blob };
}

/** Writes what a memory registry holds into a real one's storage, as if it had been pushed: names there start with `host`. */
export async function writeStorage(dataDir: string, host: string, memory: Memory): Promise<void> {
  const v2 = join(dataDir, 'docker/registry/v2');
  const put = async (file: string, content: Uint8Array | string): Promise<void> => {
    await mkdir(dirname(join(v2, file)), { recursive: true });
    // Rounds share blobs: a file appears whole or not at all.
    const own = join(v2, `${file}.${randomUUID()}`);
    await writeFile(own, content);
    await rename(own, join(v2, file));
  };
  const blob = (hex: string): string => `blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
  const own = (name: string): string => `repositories/${name.slice(host.length + 1)}`;
  const writes: Promise<void>[] = [];
  for (const [at, bytes] of [...memory.blobs].concat([...memory.manifests].map(([at, { bytes }]) => [at, bytes]))) {
    const [repository = '', digest = ''] = at.split('@');
    const hex = digest.slice('sha256:'.length);
    const kind = memory.manifests.has(at) ? '_manifests/revisions' : '_layers';
    writes.push(put(blob(hex), bytes), put(`${own(repository)}/${kind}/sha256/${hex}/link`, digest));
  }
  for (const [name, digest] of memory.tags) {
    const colon = name.lastIndexOf(':');
    const folder = `${own(name.slice(0, colon))}/_manifests/tags/${name.slice(colon + 1)}`;
    const index = `${folder}/index/sha256/${digest.slice('sha256:'.length)}/link`;
    writes.push(put(`${folder}/current/link`, digest), put(index, digest));
  }
  await Promise.all(writes);
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    missing(error);
    return [];
  }
}

const text = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').then((found) => (found === '' ? undefined : found), missing);

/** Only what is not there is undefined. */
function missing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
