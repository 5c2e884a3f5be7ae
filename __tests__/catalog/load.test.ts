import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { loadCatalog } from '../../src/catalog/load';
import { CatalogError, UsageError } from '../../src/errors';
import type { Catalog } from '../../src/types';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catalog-'));
  mkdirSync(join(folder, '.github'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (path: string, image: string): void =>
  writeFileSync(join(folder, path), `version: 1\nimages: { ${image}: { dockerfile: Dockerfile } }\n`);

const load = (explicitPath?: string): Promise<Catalog> =>
  loadCatalog({
    explicitPath,
    read: (path) =>
      readFile(join(folder, path), 'utf8').catch((thrown: unknown) => {
        if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
        throw thrown;
      }),
  });

describe('loadCatalog', () => {
  test('no file: the built-in catalog', async () => {
    expect(await load()).toBe(kfpCatalog);
  });

  test('the first default name that is there replaces the built-in catalog as a whole', async () => {
    write('.github/kfp-images.yaml', 'second');
    expect(await load()).toMatchObject({ source: '.github/kfp-images.yaml' });
    write('kfp-images.yaml', 'first');
    const catalog = await load();
    expect(catalog.source).toBe('kfp-images.yaml');
    expect([...catalog.images.keys()]).toEqual(['first']);
    expect([...catalog.groups.keys()]).toEqual(['backend-all']);
  });

  test('a named file goes before both', async () => {
    write('kfp-images.yaml', 'first');
    write('mine.yaml', 'mine');
    expect((await load('mine.yaml')).source).toBe('mine.yaml');
  });

  test('a named file that is not there', async () => {
    write('kfp-images.yaml', 'first');
    await expect(load('missing.yaml')).rejects.toThrow(UsageError);
    await expect(load('missing.yaml')).rejects.toThrow(
      'the catalog "missing.yaml" is not there; correct the input catalog',
    );
  });

  test('a folder in its place', async () => {
    await expect(load('.github')).rejects.toThrow(UsageError);
    await expect(load('.github')).rejects.toThrow(`the catalog ".github" can't be read`);
  });

  test('a file with mistakes is no reason to take another', async () => {
    writeFileSync(join(folder, 'kfp-images.yaml'), 'version: 1\nimages: { a: {} }\n');
    write('.github/kfp-images.yaml', 'second');
    await expect(load()).rejects.toThrow(CatalogError);
    await expect(load()).rejects.toThrow('kfp-images.yaml:2:11: images.a.dockerfile: is missing');
  });
});
