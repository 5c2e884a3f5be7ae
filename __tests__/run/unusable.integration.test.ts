import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTree } from '../../src/git/gitTree';
import { usableTree } from '../../src/git/filtered';
import { tempDir, type TempDir } from '../support/engine';
import { createRepository, type TestRepository } from '../support/fork';
import { kfpImages, stackLine, type Ended } from './world';

/* Files that are not what they seem: Git LFS pointers, other filters, submodules, credentials in a workspace. Through the bundle. */

let fork: TestRepository;
let folder: TempDir;
const catalog = 'version: 1\nimages:\n  tool: { dockerfile: Dockerfile }\n';
const content = 'the model itself\n';
const sha256 = createHash('sha256').update(content).digest('hex');
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${String(content.length)}\n`;

beforeEach(async () => {
  [fork, folder] = await Promise.all([createRepository(), tempDir()]);
  await fork.commit('A tool', { 'kfp-images.yaml': catalog, Dockerfile: 'FROM scratch\nCOPY . /\n', a: 'a\n' });
});
afterEach(() => Promise.all([fork.remove(), folder.remove()]));

const plan = (...more: string[]): Promise<Ended> =>
  kfpImages(fork.directory, ['plan', '--images', 'tool', '--json', ...more]);
const key = async (...more: string[]): Promise<string | undefined> => {
  const ended = await plan(...more);
  expect(ended.stderr).toBe('');
  return (JSON.parse(ended.stdout) as { images: { key: string }[] }).images[0]?.key;
};
async function refused(why: RegExp, ...more: string[]): Promise<void> {
  const ended = await plan(...more);
  expect(ended.stderr).toMatch(/Image tool can't be built:/);
  expect(ended.stderr).toMatch(why);
  expect(ended.stderr).not.toMatch(stackLine);
  expect(ended.exitCode).toBe(1);
  expect(ended.stdout).toBe('');
}
const put = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(fork.directory, path)), { recursive: true });
  await writeFile(join(fork.directory, path), text);
};
const read = async (path: string): Promise<string> => {
  const { tree } = await usableTree(fork.directory, await readTree(fork.directory, 'HEAD'), undefined);
  try {
    let text = '';
    await tree.read([tree.entry(path)?.oid ?? ''], (_, bytes) => (text = bytes.toString()));
    return text;
  } finally {
    await tree.close();
  }
};

describe('a file in Git LFS', () => {
  beforeEach(async () => {
    // As a clone without git-lfs: the pointer is in the work tree.
    await fork.commit('Keep the model in LFS', {
      '.gitattributes': '*.bin filter=lfs -text\n',
      'm/model.bin': pointer,
    });
  });

  it('that was not fetched is an error that says how, in the commit and in the workspace', async () => {
    await refused(/m\/model\.bin is kept in Git LFS, .*`lfs: true`.*`git lfs pull`/);
    await refused(/m\/model\.bin is kept in Git LFS/, '--context', 'workspace');
  });

  it('is its content, where git lfs keeps that or the work tree has it, under one key', async () => {
    await put(`.git/lfs/objects/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`, content);
    expect(await read('m/model.bin')).toBe(content);
    const kept = await key();
    await rm(join(fork.directory, '.git/lfs'), { recursive: true });
    await put('m/model.bin', content);
    expect(await read('m/model.bin')).toBe(content);
    expect(await key()).toBe(kept);
    await put('m/model.bin', content.toUpperCase());
    await expect(read('m/model.bin')).rejects.toThrow(/not what the commit names/);
  });

  it('that no image takes is nobody’s trouble', async () => {
    await fork.commit('Leave it out', { '.dockerignore': 'm\n' });
    await key();
  });
});

it('another filter is an error, unless the workspace is built', async () => {
  await fork.commit('Encrypt', { '.gitattributes': 'a filter=git-crypt\n' });
  await refused(/a goes through the git filter git-crypt, .*context: workspace/);
  await key('--context', 'workspace');
});

describe('a submodule', () => {
  let other: TestRepository;
  beforeEach(async () => {
    other = await createRepository();
    await other.commit('Shared', { 'lib/x.txt': 'x\n', 'lib-2/y.txt': 'y\n' });
    await fork.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.directory, 'sub');
    await fork.commit('Share');
  });
  afterEach(() => other.remove());

  it('is its files at the pinned commit, whatever is there', async () => {
    await put('sub/lib/x.txt', 'changed\n');
    const tree = await readTree(fork.directory, 'HEAD');
    const paths = tree.entries.map(({ path }) => path);
    await tree.close();
    expect(paths).toEqual([...paths].sort());
    expect(paths).toEqual(expect.arrayContaining(['sub/lib/x.txt', 'sub/lib-2/y.txt']));
    expect(await read('sub/lib/x.txt')).toBe('x\n');
    await key();
  });

  it('whose files are not here is an error that names `submodules: true`, also in the workspace', async () => {
    await fork.git('submodule', 'deinit', '--force', '--quiet', 'sub');
    await refused(/sub is a submodule whose files are not here .*`submodules: true`/);
    await refused(/sub is a submodule whose files are not here/, '--context', 'workspace');
  });

  it('of which a part is copied, or that has the Dockerfile or the context, is named too', async () => {
    await fork.git('submodule', 'deinit', '--force', '--quiet', 'sub');
    const catalog = (fields: string): string => `version: 1\nimages:\n  tool: { ${fields} }\n`;
    const of = async (fields: string, dockerfile: string): Promise<void> => {
      await fork.commit('Other', { 'kfp-images.yaml': catalog(fields), 'own/Dockerfile': dockerfile });
    };
    await of('dockerfile: own/Dockerfile', 'FROM scratch\nCOPY sub/lib /lib\n');
    await refused(/sub is a submodule whose files are not here .*`submodules: true`/);
    await of('dockerfile: own/Dockerfile, context: sub/lib', 'FROM scratch\nCOPY x.txt /\n');
    expect((await plan()).stderr).toMatch(/tool\.context: sub\/lib is in the submodule sub, .*`submodules: true`/);
    await of('dockerfile: sub/lib/Dockerfile', 'FROM scratch\n');
    expect((await plan()).stderr).toMatch(
      /sub\/lib\/Dockerfile of "tool" is in the submodule sub, .*`submodules: true`/,
    );
  });
});

describe('a credential in the workspace is refused with its name', () => {
  const keyJson = JSON.stringify({ type: 'service_account', private_key_id: '1', private_key: '-----BEGIN…' });
  it.each([
    ['.npmrc', '//registry.npmjs.org/:_authToken=npm_0123456789\n'],
    ['tools/.docker/config.json', '{"auths":{"x":{"auth":"dXNlcjpwYXNz"}}}'],
    ['key.json', keyJson],
    ['.netrc', 'machine x login y password z\n'],
  ])('%s', async (path, text) => {
    await put(path, text);
    await refused(new RegExp(`${path.replaceAll('.', '\\.')} .*never enters an image`), '--context', 'workspace');
  });

  it('the file that an option names, whatever it is called', async () => {
    await put('notes.txt', keyJson);
    await refused(
      /notes\.txt holds the key of this run/,
      '--context',
      'workspace',
      '--credentials-json',
      join(fork.directory, 'notes.txt'),
    );
  });

  it.each([
    ['.npmrc', '//registry.npmjs.org/:_authToken=${NPM_TOKEN}\nfund=false\n'],
    ['gha-creds-0123456789abcdef.json', keyJson],
    ['package.json', '{"type":"module"}'],
  ])('%s without a secret, or left out, is none', async (path, text) => {
    await put(path, text);
    await key('--context', 'workspace');
  });

  it('one that .dockerignore leaves out is nobody’s trouble', async () => {
    await put('key.json', keyJson);
    await put('.dockerignore', 'key.json\n');
    await key('--context', 'workspace');
  });
});
