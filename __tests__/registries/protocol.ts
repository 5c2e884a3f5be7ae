import { readManifest } from '../../src/oci/manifest';
import type { Manifest, Registry } from '../../src/types';
import type { GroundRegistry } from '../faults/fixture';
import type { Storage } from '../faults/storage';
import { testClient } from '../support/registryClient';
import type { FleetRegistry } from './fleet';

/** The repositories of the tests' releases. */
const repositories = ['driver', 'launcher', 'apiserver', 'kfp-images-set'] as const;

/** A registry that is looked at through the protocol alone, undisturbed. */
export function onProtocol({ host, top = '', username, password, keepsScraps }: FleetRegistry): GroundRegistry {
  // Who only looks has all the time there is.
  const limits = {
    attempts: 12,
    firstDelayMs: 20,
    longestDelayMs: 2000,
    callMs: 600_000,
    stallMs: 120_000,
    exchangeMs: 300_000,
  };
  const { registry } = testClient({ login: { username, password }, limits });
  return {
    host,
    top,
    username,
    password,
    keepsScraps,
    look: (path) => readProtocol(registry, `${host}/${path}`),
    fill: async (from, memory) => {
      const own = (name: string): string => `${host}${name.slice(from.length)}`;
      const parts = (at: string): readonly [string, string] => {
        const [repository = '', digest = ''] = at.split('@');
        return [own(repository), digest];
      };
      for (const [at, bytes] of memory.blobs) await registry.putBlob(parts(at)[0], 'x', bytes);
      for (const [at, { mediaType, bytes }] of memory.manifests) {
        await registry.putManifest(...parts(at), mediaType, bytes);
      }
      for (const [name, digest] of memory.tags) {
        const colon = name.lastIndexOf(':');
        const stored = memory.manifests.get(`${name.slice(0, colon)}@${digest}`);
        if (stored === undefined) throw new Error(`${name} names nothing`);
        await registry.putManifest(own(name.slice(0, colon)), name.slice(colon + 1), stored.mediaType, stored.bytes);
      }
    },
  };
}

/** Each thing is asked for once: what a look finds is of one moment, and rounds are many. */
async function readProtocol(registry: Registry, top: string): Promise<Storage> {
  const known = new Map<string, Promise<Manifest | undefined>>();
  const blobs = new Map<string, Promise<boolean>>();
  const manifestOf = (repository: string, digest: string): Promise<Manifest | undefined> =>
    once(known, `${repository}@${digest}`, () => registry.manifest(`${top}/${repository}`, digest));
  const hasBlob = (repository: string, digest: string): Promise<boolean> =>
    once(blobs, `${repository}@${digest}`, () => registry.hasBlob(`${top}/${repository}`, digest));
  const tagsOf = async (repository: string): Promise<ReadonlyMap<string, string>> => {
    const named = new Map<string, string>();
    const found = await Promise.all(
      (await registry.tags(`${top}/${repository}`)).map(
        async (tag) => [tag, await registry.head(`${top}/${repository}`, tag)] as const,
      ),
    );
    for (const [tag, at] of found) if (at !== undefined) named.set(tag, at.digest);
    return named;
  };
  const tags = new Map<string, ReadonlyMap<string, string>>();
  const listed = await Promise.all(
    repositories.map(async (repository) => [repository, await tagsOf(repository)] as const),
  );
  for (const [repository, named] of listed) if (named.size > 0) tags.set(repository, named);
  return {
    tags,
    blob: async (digest) => {
      // Where it was found before, first: another repository costs two questions that say no.
      const names = [...tags.keys()];
      for (const repository of names) {
        const stored = known.has(`${repository}@${digest}`) ? await manifestOf(repository, digest) : undefined;
        if (stored !== undefined) return Buffer.from(stored.bytes);
      }
      const seen = await Promise.all(
        names.map(async (repository) => blobs.has(`${repository}@${digest}`) && (await hasBlob(repository, digest))),
      );
      for (const repository of [...names.filter((_, at) => seen[at]), ...names.filter((_, at) => !seen[at])]) {
        if (await hasBlob(repository, digest)) return Buffer.from(await registry.blob(`${top}/${repository}`, digest));
        const stored = await manifestOf(repository, digest);
        if (stored !== undefined) return Buffer.from(stored.bytes);
      }
      return undefined;
    },
    problems: async (repository, digest) => {
      const manifest = await manifestOf(repository, digest);
      const content = manifest && readManifest(manifest.bytes);
      if (content === undefined) return [`${repository} has no ${digest}`];
      const parts = [...(content.config === undefined ? [] : [content.config]), ...content.layers];
      const missing = await Promise.all(
        parts.map(async (part) =>
          (await hasBlob(repository, part.digest)) ? [] : [`${repository}@${digest} lacks ${part.digest}`],
        ),
      );
      return missing.flat();
    },
  };
}

function once<Value>(known: Map<string, Promise<Value>>, name: string, ask: () => Promise<Value>): Promise<Value> {
  const answer = known.get(name) ?? ask();
  known.set(name, answer);
  return answer;
}
