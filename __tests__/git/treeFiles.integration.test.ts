import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { git } from '../../src/git/gitCommand';
import { readTree } from '../../src/git/gitTree';
import { writeTrees } from '../../src/git/treeFiles';
import { snapshotWorkspace, type Workspace } from '../../src/git/workspace';
import { createRepository, type TestRepository } from '../support/fork';

let repository: TestRepository;
let scratch: string;

beforeEach(async () => {
  repository = await createRepository();
  scratch = await mkdtemp(join(tmpdir(), 'kfp-images-tree-'));
});

afterEach(async () => {
  await repository.remove();
  await rm(scratch, { recursive: true, force: true });
});

/** Path → `MODE content`, without `.git`; folders with their mode only. Bytes of names and contents as latin1. */
async function contents(folder: string, below = ''): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const inside = (path: string): Buffer => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
  for (const entry of await readdir(inside(below), { withFileTypes: true, encoding: 'buffer' })) {
    const path = `${below}${entry.name.toString('latin1')}`;
    if (path === '.git') continue;
    const mode = ((await lstat(inside(path))).mode & 0o777).toString(8);
    if (entry.isSymbolicLink()) found[path] = `link ${await readlink(inside(path))}`;
    else if (!entry.isDirectory()) found[path] = `${mode} ${await readFile(inside(path), 'latin1')}`;
    else Object.assign(found, { [`${path}/`]: mode }, await contents(folder, `${path}/`));
  }
  return found;
}

/** Writes all files of a commit or of a work tree into a folder that is not there yet. */
async function materialise(cwd: string, from: string | Workspace, directory: string): Promise<void> {
  const tree = await (typeof from === 'string' ? readTree(cwd, from) : readTree(cwd, from.tree, from.objectEnv));
  await writeTrees(tree, [{ directory, files: tree.entries, folders: [] }]).finally(() => tree.close());
}

/** What must not change in the user's repository. */
async function state(): Promise<readonly string[]> {
  const { directory } = repository;
  const index = await readFile(join(directory, '.git', 'index'), 'hex');
  return [
    index,
    await repository.git('status', '--porcelain', '--ignored'),
    await repository.git('count-objects', '-v'),
  ];
}

describe('the files of a commit', () => {
  it('are written as they are committed', async () => {
    const { directory } = repository;
    await writeFile(join(directory, 'run.sh'), '#!/bin/sh\n');
    await chmod(join(directory, 'run.sh'), 0o755);
    await mkdir(join(directory, 'folder'));
    await symlink('../run.sh', join(directory, 'folder', 'link'));
    const odd = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0x66, 0xff, 0x6f])]);
    await writeFile(odd, 'odd');
    const commit = await repository.commit('all', { 'folder/a b.txt': 'text\n', 'crlf.txt': 'a\r\nb\r\n' });
    await repository.commit('later', { 'folder/a b.txt': 'changed\n', 'new.txt': 'new' });
    const target = join(scratch, 'tree');
    await materialise(directory, commit, target);
    const found = await contents(target);
    expect(found).toEqual({
      'f\xffo': '644 odd',
      'run.sh': '755 #!/bin/sh\n',
      'folder/': '755',
      'folder/link': 'link ../run.sh',
      'folder/a b.txt': '644 text\n',
      'crlf.txt': '644 a\r\nb\r\n',
    });
    expect((await lstat(target)).mode & 0o777).toBe(0o755);
    expect(await readdir(target)).not.toContain('.git');
  });

  it('do not depend on this machine', async () => {
    const { directory } = repository;
    const commit = await repository.commit('all', {
      'a.txt': 'a\nb\n',
      'b/.gitattributes': '*.secret export-ignore\n*.version export-subst\n',
      'b/x.secret': 'secret\n',
      'b/x.version': '$Format:%H$\n',
      'c.txt': 'c\n',
    });
    const hooks = join(scratch, 'hooks');
    await mkdir(hooks);
    for (const hook of ['post-checkout', 'post-index-change', 'fsmonitor']) {
      await writeFile(join(hooks, hook), `#!/bin/sh\ntouch ${scratch}/hook-ran\n`, { mode: 0o755 });
    }
    const settings = {
      'core.autocrlf': 'true',
      'core.eol': 'crlf',
      'core.hooksPath': hooks,
      'core.fsmonitor': join(hooks, 'fsmonitor'),
      'core.symlinks': 'false',
      'core.sparseCheckout': 'true',
    };
    for (const [name, value] of Object.entries(settings)) await repository.git('config', name, value);
    await mkdir(join(directory, '.git', 'info'), { recursive: true });
    await writeFile(join(directory, '.git', 'info', 'sparse-checkout'), '/a.txt\n');
    const before = await readFile(join(directory, '.git', 'index'), 'hex');
    const umask = process.umask(0o077);
    const leaked = { GIT_INDEX_FILE: join(scratch, 'leaked-index'), GIT_WORK_TREE: scratch, GIT_DIR: scratch };
    Object.assign(process.env, leaked);
    const target = join(scratch, 'tree');
    try {
      await materialise(directory, commit, target);
    } finally {
      for (const name of Object.keys(leaked)) Reflect.deleteProperty(process.env, name);
      process.umask(umask);
    }
    expect(await contents(target)).toEqual({
      'a.txt': '644 a\nb\n',
      'b/': '755',
      'b/.gitattributes': '644 *.secret export-ignore\n*.version export-subst\n',
      'b/x.secret': '644 secret\n',
      'b/x.version': '644 $Format:%H$\n',
      'c.txt': '644 c\n',
    });
    expect(await readdir(scratch)).not.toContain('hook-ran');
    expect(await readFile(join(directory, '.git', 'index'), 'hex')).toBe(before);
    expect(process.umask(umask)).toBe(umask);
  });

  it('go through no filter, whoever asks for one', async () => {
    const { directory } = repository;
    await repository.git('config', 'filter.shout.smudge', 'tr a-z A-Z');
    await repository.git('config', 'filter.shout.clean', 'tr A-Z a-z');
    const commit = await repository.commit('all', {
      '.gitattributes': '*.loud filter=shout\n*.crlf text eol=crlf\n',
      'x.loud': 'QUIET\n',
      'x.crlf': 'a\n',
    });
    await materialise(directory, commit, join(scratch, 'tree'));
    expect(await readFile(join(scratch, 'tree', 'x.loud'), 'utf8')).toBe('quiet\n');
    expect(await readFile(join(scratch, 'tree', 'x.crlf'), 'utf8')).toBe('a\n');
  });

  it('leave an empty folder for a submodule', async () => {
    const { directory } = repository;
    const inner = await createRepository();
    const id = await inner.commit('inner', { x: 'x' });
    await inner.remove();
    await repository.git('update-index', '--add', '--cacheinfo', `160000,${id},vendor/sub`);
    await repository.git('commit', '--quiet', '--message', 'submodule');
    await materialise(directory, 'HEAD', join(scratch, 'tree'));
    expect(await contents(join(scratch, 'tree'))).toEqual({ 'vendor/': '755', 'vendor/sub/': '755' });
  });

  it('are the same file on disk where trees have them in common, and never twice in one tree', async () => {
    const { directory } = repository;
    await writeFile(join(directory, 'run.sh'), 'same');
    await chmod(join(directory, 'run.sh'), 0o755);
    const commit = await repository.commit('all', { a: 'same', 'b/c': 'same', d: 'other' });
    const tree = await readTree(directory, commit);
    const one = { directory: join(scratch, 'one'), files: tree.entries, folders: ['empty/folder'] };
    const two = {
      directory: join(scratch, 'two'),
      files: tree.entries.filter(({ path }) => path !== 'a'),
      folders: [],
    };
    await writeTrees(tree, [one, two]).finally(() => tree.close());
    const all = { 'b/': '755', 'b/c': '644 same', d: '644 other', 'run.sh': '755 same' };
    expect(await contents(one.directory)).toEqual({ ...all, a: '644 same', 'empty/': '755', 'empty/folder/': '755' });
    expect(await contents(two.directory)).toEqual(all);
    const inode = async (path: string): Promise<number> => (await lstat(join(scratch, path))).ino;
    const inOne = await Promise.all(['one/a', 'one/b/c', 'one/run.sh', 'one/d'].map(inode));
    expect(new Set(inOne).size).toBe(4);
    expect(inOne).toEqual(expect.arrayContaining(await Promise.all(['two/b/c', 'two/run.sh', 'two/d'].map(inode))));
  });

  it('are not written where a commit names them as git never does', async () => {
    const { directory } = repository;
    const blob = (await git(directory, 'write', ['hash-object', '-w', '--stdin'], { input: 'x' })).toString().trim();
    const link = (await git(directory, 'write', ['hash-object', '-w', '--stdin'], { input: scratch }))
      .toString()
      .trim();
    const inner = (await git(directory, 'write', ['mktree'], { input: `100644 blob ${blob}\tx\n` })).toString().trim();
    const entry = (mode: string, name: string, oid: string): Buffer =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
    const trees = [
      Buffer.concat([entry('120000', 'a', link), entry('40000', 'a', inner)]),
      Buffer.concat([entry('120000', 'a', link), entry('100644', 'a', blob)]),
      entry('40000', '..', inner),
    ];
    for (const [index, input] of trees.entries()) {
      const args = ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'];
      const id = (await git(directory, 'write', args, { input })).toString().trim();
      const target = join(scratch, `tree-${String(index)}`);
      await expect(materialise(directory, id, target)).rejects.toThrow(/git itself never writes/);
    }
    expect(await readdir(scratch)).not.toContain('x');
  });
});

describe('the files of a work tree', () => {
  async function messyWorkTree(): Promise<void> {
    const { directory } = repository;
    await repository.commit('all', {
      '.gitignore': '*.log\nbuild/\n',
      '.gitattributes': '* text=auto\n*.loud filter=shout\n',
      'kept.txt': 'kept\n',
      'changed.txt': 'old\n',
      'removed.txt': 'removed\n',
      'hidden.txt': 'old\n',
    });
    await repository.git('config', 'core.autocrlf', 'true');
    await repository.git('config', 'filter.shout.clean', 'false');
    await repository.git('config', 'filter.shout.required', 'true');
    await writeFile(join(directory, 'changed.txt'), 'new\r\n');
    await rm(join(directory, 'removed.txt'));
    await writeFile(join(directory, 'untracked.loud'), 'Untracked\n');
    await writeFile(join(directory, 'ignored.log'), 'ignored\n');
    await mkdir(join(directory, 'build', 'deep'), { recursive: true });
    await writeFile(join(directory, 'build', 'deep', 'tool'), '#!/bin/sh\n', { mode: 0o755 });
    await symlink('build/deep', join(directory, 'link'));
    await writeFile(join(directory, 'new\nline "x"\\.txt'), 'odd\n');
    await writeFile(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]), 'bytes\n');
    await writeFile(join(directory, 'gha-creds-0123.json'), '{"private_key": "secret"}');
    await repository.git('update-index', '--assume-unchanged', 'hidden.txt');
    await writeFile(join(directory, 'hidden.txt'), 'new\n');
    await mkdir(join(directory, 'nested', '.git'), { recursive: true });
    await writeFile(join(directory, 'nested', '.git', 'HEAD'), 'x');
    await writeFile(join(directory, 'nested', 'file'), 'nested\n');
  }

  /** Git keeps whether a file is executable; the rest of its mode on disk is this user's umask. */
  const asGitKeepsIt = (entry: string): string =>
    entry.replace(/^[0-7]{3}\b/, (mode) => (Number.parseInt(mode, 8) & 0o100 ? '755' : '644'));

  it('are taken as they are on disk, and nothing of the repository changes', async () => {
    await messyWorkTree();
    const before = await state();
    const workspace = await snapshotWorkspace(join(repository.directory, 'build'), scratch);
    expect(await state()).toEqual(before);
    const target = join(scratch, 'tree');
    await materialise(repository.directory, workspace, target);
    const expected = Object.entries(await contents(repository.directory))
      .filter(([path]) => !path.startsWith('gha-creds') && !path.startsWith('nested/.git'))
      .map(([path, entry]): [string, string] => [path, asGitKeepsIt(entry)]);
    expect(await contents(target)).toEqual(Object.fromEntries(expected));
    expect(expected.map(([path]) => path)).toContain('ignored.log');
    expect(Object.fromEntries(expected)['changed.txt']).toBe('644 new\r\n');
  });

  it('have the same tree as the commit where nothing differs from it', async () => {
    const commit = await repository.commit('all', { 'a/b.txt': 'b\n', c: 'c' });
    const { tree } = await snapshotWorkspace(repository.directory, scratch);
    expect(tree).toBe(await repository.git('rev-parse', `${commit}^{tree}`));
  });

  it('are found in a repository without a commit, and when there are none', async () => {
    const { tree, objectEnv } = await snapshotWorkspace(repository.directory, scratch);
    expect(tree).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
    const listing = await git(repository.directory, 'list', ['ls-tree', '-r', tree], { env: objectEnv });
    expect(listing.toString()).toBe('');
  });

  it('are not looked for where there is no repository', async () => {
    await expect(snapshotWorkspace(scratch, join(scratch, 'x'))).rejects.toThrow(/not in a git repository/);
  });
});
