import { createHash } from 'node:crypto';
import type { IsAncestor } from '../../src/publish/ancestry';
import type { FinishedImage, PublicationOrder } from '../../src/publish/publishSet';
import { digestOf } from '../../src/oci/digest';
import type { Log, Registry } from '../../src/types';

/** A commit id for a name. */
export function commitId(name: string): string {
  return createHash('sha1').update(name).digest('hex');
}

/** A content key for a name. */
export function contentKey(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/**
 * Ancestry by names: `history({ b: ['a'], c: ['b'] })` is the line a, b, c. Commits whose name is not in it are unknown, as in a shallow clone.
 */
export function history(parents: Readonly<Record<string, readonly string[]>>): IsAncestor {
  const names = new Map<string, string>();
  for (const [name, before] of Object.entries(parents))
    for (const each of [name, ...before]) names.set(commitId(each), each);
  const reaches = (from: string, to: string): boolean =>
    from === to || (parents[from] ?? []).some((parent) => reaches(parent, to));
  return (a, b) => {
    const [one, two] = [names.get(a), names.get(b)];
    if (one === undefined || two === undefined) return Promise.resolve('unknown');
    return Promise.resolve(reaches(two, one) ? 'yes' : 'no');
  };
}

/** What an image of the tests is made of: a few bytes, a label, and what it binds. */
export interface TinyImage {
  readonly repository: string;
  readonly content: string;
  readonly revision: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Pushes an image of one layer by the port alone. Gives its digest. */
export async function pushTinyImage(registry: Registry, image: TinyImage): Promise<string> {
  const { repository, content, revision, env = {} } = image;
  const layer = await registry.putBlob(
    repository,
    'application/vnd.oci.image.layer.v1.tar',
    Buffer.from(`layer of ${content}`),
  );
  const text = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: {
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      Labels: { 'org.opencontainers.image.revision': revision },
    },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  const config = await registry.putBlob(repository, 'application/vnd.oci.image.config.v1+json', Buffer.from(text));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }));
  const { digest } = await registry.putManifest(repository, digestOf(bytes), mediaType, bytes);
  return digest;
}

/** A run's images: name → what it is made of. What is bound to others is named after `bind`. */
export interface TinyRelease {
  readonly registryPath: string;
  readonly commit: string;
  /** Name → content; the same content is the same image, built by the commit `builtBy` names (else by this one). */
  readonly images: Readonly<Record<string, { readonly content: string; readonly builtBy?: string }>>;
  /** Name → the images it carries the digests of. */
  readonly binds?: Readonly<Record<string, readonly string[]>>;
  readonly moveLatest?: boolean;
  readonly override?: boolean;
  readonly tags?: readonly string[];
}

/** Builds and binds a release as the stages before do, by the port alone: what `publish` is then told to publish. */
export async function buildTinyRelease(registry: Registry, release: TinyRelease): Promise<PublicationOrder> {
  const { registryPath, commit, binds = {} } = release;
  const done = new Map<string, FinishedImage>();
  const names = Object.keys(release.images).sort((a, b) => (binds[a]?.length ?? 0) - (binds[b]?.length ?? 0));
  for (const name of names) {
    const { content, builtBy = commit } = release.images[name] ?? { content: name };
    const tiny = { repository: `${registryPath}/${name}`, content: `${name} ${content}`, revision: builtBy };
    const unbound = await pushTinyImage(registry, tiny);
    const bound = (binds[name] ?? []).map((other) => [other.toUpperCase(), done.get(other)?.digest ?? ''] as const);
    const digest =
      bound.length === 0 ? unbound : await pushTinyImage(registry, { ...tiny, env: Object.fromEntries(bound) });
    done.set(name, { name, repository: tiny.repository, key: contentKey(tiny.content), unbound, digest });
  }
  return {
    registryPath,
    commit,
    created: '2026-11-23T00:00:00Z',
    images: [...done.values()],
    tags: release.tags ?? [],
    binds: new Map(Object.entries(binds)),
    standing: new Map(),
    moveLatest: release.moveLatest ?? true,
    override: release.override ?? false,
  };
}

/** Says nothing. */
export const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warning: () => undefined,
  error: () => undefined,
};
