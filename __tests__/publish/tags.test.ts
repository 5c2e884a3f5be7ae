import { describe, expect, test } from 'vitest';
import { PublishError, RegistryError } from '../../src/errors';
import { commitTag, isImmutable, keyTag, putTag } from '../../src/publish/tags';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { pushTinyImage } from '../support/releaseSets';

const repository = 'registry.test/p/r/driver';
const tiny = (content: string) => ({ repository, content, revision: 'none' });

test('names of tags', () => {
  expect(keyTag('0123456789'.repeat(7))).toBe(`key-${'0123456789'.repeat(4)}`);
  expect(commitTag('abc')).toBe('commit-abc');
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
