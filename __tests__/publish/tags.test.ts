import { describe, expect, test, vi } from 'vitest';
import { PublishError, RegistryError } from '../../src/errors';
import {
  candidateTag,
  commitTag,
  keepTag,
  keyTag,
  latestTag,
  isOldRebuild,
  ownTag,
  putTag,
  readTag,
  rebuildMark,
  rebuildTag,
  refuseReservedTag,
} from '../../src/publish/tags';
import { isImmutable } from '../../src/oci/immutable';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { commitId, contentKey, pushTinyImage } from '../support/releaseSets';

const repository = 'registry.test/p/r/driver';
const tiny = (content: string) => ({ repository, content, revision: 'none' });

test('names of tags', () => {
  expect(keyTag('0123456789'.repeat(7))).toBe(`key-${'0123456789'.repeat(4)}`);
  expect(commitTag('abc')).toBe('commit-abc');
});

test('every tag of our own is read as what it was made as, and no other is', () => {
  const commit = commitId('a');
  expect(ownTag(latestTag)).toEqual({ kind: 'latest' });
  expect(ownTag(keyTag(contentKey('a')))).toEqual({ kind: 'key' });
  expect(ownTag(keepTag(`sha256:${contentKey('a')}`))).toEqual({ kind: 'keep' });
  expect(ownTag(commitTag(commit))).toEqual({ kind: 'commit', commit });
  const madeAt = Date.UTC(2026, 10, 28);
  const rebuilt = rebuildTag(rebuildMark(madeAt), contentKey('a'));
  expect(ownTag(rebuilt)).toEqual({ kind: 'rebuild', madeAt });
  expect(isOldRebuild(rebuilt, madeAt + 31 * 86_400_000)).toBe(false);
  expect(isOldRebuild(rebuilt, madeAt + 32 * 86_400_000)).toBe(true);
  const candidate = { kind: 'candidate', commit, announcedAt: 17, override: false };
  expect(ownTag(candidateTag(17, commit, false))).toEqual(candidate);
  expect(ownTag(candidateTag(17, commit, true))).toEqual({ ...candidate, override: true });
  for (const other of ['v1', 'commit-abc', `key-${commit}0`, 'candidate-1-x', 'latest-1', 'keep-this', 'rebuild-1']) {
    expect(ownTag(other)).toBeUndefined();
  }
});

describe('readTag', () => {
  test('a tag that is being put is waited for: listed before it can be read', async () => {
    const registry = memoryRegistry(new Storage());
    const digest = await pushTinyImage(registry, tiny('one'));
    await putTag(registry, { repository, tag: 't', digest });
    let asked = 0;
    const slow = {
      ...registry,
      manifest: async (at: string, reference: string) => {
        asked += 1;
        return asked <= 5 ? undefined : registry.manifest(at, reference);
      },
    };
    expect((await readTag(slow, repository, 't'))?.digest).toBe(digest);
    expect(asked).toBe(6);
  });

  test('also where the registry takes so long for each answer that the time is up after the first', async () => {
    const registry = memoryRegistry(new Storage());
    const digest = await pushTinyImage(registry, tiny('one'));
    await putTag(registry, { repository, tag: 't', digest });
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    let asked = 0;
    const slow = {
      ...registry,
      manifest: async (at: string, reference: string) => {
        now += 20_000;
        asked += 1;
        return asked <= 3 ? undefined : registry.manifest(at, reference);
      },
    };
    const found = await readTag(slow, repository, 't').finally(() => clock.mockRestore());
    expect(found?.digest).toBe(digest);
  });
});

describe('putTag', () => {
  test('puts, then finds it right', async () => {
    const storage = new Storage();
    const registry = memoryRegistry(storage);
    const digest = await pushTinyImage(registry, tiny('one'));
    expect(await putTag(registry, { repository, tag: 't', digest })).toBe('published');
    expect(storage.tags.get(`${repository}:t`)).toBe(digest);
    expect(await putTag(registry, { repository, tag: 't', digest })).toBe('unchanged');
  });

  test('an immutable tag that is right counts as done, another is a clear error', async () => {
    const registry = memoryRegistry(new Storage({ immutable: true }));
    const [one, two] = [await pushTinyImage(registry, tiny('one')), await pushTinyImage(registry, tiny('two'))];
    await putTag(registry, { repository, tag: 't', digest: one });
    expect(await putTag(registry, { repository, tag: 't', digest: one })).toBe('unchanged');
    const failure = putTag(registry, { repository, tag: 't', digest: two });
    await expect(failure).rejects.toThrow(PublishError);
    await expect(failure).rejects.toThrow(`is immutable and names ${one}, not ${two}`);
  });

  test('what a commit’s tag named before keeps a tag of its own, and so outlives the move', async () => {
    const storage = new Storage({ onlyTagged: true });
    const registry = memoryRegistry(storage);
    const [one, two] = [await pushTinyImage(registry, tiny('one')), await pushTinyImage(registry, tiny('two'))];
    const tag = commitTag(commitId('a'));
    await putTag(registry, { repository, tag, digest: one });
    await putTag(registry, { repository, tag, digest: two });
    expect(storage.tags.get(`${repository}:${tag}`)).toBe(two);
    expect(await registry.manifest(repository, one)).toBeDefined();
    expect(await putTag(registry, { repository, tag, digest: two })).toBe('unchanged');
  });

  test('an image that is not there is named', async () => {
    const registry = memoryRegistry(new Storage());
    const digest = `sha256:${'0'.repeat(64)}`;
    await expect(putTag(registry, { repository, tag: 't', digest })).rejects.toThrow(`the registry has no ${digest}`);
  });

  test('what the registry took but does not show is put again, three times, and then is an error', async () => {
    const storage = new Storage();
    let puts = 0;
    const losing = (losses: number) => {
      puts = 0;
      const registry = memoryRegistry(storage);
      const putManifest: typeof registry.putManifest = (to, reference, type, bytes) => {
        puts++;
        // Taken, but under a name that nobody asks for.
        return registry.putManifest(to, puts > losses ? reference : 'lost', type, bytes);
      };
      return { ...registry, putManifest };
    };
    const digest = await pushTinyImage(memoryRegistry(storage), tiny('one'));
    expect(await putTag(losing(2), { repository, tag: 't', digest })).toBe('published');
    expect(puts).toBe(3);
    await expect(putTag(losing(3), { repository, tag: 'u', digest })).rejects.toThrow(/put 3 times .* shows nothing/);
  });
});

test.each([
  ['manifest invalid: cannot update tag X. The repository has enabled tag immutability', 400, true],
  [
    "The image tag 'X' already exists in the 'R' repository and cannot be overwritten because the repository is immutable",
    400,
    true,
  ],
  ['Failed to process request due to X configured as immutable.', 412, true],
  ['manifest invalid', 400, false],
  ['denied', 403, false],
])('"%s" (%d) is immutable: %s', (text, status, want) => {
  expect(isImmutable(new RegistryError(text, { status }))).toBe(want);
  expect(isImmutable(new Error(text))).toBe(false);
});

describe('tags that are ours to write, once filled in', () => {
  const commit = 'c'.repeat(40);
  test.each([
    'latest',
    `key-${'a'.repeat(40)}`,
    'key-',
    `commit-${'a'.repeat(40)}`,
    'commit-x',
    'candidate-1-x',
    'rebuild-1-x',
    'keep-a',
    'buildcache',
  ])('%s is refused, with the template it came from', (tag) => {
    expect(() => refuseReservedTag(tag, '{{branch}}', commit)).toThrow(`"{{branch}}" gives "${tag}"`);
  });
  test.each([`commit-${'c'.repeat(40)}`, `commit-${'c'.repeat(7)}`, 'main', 'my-key-x', 'latest-main', 'Key-x'])(
    '%s is not',
    (tag) => {
      expect(() => refuseReservedTag(tag, '{{branch}}', commit)).not.toThrow();
    },
  );
});
