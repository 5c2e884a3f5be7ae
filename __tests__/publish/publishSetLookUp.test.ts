import { describe, expect, test } from 'vitest';
import { PublishError, RegistryError } from '../../src/errors';
import {
  checkWritable,
  lookUp,
  preflightTags,
  reusable,
  type RegistryState,
  type TagIntent,
} from '../../src/publish/lookUp';
import { publish } from '../../src/publish/publication';
import type { PublicationOrder } from '../../src/publish/publishSet';
import type { Registry } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { buildTinyRelease, commitId, history, silent, type TinyRelease } from '../support/releaseSets';

const path = 'registry.test/p/r';
const release: TinyRelease = {
  registryPath: path,
  commit: commitId('a'),
  images: { driver: { content: '1' }, apiserver: { content: '1' } },
  binds: { apiserver: ['driver'] },
};

async function published(registry: Registry, change: Partial<TinyRelease> = {}): Promise<PublicationOrder> {
  const order = await buildTinyRelease(registry, { ...release, ...change });
  const signal = new AbortController().signal;
  const isAncestor = history({ b: ['a'] });
  const outcome = await publish(order, {
    registry,
    uncancellable: registry,
    isAncestor,
    now: () => 0,
    signal,
    log: silent,
  });
  expect(outcome.error).toBeUndefined();
  return order;
}

describe('lookUp', () => {
  test('an empty registry has nothing', async () => {
    const registry = memoryRegistry(new Storage());
    const { images } = await buildTinyRelease(memoryRegistry(new Storage()), release);
    const state = await lookUp(registry, path, images, commitId('a'));
    expect(state).toEqual({
      keyed: new Map(),
      published: new Map(),
      set: undefined,
      latestSet: undefined,
    });
  });

  test('after a publication it knows keys, tags and sets, in one round of calls that do not wait for each other, but for whether the commit has a set', async () => {
    const storage = new Storage();
    const { images } = await published(memoryRegistry(storage));
    let under = 0;
    let most = 0;
    const registry = memoryRegistry(storage, {
      before: async () => {
        most = Math.max(most, ++under);
        await new Promise(setImmediate);
      },
      after: () => {
        under--;
        return Promise.resolve();
      },
    });
    const state = await lookUp(registry, path, images, commitId('a'));
    expect([...state.keyed]).toEqual(images.map(({ name, unbound }) => [name, unbound]));
    expect([...state.published]).toEqual(images.map(({ name, digest }) => [name, digest]));
    expect(state.set).toMatchObject({ lock: { commit: commitId('a') } });
    expect(state.latestSet).toEqual(state.set);
    expect(most).toBeGreaterThanOrEqual(images.length + 2);
    const asked: string[] = [];
    const counting = memoryRegistry(storage, {
      before: ({ name, reference }) => {
        asked.push(`${name} ${reference}`);
        return Promise.resolve();
      },
    });
    await lookUp(counting, path, images, commitId('a'));
    // Both sets are one, so their lock file is read once.
    expect(asked.filter((call) => call.startsWith('blob '))).toHaveLength(1);
    expect(asked).toHaveLength(2 * images.length + 2 + 1);
    asked.length = 0;
    const later = await lookUp(counting, path, images, commitId('b'));
    expect([later.keyed.size, later.published.size, later.set]).toEqual([2, 0, undefined]);
    // Where the commit has no set, nobody asks for its tags.
    expect(asked.filter((call) => call.includes('commit-'))).toEqual([`manifest commit-${commitId('b')}`]);
  });

  test('an image is taken from the own set as long as that has this content and its tag is there, else by its key', async () => {
    const registry = memoryRegistry(new Storage());
    const { images } = await published(registry);
    const state = await lookUp(registry, path, images, commitId('a'));
    const [image] = images.filter(({ name }) => name === 'apiserver');
    if (image === undefined || typeof state.set !== 'object') throw new Error('nothing was published');
    expect(reusable(state, image)).toBe(image.digest);
    expect(image.digest).not.toBe(image.unbound);
    const otherwise: readonly RegistryState[] = [
      { ...state, set: undefined },
      { ...state, set: 'other' },
      { ...state, published: new Map() },
      { ...state, published: new Map([['apiserver', image.unbound]]) },
      { ...state, set: { ...state.set, lock: { ...state.set.lock, images: {} } } },
    ];
    for (const other of otherwise) expect(reusable(other, image)).toBe(image.unbound);
    expect(reusable({ ...state, keyed: new Map() }, { ...image, key: 'f'.repeat(64) })).toBeUndefined();
  });

  test('a registry that says no ends it', async () => {
    const denied = new RegistryError('denied', { status: 403 });
    const registry = memoryRegistry(new Storage(), { before: () => Promise.reject(denied) });
    await expect(lookUp(registry, path, [], commitId('a'))).rejects.toBe(denied);
    await expect(checkWritable(registry, path)).rejects.toBe(denied);
  });
});

describe('preflightTags', () => {
  const intent = ({ images }: PublicationOrder, change: Partial<TagIntent> = {}): TagIntent => ({
    registryPath: path,
    commit: commitId('a'),
    images,
    moveLatest: false,
    immutable: true,
    withLatest: new Set(),
    ...change,
  });

  test.each<{
    name: string;
    before: Partial<TinyRelease> | undefined;
    now?: Partial<TagIntent>;
    drop?: string;
    says: RegExp | undefined;
  }>([
    { name: 'nothing published', before: undefined, says: undefined },
    { name: 'the same published', before: {}, says: undefined },
    { name: 'the same published, latest there', before: {}, now: { moveLatest: true }, says: undefined },
    {
      name: 'tags that move',
      before: { images: { driver: { content: '2' } }, binds: {} },
      now: { immutable: false },
      says: undefined,
    },
    {
      name: 'nobody knows',
      before: { images: { driver: { content: '2' } }, binds: {} },
      now: { immutable: undefined },
      says: undefined,
    },
    {
      name: 'a set without one image',
      before: { images: { driver: { content: '1' } }, binds: {} },
      says: /published without apiserver/,
    },
    {
      name: 'other content',
      before: { images: { driver: { content: '2' }, apiserver: { content: '1' } } },
      says: /driver of commit .* other content/,
    },
    {
      name: 'latest at another commit',
      before: { commit: commitId('b') },
      now: { moveLatest: true },
      says: /latest exists and can't be moved.*latest to never/,
    },
    { name: 'latest left alone', before: { commit: commitId('b') }, says: undefined },
  ])('immutable tags and $name', async ({ before, now, says }) => {
    const registry = memoryRegistry(new Storage());
    if (before !== undefined) await published(registry, before);
    const order = await buildTinyRelease(memoryRegistry(new Storage()), release);
    const state = await lookUp(registry, path, order.images, commitId('a'));
    const check = (): readonly string[] => preflightTags(state, intent(order, now));
    if (says === undefined) expect(check()).toEqual([]);
    else {
      expect(check).toThrow(PublishError);
      expect(check).toThrow(says);
    }
  });

  test('a first latest that will never move is warned of', async () => {
    const registry = memoryRegistry(new Storage());
    const order = await buildTinyRelease(registry, release);
    const state = await lookUp(registry, path, order.images, commitId('a'));
    expect(preflightTags(state, intent(order, { moveLatest: true }))[0]).toMatch(/put once and never move/);
  });
});
