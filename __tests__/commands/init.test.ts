import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { loadCatalog } from '../../src/catalog/load';
import { findOrigin, packageFolder, withOrigin } from '../../src/commands/init/origin';
import { isInstalled, isUntouched, seal } from '../../src/commands/init/seal';
import { version } from '../../src/commands/version';

const template = (name: string): Promise<string> => readFile(join(process.cwd(), 'templates', name), 'utf8');

test('the example catalog is the built-in one, written out', async () => {
  const catalog = await loadCatalog({ read: () => template('kfp-images.yaml') });
  expect([...catalog.images]).toEqual([...kfpCatalog.images]);
  expect(new Map(catalog.groups)).toEqual(new Map(kfpCatalog.groups));
});

test.each([
  ['https://github.com/dana/kfp-images.git', 'dana/kfp-images'],
  ['https://dana:token@github.com/dana/kfp-images', 'dana/kfp-images'],
  ['git@github.com:dana/images.git', 'dana/images'],
  ['ssh://git@github.com/dana/images', 'dana/images'],
  ['https://gitlab.com/dana/kfp-images.git', undefined],
  ['/srv/git/kfp-images.git', undefined],
  ['https://github.com/dana/kfp-images/tree/main', undefined],
])('a clone of %s is called as %s, at its commit', async (url, repository) => {
  const folder = await mkdtemp(join(tmpdir(), 'kfp-images-origin-'));
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], {
      cwd: folder,
      encoding: 'utf8',
    }).trim();
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'x');
  git('remote', 'add', 'origin', url);
  const origin = await findOrigin(undefined, folder);
  expect(origin).toEqual(repository && { repository, revision: git('rev-parse', 'HEAD'), version: `v${version}` });
  await rm(folder, { recursive: true });
});

test('a package that was installed, not cloned, does not know where it came from', async () => {
  expect(await findOrigin(undefined, join(process.cwd(), 'src'))).toBeUndefined();
});

test('the origin goes where the template has its placeholder, once', async () => {
  const text = await template('build-backend-images.yaml');
  const path = '/.github/workflows/build-backend-images.yaml';
  expect(text.split(`OWNER/kfp-images${path}@${'0'.repeat(40)} # vX.Y.Z\n`)).toHaveLength(2);
  expect(withOrigin(text, { repository: 'a/b', revision: 'c', version: 'v1.2.3' })).toContain(
    `uses: a/b${path}@c # v1.2.3\n`,
  );
  expect(withOrigin(text, { repository: 'a/b', revision: 'v1', version: undefined })).toContain(
    `uses: a/b${path}@v1\n`,
  );
  expect(withOrigin(text, undefined)).toBe(text);
});

test('the package is found from any folder in it, and missing templates are said', () => {
  expect(packageFolder(join(process.cwd(), 'src', 'commands'))).toBe(process.cwd());
  expect(() => packageFolder(tmpdir())).toThrow('The templates of kfp-images are missing');
});

test('a seal breaks at the first changed character', () => {
  const sealed = seal('a: 1\nb: 2\n');
  expect(isUntouched(sealed)).toBe(true);
  expect(isUntouched(sealed.replace('b: 2', 'b: 3'))).toBe(false);
  expect(isInstalled(sealed.replace('b: 2', 'b: 3'))).toBe(true);
  expect(isUntouched(`${sealed}\n`)).toBe(false);
  expect(isInstalled('a: 1\n')).toBe(false);
});
