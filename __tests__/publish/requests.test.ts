import { expect, test } from 'vitest';
import { lookUp } from '../../src/publish/lookUp';
import { publish } from '../../src/publish/publication';
import type { PublicationOrder } from '../../src/publish/publishSet';
import { keyTag } from '../../src/publish/tags';
import type { Registry } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { buildTinyRelease, commitId, history, silent } from '../support/releaseSets';

const path = '127.0.0.1:5000/p/images';
const names = ['driver', 'launcher', 'apiserver', 'cacheserver', 'agent', 'workflow', 'viewer', 'visualization'];

async function run(
  registry: Registry,
  order: PublicationOrder,
  parents: Readonly<Record<string, readonly string[]>> = {},
): Promise<string> {
  const signal = new AbortController().signal;
  const isAncestor = history(parents);
  const ports = { registry, uncancellable: registry, isAncestor, now: () => 0, signal, log: silent };
  const { kind } = await publish(order, ports);
  return kind;
}

test('eight images that are published for the first time: no manifest is read again that was read or put a moment ago', async () => {
  const storage = new Storage();
  const images = Object.fromEntries(names.map((name) => [name, { content: '1' }]));
  const built = await buildTinyRelease(memoryRegistry(storage), {
    registryPath: path,
    commit: commitId('a'),
    images,
    binds: { apiserver: ['driver', 'launcher'] },
  });
  for (const { repository, key, unbound } of built.images) storage.tags.set(`${repository}:${keyTag(key)}`, unbound);
  const asked: string[] = [];
  const counting = memoryRegistry(storage, {
    before: ({ name }) => {
      asked.push(name);
      return Promise.resolve();
    },
  });
  expect(await run(counting, { ...built, moveLatest: true })).toBe('published');
  const times = (of: string): number => asked.filter((name) => name === of).length;
  // Of each image its commit's tag and `latest`; of the set these and its announcement.
  expect(times('putManifest')).toBe(2 * names.length + 3);
  // Of each image its key, its commit's tag before and after, and `latest` at the first look and once it is put; of the set the same without a key,
  // and its announcement; by its digest the bound image alone.
  expect(times('manifest'), asked.join(' ')).toBe((1 + 2 + 2) * names.length + 2 + 2 + 3 + 1);
  // Where no `latest` was found, whether the list says so too; whether the commit has a set; and the announcements, among which the list says it
  // of the set's `latest`.
  expect(times('tags'), asked.join(' ')).toBe(names.length + 1 + 4);
  expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(94);

  const joined = await buildTinyRelease(memoryRegistry(storage), {
    registryPath: path,
    commit: commitId('b'),
    images: Object.fromEntries(names.map((name) => [name, { content: '2' }])),
    binds: {},
  });
  for (const { repository, key, unbound } of joined.images) storage.tags.set(`${repository}:${keyTag(key)}`, unbound);
  asked.length = 0;
  const keyed = joined.images.map((image) => ({ ...image, isKeyed: true }));
  expect(await run(counting, { ...joined, images: keyed, moveLatest: false })).toBe('published');
  // By whoever put them there moments ago the keys are not asked for.
  expect(times('manifest'), asked.join(' ')).toBe((2 + 1) * names.length + 2);
});

test('eight images of the next commit: of each its key, two tags that are put, and what these named before and after', async () => {
  const storage = new Storage();
  const release = (commit: string, content: string) =>
    buildTinyRelease(memoryRegistry(storage), {
      registryPath: path,
      commit: commitId(commit),
      images: Object.fromEntries(names.map((name) => [name, { content }])),
      binds: { apiserver: ['driver', 'launcher'] },
    });
  expect(await run(memoryRegistry(storage), { ...(await release('a', '1')), moveLatest: true })).toBe('published');
  // That was hours ago.
  for (const tag of [...storage.tags.keys()]) if (tag.includes(':candidate-')) storage.tags.delete(tag);
  const next = await release('b', '2');
  for (const { repository, key, unbound } of next.images) storage.tags.set(`${repository}:${keyTag(key)}`, unbound);
  const asked: string[] = [];
  const counting = memoryRegistry(storage, {
    before: ({ name }) => {
      asked.push(name);
      return Promise.resolve();
    },
  });
  expect(await run(counting, { ...next, moveLatest: true }, { b: ['a'] })).toBe('published');
  const times = (of: string): number => asked.filter((name) => name === of).length;
  expect(times('putManifest')).toBe(2 * names.length + 3);
  // `latest` is read before we are announced, then, and once it is put; the set's at the end too.
  expect(times('manifest'), asked.join(' ')).toBe((1 + 2 + 3) * names.length + 2 + 4 + 3 + 1);
  expect(times('tags'), asked.join(' ')).toBe(1 + 4);
  expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(97);
});

test('eight images that did not change: at most 37 requests, and a tag that was moved is put back all the same', async () => {
  const storage = new Storage();
  const images = Object.fromEntries(names.map((name) => [name, { content: '1' }]));
  const built = await buildTinyRelease(memoryRegistry(storage), {
    registryPath: path,
    commit: commitId('a'),
    images,
    binds: { apiserver: ['driver', 'launcher'] },
  });
  expect(await run(memoryRegistry(storage), built)).toBe('published');

  const asked: string[] = [];
  const counting = memoryRegistry(storage, {
    before: ({ name }) => {
      asked.push(name);
      return Promise.resolve();
    },
  });
  const again = async (): Promise<string> => {
    asked.length = 0;
    const state = await lookUp(counting, path, built.images, commitId('a'));
    const published = typeof state.set === 'object' ? state.set.lock : undefined;
    return run(counting, { ...built, published, standing: state.published });
  };
  expect(await again()).toBe('unchanged');
  expect(asked.filter((name) => /^(put|delete|mount)/.test(name))).toEqual([]);
  // Binding asks for two more: the bound image and its configuration.
  expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(35);

  const [driver] = built.images;
  storage.tags.set(`${driver?.repository ?? ''}:commit-${commitId('a')}`, built.images[1]?.digest ?? '');
  expect(await again()).toBe('published');
  expect(storage.tags.get(`${driver?.repository ?? ''}:commit-${commitId('a')}`)).toBe(driver?.digest);
});
