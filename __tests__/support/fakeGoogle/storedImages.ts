import { access, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestRegistry } from '../registry';

/** What a real Distribution registry holds, read from its data folder: its own API doesn't list what has no tag. */
export interface StoredImages {
  /** Repositories (`project/repository/image`) that start so. */
  names(prefix: string): Promise<readonly string[]>;
  digests(repository: string): Promise<readonly string[]>;
  /** Tag → digest. */
  tags(repository: string): Promise<ReadonlyMap<string, string>>;
  /** undefined: there is none. */
  describe(
    repository: string,
    digest: string,
  ): Promise<{ readonly bytes: number; readonly mediaType: string; readonly uploadedAt: Date } | undefined>;
  removeTag(repository: string, tag: string): Promise<void>;
  /** With the tags that name it. */
  removeDigest(repository: string, digest: string): Promise<void>;
}

/** Layout of the folder: `docs/content/spec/implementations` and registry/storage/paths.go of distribution/distribution. */
export function storedImages(registry: TestRegistry): StoredImages {
  const top = join(registry.dataDir, 'docker', 'registry', 'v2', 'repositories');
  const list = (path: string): Promise<readonly string[]> => readdir(path).catch(() => []);
  const revisions = (repository: string): string => join(top, repository, '_manifests', 'revisions', 'sha256');
  const tagFolder = (repository: string): string => join(top, repository, '_manifests', 'tags');
  const digests = async (repository: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const hex of await list(revisions(repository))) {
      // Deleting leaves the folder behind.
      const isThere = await access(join(revisions(repository), hex, 'link')).then(
        () => true,
        () => false,
      );
      if (isThere) found.push(`sha256:${hex}`);
    }
    return found;
  };
  const tags = async (repository: string): Promise<ReadonlyMap<string, string>> => {
    const found = new Map<string, string>();
    for (const tag of await list(tagFolder(repository))) {
      const digest = await readFile(join(tagFolder(repository), tag, 'current', 'link'), 'utf8').catch(() => undefined);
      if (digest !== undefined) found.set(tag, digest);
    }
    return found;
  };
  const removeTag = (repository: string, tag: string): Promise<void> =>
    rm(join(tagFolder(repository), tag), { recursive: true, force: true });
  return {
    names: async (prefix) => {
      const found: string[] = [];
      const walk = async (path: string): Promise<void> => {
        for (const entry of await list(join(top, path))) {
          if (entry === '_manifests') found.push(path);
          else if (!entry.startsWith('_')) await walk(path === '' ? entry : `${path}/${entry}`);
        }
      };
      await walk('');
      return found.filter((name) => name.startsWith(prefix));
    },
    digests,
    tags,
    describe: async (repository, digest) => {
      const link = join(revisions(repository), digest.replace('sha256:', ''), 'link');
      const about = await stat(link).catch(() => undefined);
      if (about === undefined) return undefined;
      const hex = digest.replace('sha256:', '');
      const text = await readFile(join(top, '..', 'blobs', 'sha256', hex.slice(0, 2), hex, 'data'), 'utf8');
      const { mediaType, config, layers } = JSON.parse(text) as {
        readonly mediaType: string;
        readonly config: { readonly size: number };
        readonly layers: readonly { readonly size: number }[];
      };
      const bytes = text.length + config.size + layers.reduce((sum, { size }) => sum + size, 0);
      return { bytes, mediaType, uploadedAt: about.mtime };
    },
    removeTag,
    removeDigest: async (repository, digest) => {
      const auth = Buffer.from(`${registry.username}:${registry.password}`).toString('base64');
      const url = `${registry.url}/v2/${repository}/manifests/${digest}`;
      const { status } = await fetch(url, { method: 'DELETE', headers: { authorization: `Basic ${auth}` } });
      if (status !== 202) throw new Error(`the registry answered ${status} to DELETE ${url}`);
      for (const [tag, at] of await tags(repository)) if (at === digest) await removeTag(repository, tag);
    },
  };
}
