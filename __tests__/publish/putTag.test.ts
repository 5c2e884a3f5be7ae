import { describe, expect, test, vi } from 'vitest';
import { PublishError, RegistryError } from '../../src/errors';
import { isImmutable } from '../../src/oci/refusals';
import { putTag, readTag } from '../../src/publish/putTag';
import { commitTag } from '../../src/publish/tags';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { commitId, pushTinyImage } from '../support/releaseSets';

const repository = 'registry.test/p/r/driver';
const tiny = (content: string) => ({ repository, content, revision: 'none' });

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
