import { expect, test } from 'vitest';
import { pushedDigest } from '../../src/publish/builtImage';
import { keyTag } from '../../src/publish/tags';
import { readManifest } from '../../src/oci/manifest';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { contentKey, pushTinyImage } from '../support/releaseSets';

const repository = 'registry.test/p/r/driver';
const tag = keyTag(contentKey('a'));

/** A registry with an image, and its digest. */
async function pushed() {
  const registry = memoryRegistry(new Storage());
  const digest = await pushTinyImage(registry, { repository, content: 'a', revision: 'none' });
  const manifest = await registry.manifest(repository, digest);
  if (manifest === undefined) throw new Error('nothing was pushed');
  return { registry, digest, manifest, config: readManifest(manifest.bytes)?.config?.digest ?? '' };
}

test('what buildx says counts where the registry has it, whatever the tag names', async () => {
  const { registry, digest } = await pushed();
  expect(await pushedDigest(registry, { repository, tag, said: digest })).toBe(digest);
});

test('where buildx names a configuration, or what nobody pushed, the tag of the content key counts', async () => {
  const { registry, digest, manifest, config } = await pushed();
  await registry.putManifest(repository, tag, manifest.mediaType, manifest.bytes);
  for (const said of [config, `sha256:${'0'.repeat(64)}`]) {
    expect(await pushedDigest(registry, { repository, tag, said })).toBe(digest);
  }
});

test('where the registry has neither, nothing was pushed', async () => {
  const { registry, config } = await pushed();
  expect(await pushedDigest(registry, { repository, tag, said: config })).toBeUndefined();
});
