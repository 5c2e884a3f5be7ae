import { describe, expect, test } from 'vitest';
import { planLines } from '../../../src/commands/prune/format';
import { joinPlatforms } from '../../../src/publish/joinPlatforms';
import { decidePrune } from '../../../src/publish/prune/decide';
import { executePrune } from '../../../src/publish/prune/execute';
import { takeInventory } from '../../../src/publish/prune/inventory';
import { nothingInUse } from '../../../src/publish/prune/rules';
import { readUnnamed, repositoriesIn, writeUnnamed } from '../../../src/publish/prune/unnamed';
import { putTag } from '../../../src/publish/putTag';
import { storeNote, storeSet } from '../../../src/publish/setArtifact';
import { commitTag, keyTag, setRepository, unnamedTag } from '../../../src/publish/tags';
import type { Registry } from '../../../src/types';
import { memoryRegistry, Storage, type MemoryOptions } from '../../support/memoryRegistry';
import { commitId, contentKey, pushTinyImage, silent } from '../../support/releaseSets';

/* Content keys that no set names: what shards built, and what runs built that never came to publish. */

const path = 'registry.test/p/r';
const driver = `${path}/driver`;
const day = 86_400_000;
const start = Date.UTC(2026, 10, 1);

/** What a shard leaves: an image of one platform, under the tag of a key of its own. */
async function part(registry: Registry, name: string): Promise<string> {
  const digest = await pushTinyImage(registry, { repository: driver, content: name, revision: '' });
  await putTag(registry, { repository: driver, tag: keyTag(contentKey(name)), digest });
  return digest;
}

/** The last job of a matrix: joins what its shards built, and publishes it. Gives the index. */
async function publishJoined(registry: Registry, name: string, parts: readonly string[], at: number): Promise<string> {
  const platforms = ['linux/amd64', 'linux/arm64'];
  const found = await Promise.all(
    parts.map(async (digest, index) => {
      const manifest = await registry.manifest(driver, digest);
      if (manifest === undefined) throw new Error(`${digest} is not there`);
      return { platform: platforms[index] ?? '', manifest };
    }),
  );
  const key = contentKey(name);
  const joined = { repository: driver, tag: keyTag(key), isFree: true };
  const { digest } = (await joinPlatforms(registry, joined, found, silent)).manifest;
  await putTag(registry, { repository: driver, tag: commitTag(commitId(name)), digest });
  const images = { driver: { repository: driver, digest, key } };
  const lock = { version: 1 as const, commit: commitId(name), registryPath: path, images };
  await storeSet(registry, setRepository(path), commitTag(commitId(name)), lock, new Date(at).toISOString());
  return digest;
}

let said = '';

/** What the command does, at a time. Gives what went. */
async function prune(registry: Registry, now: number): Promise<readonly string[]> {
  const unnamed = await readUnnamed(registry, path);
  const inventory = await takeInventory(registry, path, repositoriesIn(unnamed, path));
  const plan = decidePrune(inventory, path, { keepLast: 1, keepDays: 1, now, inUse: nothingInUse, unnamed });
  said = planLines(plan, path).join('\n');
  const outcome = await executePrune(plan, { registry, google: undefined, log: silent });
  expect(outcome.problems).toEqual([]);
  await writeUnnamed(registry, path, plan.unnamed);
  return outcome.deleted.map(({ digest }) => digest);
}

const isThere = async (registry: Registry, digest: string): Promise<boolean> =>
  (await registry.manifest(driver, digest)) !== undefined;

describe.each<{ readonly name: string; readonly options: MemoryOptions }>([
  { name: 'a registry', options: {} },
  { name: 'one that deletes what no tag names', options: { onlyTagged: true } },
  { name: 'one that deletes no tags', options: { deletesTags: false } },
])('$name', ({ options }) => {
  test('parts go with the set that lists them, or by themselves where none does, a month after prune saw them', async () => {
    const registry = memoryRegistry(new Storage(options));
    const old = [await part(registry, 'old amd64'), await part(registry, 'arm64')];
    await publishJoined(registry, 'old', old, start);
    // The arm64 files of the next commit are the same.
    const fresh = [await part(registry, 'new amd64'), old[1] ?? ''];
    await publishJoined(registry, 'new', fresh, start + 2 * day);
    const abandoned = await part(registry, 'of a matrix that was cancelled');
    const all = [...new Set([...old, ...fresh, abandoned])];

    // The index of the old set goes; what runs may be about to publish stays.
    expect(await prune(registry, start + 10 * day)).toHaveLength(2);
    expect(said).toContain('2 builds that no set names stay until prune has known them for 31 days');
    for (const digest of all) expect(await isThere(registry, digest)).toBe(true);
    expect(await prune(registry, start + 40 * day)).toEqual([]);
    const late = await part(registry, 'of a run under way');

    expect([...(await prune(registry, start + 42 * day))].sort()).toEqual([old[0], abandoned].sort());
    for (const digest of [...fresh, late]) expect(await isThere(registry, digest)).toBe(true);
    expect(await registry.tags(driver)).toContain(keyTag(contentKey('arm64')));
    expect(await prune(registry, start + 43 * day)).toEqual([]);
    expect([...(await readUnnamed(registry, path)).values()].every((since) => since >= start + 10 * day)).toBe(true);
  });

  test('a build whose key is named by a set in the end is no one’s to take', async () => {
    const registry = memoryRegistry(new Storage(options));
    const parts = [await part(registry, 'amd64'), await part(registry, 'arm64')];
    await publishJoined(registry, 'first', parts, start);
    const whole = await part(registry, 'second');
    await prune(registry, start);
    const images = { driver: { repository: driver, digest: whole, key: contentKey('second') } };
    const lock = { version: 1 as const, commit: commitId('second'), registryPath: path, images };
    const created = new Date(start + 39 * day).toISOString();
    await storeSet(registry, setRepository(path), commitTag(commitId('second')), lock, created);
    const gone = await prune(registry, start + 40 * day);
    expect(gone).toEqual(expect.arrayContaining(parts));
    expect(await isThere(registry, whole)).toBe(true);
  });
});

test('a key that names something else than when it was noted is a new one', async () => {
  const storage = new Storage();
  const registry = memoryRegistry(storage);
  await publishJoined(registry, 'a set', [await part(registry, 'one'), await part(registry, 'two')], start);
  await part(registry, 'lost');
  await prune(registry, start);
  const again = await pushTinyImage(registry, { repository: driver, content: 'lost, built again', revision: '' });
  storage.tags.set(`${driver}:${keyTag(contentKey('lost'))}`, again);
  expect(await prune(registry, start + 40 * day)).not.toContain(again);
  expect(await prune(registry, start + 72 * day)).toContain(again);
});

test('a prune whose clock is years behind makes nothing old', async () => {
  const registry = memoryRegistry(new Storage());
  await publishJoined(registry, 'a set', [await part(registry, 'one'), await part(registry, 'two')], start);
  const lost = await part(registry, 'lost');
  expect(await prune(registry, start - 700 * day)).toEqual([]);
  expect(await prune(registry, start + day)).toEqual([]);
  expect(await isThere(registry, lost)).toBe(true);
  expect(await prune(registry, start + 32 * day)).toEqual([lost]);
});

test('where the last set of a repository has gone, what was noted there goes all the same', async () => {
  const registry = memoryRegistry(new Storage());
  const parts = [await part(registry, 'one'), await part(registry, 'two')];
  await publishJoined(registry, 'old', parts, start);
  const repository = `${path}/launcher`;
  const other = await pushTinyImage(registry, { repository, content: 'launcher', revision: '' });
  await putTag(registry, { repository, tag: commitTag(commitId('new')), digest: other });
  const images = { launcher: { repository, digest: other, key: contentKey('launcher') } };
  const lock = { version: 1 as const, commit: commitId('new'), registryPath: path, images };
  const created = new Date(start + day).toISOString();
  await storeSet(registry, setRepository(path), commitTag(commitId('new')), lock, created);
  expect(await prune(registry, start + 10 * day)).toHaveLength(2);
  expect(await registry.tags(driver)).toHaveLength(2);
  expect([...(await prune(registry, start + 42 * day))].sort()).toEqual([...parts].sort());
  expect(await readUnnamed(registry, path)).toEqual(new Map());
});

test.each([
  ['nothing', undefined],
  ['no JSON', '{'],
  ['something else', '{"since":[1]}'],
  ['no times', '{"since":{"registry.test/p/r/driver:key@sha256":"soon"}}'],
  ['times ahead of now', `{"since":{"x":${JSON.stringify('9999-01-01T00:00:00Z')}}}`],
])('a note that says %s lets nothing go', async (_, text) => {
  const registry = memoryRegistry(new Storage());
  await publishJoined(registry, 'a set', [await part(registry, 'one'), await part(registry, 'two')], start);
  const lost = await part(registry, 'lost');
  const annotations: Readonly<Record<string, string>> = text === undefined ? {} : { 'kfp-images.unnamed': text };
  await storeNote(registry, setRepository(path), unnamedTag, 'application/x.y', annotations);
  expect(await prune(registry, start + 100 * day)).toEqual([]);
  expect(await isThere(registry, lost)).toBe(true);
  expect([...(await readUnnamed(registry, path)).values()]).toEqual(Array(3).fill(start + 100 * day));
});
