import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { loadCatalog } from '../../src/catalog/load';
import { findOrigin, packageFolder, withOrigin } from '../../src/commands/init/origin';
import { isInstalled, isUntouched, seal } from '../../src/commands/init/seal';
import { version } from '../../src/commands/version';

const nothing = { given: undefined, workflow: undefined, owner: undefined };
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
  const origin = await findOrigin(nothing, folder);
  expect(origin).toEqual(repository && { repository, revision: git('rev-parse', 'HEAD'), version: `v${version}` });
  await rm(folder, { recursive: true });
});

describe('a package that was installed, not cloned', () => {
  const workflow = (uses: string): string => `jobs:\n  images:\n    uses: ${uses}\n`;
  const path = '.github/workflows/build-backend-images.yaml';
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kfp-images-origin-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('does not know where it came from', async () => {
    expect(await findOrigin(nothing, folder)).toBeUndefined();
  });

  test('goes by what the release wrote into it', async () => {
    const described = { repository: { url: 'git+https://github.com/dana/kfp-images.git' }, gitHead: 'b2'.repeat(20) };
    await writeFile(join(folder, 'package.json'), JSON.stringify(described));
    const origin = { repository: 'dana/kfp-images', revision: 'b2'.repeat(20), version: `v${version}` };
    expect(await findOrigin(nothing, folder)).toEqual(origin);
  });

  test.each([['{'], ['{}'], ['{"repository":{"url":"git+https://github.com/a/b.git"},"gitHead":"main"}'], ['[]']])(
    'and by nothing else in its package.json: %s',
    async (text) => {
      await writeFile(join(folder, 'package.json'), text);
      expect(await findOrigin(nothing, folder)).toBeUndefined();
    },
  );

  test('goes by the workflow that is there', async () => {
    const called = { ...nothing, workflow: workflow(`dana/images/${path}@v1 # v1.2.3`) };
    expect(await findOrigin(called, folder)).toEqual({ repository: 'dana/images', revision: 'v1', version: 'v1.2.3' });
  });

  test('but not by one with the placeholder', async () => {
    const called = { ...nothing, workflow: workflow(`OWNER/kfp-images/${path}@${'0'.repeat(40)}`) };
    expect(await findOrigin(called, folder)).toBeUndefined();
  });

  test.each([
    ['the tag of this version', true],
    ['its newest commit', false],
  ])('asks git for the kfp-images of the fork’s owner: %s', async (_, tagged) => {
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], {
        cwd: folder,
        encoding: 'utf8',
      }).trim();
    git('init', '-q', 'hosted/dana/kfp-images');
    git('-C', 'hosted/dana/kfp-images', 'commit', '-q', '--allow-empty', '-m', 'x');
    const commit = git('-C', 'hosted/dana/kfp-images', 'rev-parse', 'HEAD');
    if (tagged) {
      git('-C', 'hosted/dana/kfp-images', 'tag', '-a', '-m', 'x', `v${version}`);
      git('-C', 'hosted/dana/kfp-images', 'commit', '-q', '--allow-empty', '-m', 'y');
    }
    await writeFile(join(folder, 'gitconfig'), `[url "file://${folder}/hosted/"]\n\tinsteadOf = https://github.com/\n`);
    vi.stubEnv('GIT_CONFIG_GLOBAL', join(folder, 'gitconfig'));
    try {
      expect(await findOrigin({ ...nothing, owner: 'dana' }, folder)).toEqual({
        repository: 'dana/kfp-images',
        revision: commit,
        version: tagged ? `v${version}` : undefined,
      });
      expect(await findOrigin({ ...nothing, owner: 'nobody' }, folder)).toBeUndefined();
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

test.each([
  ['OWNER/kfp-images@v1', 'OWNER stands for who owns the kfp-images'],
  ['dana/kfp-images@COMMIT', 'COMMIT stands for a commit id or tag of dana/kfp-images'],
])('a command line of the documentation with its placeholders, %s, is refused', async (given, says) => {
  await expect(findOrigin({ ...nothing, given }, tmpdir())).rejects.toThrow(says);
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
