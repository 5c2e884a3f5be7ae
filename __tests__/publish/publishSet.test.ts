import { describe, expect, test } from 'vitest';
import { PublishError, RegistryError } from '../../src/errors';
import { publish, type PublicationPorts } from '../../src/publish/publication';
import { readSet } from '../../src/publish/setArtifact';
import type { Publication, Registry } from '../../src/types';
import { memoryRegistry, Storage, type MemoryOptions, type Operation } from '../support/memoryRegistry';
import { liesOf } from '../support/publicationTruth';
import { buildTinyRelease, commitId, history, silent, type TinyRelease } from '../support/releaseSets';

const path = 'registry.test/p/r';
const sets = `${path}/kfp-images-set`;
const isAncestor = history({ b: ['a'], c: ['b'], side: ['a'] });
const binds = { apiserver: ['driver', 'launcher'] };
const release = (commit: string, content = commit): TinyRelease => ({
  registryPath: path,
  commit: commitId(commit),
  images: { driver: { content }, launcher: { content }, apiserver: { content } },
  binds,
});

const ports = (registry: Registry, signal = new AbortController().signal): PublicationPorts => {
  let now = 1_800_000_000_000;
  return { registry, uncancellable: registry, isAncestor, now: () => now++, signal, log: silent };
};

async function run(storage: Storage, what: TinyRelease): Promise<Publication> {
  const registry = memoryRegistry(storage);
  return publish(await buildTinyRelease(registry, what), ports(registry));
}

/** Tags that people use: announcements are ours. */
const tagsOf = (storage: Storage): readonly string[] =>
  storage.snapshot().filter((line) => !line.includes(':candidate-'));
const holds = (storage: Storage) => (repository: string, tag: string) => storage.tags.get(`${repository}:${tag}`);

describe('a publication', () => {
  test('puts keys, commit tags, the set, and latest of everything', async () => {
    const storage = new Storage();
    const told = await run(storage, release('a'));
    expect(told).toMatchObject({ kind: 'published', notes: [], error: undefined, latest: { kind: 'moved' } });
    expect(liesOf(told, holds(storage), true)).toEqual([]);
    const set = await readSet(memoryRegistry(storage), sets, 'latest');
    expect(set).toMatchObject({ digest: told.set.digest, lock: told.lock });
    expect(Object.keys(told.lock?.images ?? {})).toEqual(['apiserver', 'driver', 'launcher']);
    for (const { name, digest } of told.images) expect(storage.tags.get(`${path}/${name}:latest`)).toBe(digest);
  });

  test('again: changes nothing, puts nothing, succeeds', async () => {
    const storage = new Storage();
    await run(storage, release('a'));
    const before = storage.snapshot();
    const registry = memoryRegistry(storage);
    const order = await buildTinyRelease(registry, release('a'));
    const puts: Operation[] = [];
    const counted = memoryRegistry(storage, {
      before: (operation) => {
        if (/^(put|delete)/.test(operation.name)) puts.push(operation);
        return Promise.resolve();
      },
    });
    const told = await publish(order, ports(counted));
    expect(told).toMatchObject({ kind: 'unchanged', latest: { kind: 'unchanged' } });
    expect(puts).toEqual([]);
    expect(storage.snapshot()).toEqual(before);
  });

  test('again with tags that are immutable succeeds, too', async () => {
    const storage = new Storage({ immutable: true });
    expect((await run(storage, release('a'))).kind).toBe('published');
    expect((await run(storage, release('a'))).kind).toBe('unchanged');
  });

  test('without latest it leaves latest alone', async () => {
    const storage = new Storage();
    const told = await run(storage, { ...release('a'), moveLatest: false });
    expect(told).toMatchObject({ kind: 'published', latest: { kind: 'not-asked' } });
    expect(storage.snapshot().filter((line) => line.includes(':latest') || line.includes(':candidate'))).toEqual([]);
  });

  test('images of an earlier run of the same commit stay in the set', async () => {
    const storage = new Storage();
    await run(storage, {
      ...release('a'),
      images: { driver: { content: 'a' }, launcher: { content: 'a' } },
      binds: {},
    });
    const told = await run(storage, { ...release('a'), images: { visualization: { content: 'a' } }, binds: {} });
    expect(Object.keys(told.lock?.images ?? {})).toEqual(['driver', 'launcher', 'visualization']);
    expect(told.set.latest?.kind).toBe('moved');
    expect(await readSet(memoryRegistry(storage), sets, 'latest')).toMatchObject({ lock: told.lock });
  });

  test('an image that carries a build that was replaced leaves the set, and is named', async () => {
    const storage = new Storage();
    await run(storage, release('a'));
    const registry = memoryRegistry(storage);
    const order = await buildTinyRelease(registry, {
      ...release('a', 'rebuilt'),
      images: { driver: { content: 'rebuilt' } },
      binds: {},
    });
    const told = await publish({ ...order, binds: new Map(Object.entries(binds)) }, ports(registry));
    expect(told).toMatchObject({ kind: 'published', dropped: ['apiserver'] });
    expect(Object.keys(told.lock?.images ?? {})).toEqual(['driver', 'launcher']);
  });

  test('a partial set becomes latest; latest of other images stays where it is', async () => {
    const storage = new Storage();
    const whole = await run(storage, release('a'));
    const told = await run(storage, { ...release('b'), images: { driver: { content: 'b' } }, binds: {} });
    expect(told.kind).toBe('published');
    expect(await readSet(memoryRegistry(storage), sets, 'latest')).toMatchObject({ lock: { commit: commitId('b') } });
    const launcher = whole.images.find(({ name }) => name === 'launcher');
    expect(storage.tags.get(`${path}/launcher:latest`)).toBe(launcher?.digest);
  });

  test.each<{ name: string; isLost: (at: string) => boolean; says: RegExp }>([
    {
      name: 'a layer',
      isLost: (at) => at.startsWith(`${path}/apiserver@blob`),
      says: /apiserver@sha256:.* is not whole: the registry lacks its part sha256:/,
    },
    {
      name: 'the bound image',
      isLost: (at) => at.startsWith(`${path}/apiserver@bound`),
      says: /is not whole: the registry has no such image/,
    },
    {
      name: 'an image',
      isLost: (at) => at.startsWith(`${path}/driver@bound`),
      says: /driver:key-.* can't be published: the registry has no sha256:/,
    },
  ])('nothing is tagged when the registry lost $name', async ({ isLost, says }) => {
    const storage = new Storage();
    const registry = memoryRegistry(storage);
    const order = await buildTinyRelease(registry, release('a'));
    for (const at of storage.blobs.keys()) if (isLost(at.replace('@', '@blob '))) storage.blobs.delete(at);
    for (const { repository, digest } of order.images) {
      if (isLost(`${repository}@bound`)) storage.manifests.delete(`${repository}@${digest}`);
    }
    const told = await publish(order, ports(registry));
    expect(told.kind).toBe('failed');
    expect(String(told.error)).toMatch(says);
    expect(told.error).toBeInstanceOf(PublishError);
    expect(storage.snapshot().filter((line) => !line.includes(':key-'))).toEqual([]);
    expect(liesOf(told, holds(storage), true)).toEqual([]);
  });

  test('a set tag that is immutable and differs is a clear error', async () => {
    const storage = new Storage({ immutable: true });
    await run(storage, { ...release('a'), images: { driver: { content: 'a' } }, binds: {}, moveLatest: false });
    const told = await run(storage, { ...release('a'), moveLatest: false });
    expect(told.kind).toBe('failed');
    expect(String(told.error)).toMatch(/kfp-images-set:commit-.* is immutable and holds a set with other images/);
  });

  test('where latest has diverged, the set is published and latest refused, with the way out', async () => {
    const storage = new Storage();
    await run(storage, release('side'));
    const before = tagsOf(storage).filter((line) => line.includes(':latest'));
    const told = await run(storage, release('b'));
    expect(told).toMatchObject({
      kind: 'latest-refused',
      latest: { kind: 'refused', commit: commitId('side') },
      set: { state: 'published' },
    });
    expect(String(told.error)).toMatch(/which is not an ancestor of .* run with latest: always/);
    expect(tagsOf(storage).filter((line) => line.includes(':latest'))).toEqual(before);
    const ordered = await run(storage, { ...release('b'), override: true });
    expect(ordered).toMatchObject({
      kind: 'published',
      latest: { kind: 'moved', commit: commitId('side'), isForced: true },
    });
    expect(liesOf(ordered, holds(storage), true)).toEqual([]);
  });

  test('where a newer set is published, latest is left and the run succeeds', async () => {
    const storage = new Storage();
    await run(storage, release('c'));
    const told = await run(storage, { ...release('b'), override: true });
    expect(told).toMatchObject({
      kind: 'published',
      error: undefined,
      latest: { kind: 'left', commit: commitId('c') },
    });
    expect(liesOf(told, holds(storage), true)).toEqual([]);
  });
});

/** `what` happens at the call of this number; gives what was told, or undefined when there is no such call. */
async function disturbed(
  options: MemoryOptions,
  at: number,
  what: 'fail' | 'fail-after' | 'stop' | 'down',
): Promise<{ told: Publication; storage: Storage; happened: boolean }> {
  const storage = new Storage(options);
  if (options.deletesTags !== false) await run(storage, release('a'));
  const order = await buildTinyRelease(memoryRegistry(storage), release('b'));
  const controller = new AbortController();
  let calls = 0;
  let happened = false;
  const broken = (): boolean => {
    happened ||= calls === at;
    return what === 'down' ? calls >= at : calls === at;
  };
  const registry = memoryRegistry(storage, {
    before: async () => {
      calls++;
      if (!broken()) return;
      if (what === 'stop') controller.abort();
      else if (what !== 'fail-after') throw new RegistryError('It failed.', { status: 503 });
      await Promise.resolve();
    },
    after: () => {
      if (what === 'fail-after' && broken()) return Promise.reject(new RegistryError('It failed.', { status: 503 }));
      return Promise.resolve();
    },
  });
  return { told: await publish(order, ports(registry, controller.signal)), storage, happened };
}

describe.each([
  { name: 'a registry that deletes tags', options: {} },
  { name: 'a first publication where tags stay', options: { deletesTags: false } },
])('$name', ({ options }) => {
  test.each(['fail', 'fail-after', 'stop', 'down'] as const)(
    'at every call: %s. The truth is reported, nothing is left half, running again heals it',
    async (what) => {
      let at = 1;
      const kinds = new Set<string>();
      for (; ; at++) {
        const { told, storage, happened } = await disturbed(options, at, what);
        if (!happened) break;
        kinds.add(told.kind);
        expect(liesOf(told, holds(storage), true), `call ${at}`).toEqual([]);
        const latest = new Map(
          ['driver', 'launcher', 'apiserver', 'kfp-images-set'].map((name) => [
            name,
            storage.tags.get(`${path}/${name}:latest`),
          ]),
        );
        const ours = new Set(told.images.map(({ name, digest }) => latest.get(name) === digest));
        ours.add(latest.get('kfp-images-set') === told.set.digest && told.set.digest !== undefined);
        const couldUndo = what !== 'down' && options.deletesTags !== false;
        if (couldUndo) expect(ours.size, `call ${at}: ${JSON.stringify(told.notes)}`).toBe(1);
        expect((await run(storage, release('b'))).error, `call ${at}`).toBeUndefined();
        const want = new Storage(options);
        if (options.deletesTags !== false) await run(want, release('a'));
        await run(want, release('b'));
        expect(tagsOf(storage), `call ${at}`).toEqual(tagsOf(want));
      }
      expect(at).toBeGreaterThan(60);
      expect(kinds).toContain(what === 'stop' ? 'stopped' : 'failed');
    },
  );
});
