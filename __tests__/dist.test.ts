import { existsSync } from 'node:fs';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../src/system/exec';
import { tempDir, type TempDir } from './support/engine';
import { createFork, type TestRepository } from './support/fork';
import { startRegistry, type TestRegistry } from './support/registry';
import { runStep, type StepResult } from './support/runner';

/* What is committed in dist/: that it is what the sources give, and that it runs by itself. */

const dist = join(process.cwd(), 'dist');

/** Path → content of every file below a folder. */
async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths.map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'latin1')] as const);
  return new Map((await Promise.all(files)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

it('is what the sources give: a rebuild makes the same files', { timeout: 900_000 }, async () => {
  await using folder = await tempDir();
  const built = await run({ command: process.execPath, args: ['script/bundle.mjs', folder.path] });
  expect(built.stderr).not.toMatch(/error/i);
  expect(built.exitCode).toBe(0);
  const [committed, fresh] = [await filesOf(dist), await filesOf(folder.path)];
  expect([...committed.keys()], 'run npm run bundle, and commit dist/').toEqual([...fresh.keys()]);
  const stale = [...fresh].filter(([path, content]) => committed.get(path) !== content).map(([path]) => path);
  expect(stale, 'run npm run bundle, and commit dist/').toEqual([]);
});

it('is committed as it is here', async () => {
  const { stdout } = await run({ command: 'git', args: ['ls-files', '-z', 'dist'] });
  const tracked = stdout.split('\0').filter((path) => path !== '');
  expect([...(await filesOf(dist)).keys()].map((path) => `dist/${path}`)).toEqual(tracked.sort());
});

it('carries the notices of everything that is bundled', async () => {
  const sources = [...(await filesOf(join(process.cwd(), 'src')))].filter(([path]) => path.endsWith('.ts'));
  const named = sources.flatMap(([, text]) =>
    [...text.matchAll(/(?:from|import\() ?'((?:@[\w.-]+\/)?[\w-][\w.-]*)/g)].map(([, name = '']) => name),
  );
  const typesOnly = sources.flatMap(([, text]) =>
    [...text.matchAll(/import type [^;]* from '((?:@[\w.-]+\/)?[\w-][\w.-]*)/g)].map(([, name = '']) => name),
  );
  const packages = [...new Set(named)].filter(
    (name) => existsSync(join('node_modules', name)) && !typesOnly.includes(name),
  );
  expect(packages.length).toBeGreaterThan(10);
  const texts = await Promise.all(
    ['bundle', 'post'].map((entry) => readFile(join(dist, entry, 'licenses.txt'), 'utf8')),
  );
  const notices = texts.flatMap((text) => text.split(`\n${'-'.repeat(80)}\n`).map((notice) => notice.trim()));
  const lengths = new Map(notices.map((notice) => [notice.split(' ', 1)[0], notice.length]));
  for (const name of packages) expect(lengths.get(name) ?? 0, name).toBeGreaterThan(500);
});

describe('copied to a folder without node_modules', () => {
  let folder: TempDir;
  let fork: TestRepository;
  let registry: TestRegistry;
  let copy: string;

  beforeAll(async () => {
    [folder, fork, registry] = await Promise.all([tempDir(), createFork('Begin [driver]'), startRegistry()]);
    copy = join(folder.path, 'dist');
    await cp(dist, copy, { recursive: true });
    for (let above = copy; above !== dirname(above); above = dirname(above)) {
      expect(existsSync(join(above, 'node_modules')), above).toBe(false);
    }
  });
  afterAll(async () => {
    await Promise.all([folder.remove(), fork.remove(), registry.stop()]);
  });

  const cli = (...args: readonly string[]) =>
    run({ command: process.execPath, args: [join(copy, 'cli', 'index.js'), ...args], cwd: fork.directory });
  const action = async (
    message: string,
    inputs: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<StepResult> => {
    const sha = await fork.git('rev-parse', 'HEAD');
    const repository = { full_name: 'dana/pipelines', default_branch: 'main' };
    const payload = { ref: 'refs/heads/main', deleted: false, repository, head_commit: { id: sha, message } };
    const bundle = join(copy, 'main', 'index.js');
    return runStep(
      { bundle, workspace: fork.directory, event: 'push', sha, payload, inputs, env },
      join(copy, 'post', 'index.js'),
    );
  };
  const registryInputs = (): Readonly<Record<string, string>> => ({
    'registry-path': registry.path,
    'credentials-json': registry.keyJson,
    'dry-run': 'true',
  });

  it('the command tells its version and help', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { readonly version: string };
    expect(await cli('--version')).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
    expect((await cli('--help')).stdout).toContain('Usage: kfp-images');
  });

  it('the command plans', async () => {
    const { exitCode, stdout } = await cli('plan', '--json', '--images', 'all');
    expect(exitCode).toBe(0);
    expect((JSON.parse(stdout) as { readonly images: readonly unknown[] }).images).toHaveLength(8);
  });

  it('the Action finds nothing to do, and its post has nothing to remove', async () => {
    const { exitCode, stdout, stderr } = await action('Fix it', registryInputs());
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Nothing to do: no keyword/m);
    expect(stderr).toBe('');
  });

  it('the Action plans against a registry with a login', async () => {
    const { exitCode, outputs, stderr } = await action('Fix it [driver]', registryInputs());
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(JSON.parse(outputs.get('plan') ?? '')).toMatchObject({ keywords: ['driver'] });
  });

  describe('loads no more than a run needs', () => {
    /** The files of the bundle that a run of the Action loaded, by path. */
    const loadedBy = async (message: string): Promise<ReadonlyMap<string, string>> => {
      const list = join(folder.path, 'loaded');
      const hook = join(folder.path, 'hook.cjs');
      await writeFile(
        hook,
        `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(list)}, Object.keys(require.cache).join('\\n')));`,
      );
      const bundle = join(copy, 'main', 'index.js');
      // Only main: post would write the list once more.
      const sha = await fork.git('rev-parse', 'HEAD');
      const repository = { full_name: 'dana/pipelines', default_branch: 'main' };
      const payload = { ref: 'refs/heads/main', deleted: false, repository, head_commit: { id: sha, message } };
      const env = { NODE_OPTIONS: `--require ${hook}` };
      const inputs = registryInputs();
      const result = await runStep({ bundle, workspace: fork.directory, event: 'push', sha, payload, inputs, env });
      expect(result.exitCode).toBe(0);
      const paths = (await readFile(list, 'utf8')).split('\n').filter((path) => path.startsWith(copy));
      expect(paths).toContain(bundle);
      return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')] as const)));
    };
    // Words that are in these packages and in nothing of ours.
    const heavy = {
      'GitHub’s client': 'octokit-core.js',
      'Google’s client': 'google.devtools.artifactregistry',
      'the YAML parser': 'tag:yaml.org,2002',
    };
    const loadedParts = (files: ReadonlyMap<string, string>): readonly string[] =>
      Object.entries(heavy).flatMap(([part, word]) =>
        [...files.values()].some((text) => text.includes(word)) ? [part] : [],
      );

    it('each heavy part is in the bundle at all', async () => {
      expect(loadedParts(await filesOf(join(copy, 'bundle')))).toEqual(Object.keys(heavy));
    });

    it('a run for another registry, with the built-in catalog, loads none of them', async () => {
      expect(loadedParts(await loadedBy('Fix it [driver]'))).toEqual([]);
    });

    it('a run without a keyword neither', async () => {
      expect(loadedParts(await loadedBy('Fix it'))).toEqual([]);
    });
  });
});
