import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readManifest } from '../../src/oci/manifest';
import type { Storage as Memory } from '../support/memoryRegistry';

/** What a registry holds under one path, read from its own files: nothing that is between can be about it. */
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
 * `path`: without the host. Many small files: one call for each, where asking and waiting would cost four.
 */
export function readStorage(dataDir: string, path: string): Storage {
  const v2 = join(dataDir, 'docker/registry/v2');
  const top = join(v2, 'repositories', path);
  const tags = new Map<string, ReadonlyMap<string, string>>();
  for (const repository of list(top)) {
    const named = new Map<string, string>();
    for (const tag of list(join(top, repository, '_manifests/tags'))) {
      const digest = text(join(top, repository, '_manifests/tags', tag, 'current/link'));
      if (digest !== undefined) named.set(tag, digest);
    }
    tags.set(repository, named);
  }
  const blob = (digest: string): Buffer | undefined => {
    const hex = digest.slice('sha256:'.length);
    return read(join(v2, 'blobs/sha256', hex.slice(0, 2), hex, 'data'));
  };
  const isLinked = (repository: string, kind: string, digest: string): boolean =>
    text(join(top, repository, kind, 'sha256', digest.slice('sha256:'.length), 'link')) === digest;
  const problems = (repository: string, digest: string): readonly string[] => {
    const manifest = blob(digest);
    const content = manifest && readManifest(manifest);
    if (content === undefined || !isLinked(repository, '_manifests/revisions', digest)) {
      return [`${repository} has no ${digest}`];
    }
    const parts = [...(content.config === undefined ? [] : [content.config]), ...content.layers];
    return parts.flatMap((part) =>
      blob(part.digest)?.length === part.size && isLinked(repository, '_layers', part.digest)
        ? []
        : [`${repository}@${digest} lacks ${part.digest}`],
    );
  };
  return {
    tags,
    problems: (repository, digest) => Promise.resolve(problems(repository, digest)),
    blob: (digest) => Promise.resolve(blob(digest)),
  };
}

/** Writes what a memory registry holds into a real one's storage, as if it had been pushed: names there start with `host`. */
export function writeStorage(dataDir: string, host: string, memory: Memory): void {
  const v2 = join(dataDir, 'docker/registry/v2');
  const put = (file: string, content: Uint8Array | string): void => {
    mkdirSync(dirname(join(v2, file)), { recursive: true });
    // The registry shares blobs between rounds: a file appears whole or not at all.
    const own = join(v2, `${file}.${randomUUID()}`);
    writeFileSync(own, content);
    renameSync(own, join(v2, file));
  };
  const blob = (hex: string): string => `blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
  const own = (name: string): string => `repositories/${name.slice(host.length + 1)}`;
  for (const [at, bytes] of [...memory.blobs].concat([...memory.manifests].map(([at, { bytes }]) => [at, bytes]))) {
    const [repository = '', digest = ''] = at.split('@');
    const hex = digest.slice('sha256:'.length);
    const kind = memory.manifests.has(at) ? '_manifests/revisions' : '_layers';
    put(blob(hex), bytes);
    put(`${own(repository)}/${kind}/sha256/${hex}/link`, digest);
  }
  for (const [name, digest] of memory.tags) {
    const colon = name.lastIndexOf(':');
    const folder = `${own(name.slice(0, colon))}/_manifests/tags/${name.slice(colon + 1)}`;
    const index = `${folder}/index/sha256/${digest.slice('sha256:'.length)}/link`;
    put(`${folder}/current/link`, digest);
    put(index, digest);
  }
}

const list = (folder: string): readonly string[] => ifThere(() => readdirSync(folder)) ?? [];

const read = (file: string): Buffer | undefined => ifThere(() => readFileSync(file));

function text(file: string): string | undefined {
  const found = read(file)?.toString('utf8') ?? '';
  return found === '' ? undefined : found;
}

/** Only what is not there is undefined. */
function ifThere<Value>(look: () => Value): Value | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
