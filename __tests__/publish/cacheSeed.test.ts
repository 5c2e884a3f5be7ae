import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest';
import { readDiffIds, seedRepository, seedTag, type SeedSubject } from '../../src/publish/cacheSeed';
import { findSeed, storeSeed, type FoundSeed } from '../../src/publish/seedStore';
import type { Registry } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';

const path = 'registry.example/p/r';
const repository = seedRepository(path);
const subject: SeedSubject = {
  folder: '/root/.cache/go-build',
  owner: '0:0',
  native: undefined,
  platforms: ['linux/amd64'],
};
const day = 86_400_000;
const now = Date.UTC(2026, 10, 27);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kfp-images-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Change {
  readonly text?: string;
  readonly size?: number;
  readonly saves?: number;
  readonly age?: number;
  readonly branch?: string;
  readonly from?: FoundSeed;
}

async function store(registry: Registry, change: Change = {}): Promise<string> {
  const { text = 'layer', saves = 100, age = 0, branch = 'main', from } = change;
  const file = join(folder, 'layer');
  await writeFile(file, text);
  const layer = {
    file,
    digest: digestOf(Buffer.from(text)),
    size: change.size ?? text.length,
    diffId: digestOf(Buffer.from(`${text} plain`)),
  };
  const facts = { subject, branch, createdAt: now - age, saves };
  const stored = await storeSeed(registry, path, { facts, layer, below: from?.seed, own: from?.own });
  return stored === 'other' ? stored : stored.digest;
}

const find = (registry: Registry, branches: readonly string[] = ['main'], of = subject): Promise<FoundSeed> =>
  findSeed(registry, path, of, branches, now);

describe('a seed', () => {
  test('is found as it was written, and the next one is on it', async () => {
    const registry = memoryRegistry(new Storage());
    expect(await find(registry)).toEqual({ seed: undefined, own: undefined, notes: [] });
    const digest = await store(registry);
    const found = await find(registry);
    expect(found).toMatchObject({
      own: digest,
      notes: [],
      seed: { digest, branch: 'main', saves: 100, createdAt: now },
    });

    const next = await store(registry, { text: 'more', from: found });
    const { seed } = await find(registry);
    expect(seed).toMatchObject({ digest: next, size: 'layer'.length + 'more'.length });
    expect(seed?.layers.map((layer) => layer.digest)).toEqual(
      ['layer', 'more'].map((text) => digestOf(Buffer.from(text))),
    );
    const config = await registry.blob(repository, seed?.config.digest ?? '');
    expect(readDiffIds(config, 2)).toEqual(['layer plain', 'more plain'].map((text) => digestOf(Buffer.from(text))));
  });

  test('that another run has written meanwhile stays', async () => {
    const registry = memoryRegistry(new Storage());
    const before = await find(registry);
    const theirs = await store(registry);
    expect(await store(registry, { text: 'ours', from: before })).toBe('other');
    expect((await find(registry)).own).toBe(theirs);
  });

  test('that two repositories share: each keeps what the other has added, until it is too large; then one starts anew, and no further', async () => {
    const registry = memoryRegistry(new Storage());
    // Of each repository's own, for which building cold takes 100 s. Half of that is 2.5 GB at 50 MB/s.
    const size = 0.4e9;
    const cold: string[] = [];
    for (let turn = 0; turn < 40; turn++) {
      const who = turn % 2 === 0 ? 'ours' : 'theirs';
      const from = await find(registry);
      const held = from.seed?.layers.length ?? 0;
      expect(from.seed?.size ?? 0).toBeLessThanOrEqual(2.5e9);
      const isKnown = from.seed?.layers.some(({ digest }) => digest === digestOf(Buffer.from(who))) === true;
      if (!isKnown) cold.push(`${String(turn)} ${who} on ${String(held)}`);
      await store(registry, { text: isKnown ? `${who} ${String(turn)}` : who, size, from });
    }
    // Six layers are 2.4 GB, the seventh is too much: who meets it starts anew, and the other builds cold once after that.
    expect(cold).toEqual(
      [0, 7, 14, 21, 28, 35].flatMap((turn) => {
        const [first, second] = turn % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours'];
        return [`${String(turn)} ${first} on 0`, `${String(turn + 1)} ${second} on 1`];
      }),
    );
  });

  test('of the own branch and of the default branch: the newer one', async () => {
    const registry = memoryRegistry(new Storage());
    const main = await store(registry, { age: 2 * day });
    expect((await find(registry, ['topic', 'main'])).seed?.digest).toBe(main);
    const topic = await store(registry, { text: 'topic', branch: 'topic', age: day });
    expect(await find(registry, ['topic', 'main'])).toMatchObject({ own: topic, seed: { digest: topic } });
    const newer = await store(registry, { text: 'newer', from: await find(registry) });
    expect(await find(registry, ['topic', 'main'])).toMatchObject({ own: topic, seed: { digest: newer } });
    // Nobody else reads a branch's.
    expect((await find(registry, ['other'])).seed).toBeUndefined();
  });

  test('of another folder, owner, platform or native code has another tag', () => {
    const others: readonly SeedSubject[] = [
      { ...subject, folder: '/go/pkg/mod' },
      { ...subject, owner: '1001:0' },
      { ...subject, native: 'abc' },
      { ...subject, platforms: ['linux/arm64'] },
    ];
    const tags = [subject, ...others].map((each) => seedTag(each, 'main'));
    expect(new Set([...tags, seedTag(subject, 'topic')]).size).toBe(6);
    expect(tags[0]).toMatch(/^seed-root-.cache-go-build-linux-amd64-[0-9a-f]{16}$/);
    expect(seedTag({ ...subject, folder: `/${'x/'.repeat(200)}` }, 'b'.repeat(300)).length).toBeLessThan(128);
  });
});

describe('a seed that is not used, and says so', () => {
  const tag = seedTag(subject, 'main');
  const put = async (registry: Registry, manifest: object): Promise<void> => {
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    await registry.putManifest(repository, tag, mediaType, Buffer.from(JSON.stringify({ mediaType, ...manifest })));
  };

  test.each<{ name: string; break: (registry: Registry, storage: Storage) => Promise<unknown>; says: RegExp }>([
    {
      name: 'older by months',
      break: (registry) => store(registry, { age: 90 * day }),
      says: /is 90 days old: it is not used/,
    },
    {
      name: 'larger than it is worth',
      break: (registry) => store(registry, { size: 900e6, saves: 20 }),
      says: /has 900 MB, for which pulling takes about as long/,
    },
    {
      name: 'half pushed',
      break: async (registry, storage) => {
        await store(registry);
        storage.blobs.delete(`${repository}@${digestOf(Buffer.from('layer'))}`);
      },
      says: /is not whole in the registry/,
    },
    {
      name: 'an image of somebody else',
      break: (registry) => {
        const config = {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          digest: digestOf(Buffer.from('c')),
          size: 1,
        };
        return put(registry, { config, layers: [] });
      },
      says: /is not a cache of kfp-images/,
    },
    { name: 'no manifest at all', break: (registry) => put(registry, {}), says: /is not a cache of kfp-images/ },
    {
      name: 'of another platform',
      break: async (registry) => {
        const other = { ...subject, platforms: ['linux/arm64'] };
        await storeSeed(registry, path, {
          facts: { subject: other, branch: 'main', createdAt: now, saves: 9 },
          layer: {
            file: await layerFile(),
            digest: digestOf(Buffer.from('layer')),
            size: 5,
            diffId: digestOf(Buffer.from('x')),
          },
          below: undefined,
          own: undefined,
        });
        const found = await registry.manifest(repository, seedTag(other, 'main'));
        if (found !== undefined) await registry.putManifest(repository, tag, found.mediaType, found.bytes);
      },
      says: /is of another folder or platform/,
    },
  ])('$name', async ({ break: spoil, says }) => {
    const storage = new Storage();
    const registry = memoryRegistry(storage);
    await spoil(registry, storage);
    const found = await find(registry);
    expect(found.seed).toBeUndefined();
    expect(found.notes).toEqual([expect.stringMatching(says)]);
    // The next run writes a good one in its place.
    const digest = await store(registry, { text: 'good', from: found });
    expect((await find(registry)).seed?.digest).toBe(digest);
  });

  test('a registry that says no is a note', async () => {
    const registry = memoryRegistry(new Storage(), { before: () => Promise.reject(new Error('not now')) });
    expect(await find(registry)).toEqual({
      seed: undefined,
      own: undefined,
      notes: [expect.stringMatching(/can't be read.*not now/)],
    });
  });

  async function layerFile(): Promise<string> {
    const file = join(folder, 'other');
    await writeFile(file, 'layer');
    return file;
  }
});
