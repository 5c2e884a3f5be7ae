import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PublishError, RegistryError, UsageError } from '../../src/errors';
import { seedRepository } from '../../src/publish/cacheSeed';
import { encodeLockFile, parseLockFile } from '../../src/publish/lockFile';
import { lookUp } from '../../src/publish/lookUp';
import { takeInventory } from '../../src/publish/prune/inventory';
import { commitTag } from '../../src/publish/tags';
import { readManifest } from '../../src/oci/manifest';
import { readSet, storeSet, storeWithdrawal } from '../../src/publish/setArtifact';
import type { LockFile, Registry } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { commitId, contentKey } from '../support/releaseSets';

const path = 'registry.test/p/r';
const sets = `${path}/kfp-images-set`;
const entry = (name: string): LockFile['images'][string] => ({
  repository: `${path}/${name}`,
  digest: `sha256:${contentKey(`digest of ${name}`)}`,
  key: contentKey(name),
});
const lock: LockFile = {
  version: 1,
  commit: commitId('a'),
  registryPath: path,
  images: { launcher: { ...entry('launcher'), seconds: 12.5 }, driver: entry('driver') },
};

describe('the lock file', () => {
  test('reads as it was written, images by name', () => {
    const text = encodeLockFile(lock);
    expect(parseLockFile(text, 'x')).toEqual(lock);
    expect(Object.keys(parseLockFile(text, 'x').images)).toEqual(['driver', 'launcher']);
    expect(text.endsWith('}\n')).toBe(true);
  });

  test('the same set gives the same bytes, in whatever order it was put together', () => {
    const { driver, launcher } = lock.images;
    if (driver === undefined || launcher === undefined) throw new Error('the fixture has both');
    expect(encodeLockFile({ ...lock, images: { driver, launcher } })).toBe(encodeLockFile(lock));
  });

  const json = JSON.parse(encodeLockFile(lock)) as Record<string, unknown>;
  const withDriver = (change: object): object => ({ ...json, images: { driver: { ...entry('driver'), ...change } } });
  test.each<{ name: string; value: unknown; says: RegExp }>([
    { name: 'no JSON', value: '{', says: /not JSON/ },
    { name: 'a list', value: [], says: /version/ },
    { name: 'another version', value: { ...json, version: 2 }, says: /version is "2"/ },
    { name: 'a branch for a commit', value: { ...json, commit: 'main' }, says: /not a commit id/ },
    { name: 'an option for a commit', value: { ...json, commit: '--upload-pack=x' }, says: /not a commit id/ },
    { name: 'a path that leaves', value: { ...json, registryPath: '../x' }, says: /not a registry path/ },
    { name: 'no images', value: { ...json, images: null }, says: /"images"/ },
    { name: 'images as a list', value: { ...json, images: [entry('driver')] }, says: /"images"/ },
    { name: 'a strange name', value: { ...json, images: { 'a b': entry('driver') } }, says: /"a b"/ },
    { name: 'another registry', value: withDriver({ repository: 'evil.test/driver' }), says: /is not under/ },
    {
      name: 'a longer path of the same start',
      value: withDriver({ repository: `${path}x/driver` }),
      says: /is not under/,
    },
    { name: 'a tag for a digest', value: withDriver({ digest: 'latest' }), says: /not a digest/ },
    { name: 'half a key', value: withDriver({ key: 'abc' }), says: /not a content key/ },
  ])('$name is refused with the reason', ({ value, says }) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    expect(() => parseLockFile(text, 'kfp-images.lock.json')).toThrow(UsageError);
    expect(() => parseLockFile(text, 'kfp-images.lock.json')).toThrow(says);
  });

  test('a name that is special in JavaScript is not a trap', () => {
    const text = encodeLockFile(lock).replace('"driver": {', '"__proto__": {');
    expect(() => parseLockFile(text, 'x')).toThrow(/"__proto__"/);
    const constructor = parseLockFile(encodeLockFile(lock).replace('"driver": {', '"constructor": {'), 'x');
    expect(Object.keys(constructor.images)).toEqual(['constructor', 'launcher']);
  });

  test('whatever is read, only a UsageError comes of it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.constant(encodeLockFile(lock))), (text) => {
        try {
          parseLockFile(text, 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});

describe('the artifact', () => {
  test('is an OCI 1.1 artifact with an empty config and one layer', async () => {
    const registry = memoryRegistry(new Storage());
    const stored = async (tag: string) => {
      await storeSet(registry, sets, tag, lock, '2026-11-23T00:00:00Z');
      return registry.manifest(sets, tag);
    };
    const manifest = await stored('commit-x');
    expect(JSON.parse(Buffer.from(manifest?.bytes ?? []).toString())).toMatchObject({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/vnd.kfp-images.set.v1+json',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', size: 2 },
      layers: [{ mediaType: 'application/vnd.kfp-images.lock.v1+json' }],
      annotations: {
        'org.opencontainers.image.revision': lock.commit,
        'org.opencontainers.image.created': '2026-11-23T00:00:00Z',
      },
    });
    expect((await stored('commit-y'))?.digest).toBe(manifest?.digest);
  });

  test.each([{ imagesOnly: false }, { imagesOnly: true }])('is stored and read: %j', async (options) => {
    const storage = new Storage(options);
    const registry = memoryRegistry(storage);
    await storeSet(registry, sets, 'commit-x', lock, '2026-11-23T00:00:00Z');
    expect(await readSet(registry, sets, 'commit-x')).toMatchObject({ lock });
  });

  test.each(['registry.test/p', 'registry.test/p/r/team', 'registry.test/other'])(
    'counts only where it is: one that says it is of %s is not a set, for prune and latest neither',
    async (registryPath) => {
      const storage = new Storage();
      const registry = memoryRegistry(storage);
      const foreign = { ...entry('driver'), repository: `${registryPath}/driver` };
      const claims: LockFile = { ...lock, registryPath, images: { driver: foreign } };
      await storeSet(registry, sets, commitTag(lock.commit), claims, '2026-11-23T00:00:00Z');
      await storeSet(registry, sets, 'latest', claims, '2026-11-23T00:00:00Z');
      expect(await readSet(registry, sets, 'latest')).toBe('other');
      expect([...(await takeInventory(registry, path)).keys()]).toEqual([sets, seedRepository(path)]);
      expect(await lookUp(registry, path, [], lock.commit)).toMatchObject({ set: 'other', latestSet: 'other' });
    },
  );

  test('a registry that takes neither form is said to', async () => {
    const registry = memoryRegistry(new Storage());
    const refusal = new RegistryError('manifest invalid', { status: 400, codes: ['MANIFEST_INVALID'] });
    const refuse: Registry = { ...registry, putManifest: () => Promise.reject(refusal) };
    await expect(storeSet(refuse, sets, 'commit-x', lock, '')).rejects.toThrow(PublishError);
  });

  test.each([
    { name: 'lacks a part', says: 'blob unknown to registry', codes: ['MANIFEST_BLOB_UNKNOWN'] },
    { name: 'has it immutable', says: 'cannot update tag X. The repository has enabled tag immutability', codes: [] },
  ])('a registry that $name does not get the other form', async ({ says, codes }) => {
    const storage = new Storage();
    const registry = memoryRegistry(storage);
    const refusal = new RegistryError(says, { status: 400, codes });
    const puts: string[] = [];
    const refuse: Registry = {
      ...registry,
      putManifest: (_repository, _reference, _type, bytes) => {
        puts.push(Buffer.from(bytes).toString());
        return Promise.reject(refusal);
      },
    };
    await expect(storeSet(refuse, sets, 'commit-x', lock, '')).rejects.toBe(refusal);
    expect(puts).toHaveLength(1);
  });

  test('what is not a set is not taken for one', async () => {
    const registry = memoryRegistry(new Storage());
    expect(await readSet(registry, sets, 'commit-x')).toBeUndefined();
    await storeWithdrawal(registry, sets, 'commit-x');
    expect(await readSet(registry, sets, 'commit-x')).toBe('other');
    await storeSet(registry, 'registry.test/p/other/kfp-images-set', 'commit-x', lock, '');
    expect(await readSet(registry, 'registry.test/p/other/kfp-images-set', 'commit-x')).toBe('other');
  });
});

test('readManifest never throws', () => {
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => void readManifest(Buffer.from(text))));
  expect(readManifest(Buffer.from('{}'))).toBeUndefined();
});
