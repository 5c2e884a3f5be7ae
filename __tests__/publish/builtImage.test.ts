import { expect, test } from 'vitest';
import { tagKey } from '../../src/publish/builtImage';
import { keyTag } from '../../src/publish/tags';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { contentKey, pushTinyImage } from '../support/releaseSets';

const repository = 'registry.test/p/r/driver';
const tag = keyTag(contentKey('a'));

/** Two builds of the same content, the first of which has the key's tag. */
async function twoBuilds() {
  const storage = new Storage({ onlyTagged: true });
  const registry = memoryRegistry(storage);
  const build = (content: string) => pushTinyImage(registry, { repository, content, revision: 'none' });
  const [first, second] = [await build('first'), await build('second')];
  await tagKey(registry, { repository, tag, digest: first });
  return { storage, registry, first, second, named: () => storage.tags.get(`${repository}:${tag}`) };
}

test('the tag of a content key is put once, and stays where it names a whole image: another run may be about to publish that', async () => {
  const { registry, first, second, named } = await twoBuilds();
  expect(named()).toBe(first);
  await tagKey(registry, { repository, tag, digest: second });
  expect(named()).toBe(first);
  expect(await registry.manifest(repository, first)).toBeDefined();
});

test('it is moved from an image that lacks a part', async () => {
  const { storage, registry, second, named } = await twoBuilds();
  for (const [name, bytes] of storage.blobs) {
    if (Buffer.from(bytes).toString() === 'layer of first') storage.blobs.delete(name);
  }
  await tagKey(registry, { repository, tag, digest: second });
  expect(named()).toBe(second);
});
