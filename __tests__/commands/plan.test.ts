import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFork, type TestRepository } from '../support/fork';
import { kfpImages, stackLine } from '../run/world';

/* `kfp-images plan` as it is installed: a child process in a fork. */

let fork: TestRepository;
let first: string;

beforeAll(async () => {
  fork = await createFork('Begin [apiserver]');
  first = await fork.git('rev-parse', 'HEAD');
});
afterAll(() => fork.remove());

const plan = (...args: readonly string[]) => kfpImages(fork.directory, ['plan', ...args]);

interface PlanJson {
  readonly images: readonly Readonly<Record<string, unknown>>[];
  readonly [field: string]: unknown;
}
const planned = async (...args: readonly string[]): Promise<PlanJson> => {
  const ended = await plan(...args, '--json');
  expect(ended.stderr).toBe('');
  expect(ended.exitCode).toBe(0);
  return JSON.parse(ended.stdout) as PlanJson;
};

it('shows people a tree: image, why it is there, what it binds', async () => {
  const { stdout, stderr, exitCode } = await plan();
  expect(exitCode).toBe(0);
  expect(stderr).toBe('');
  expect(stdout).toBe(
    [
      `Plan for commit ${first.slice(0, 12)}, asked for: apiserver`,
      '',
      'apiserver    build  requested',
      '│            binds   V2_DRIVER_IMAGE=driver, V2_LAUNCHER_IMAGE=launcher',
      '├─ driver    build  bound by apiserver',
      '└─ launcher  build  bound by apiserver',
      '',
      '3 images: 3 to build, 0 to reuse',
      '',
    ].join('\n'),
  );
});

it('gives programs the contract’s JSON, and nothing else on standard output', async () => {
  const document = await planned();
  expect(document).toMatchObject({
    version: 1,
    commit: first,
    keywords: ['apiserver'],
    order: [['driver', 'launcher'], ['apiserver']],
  });
  for (const image of document.images) {
    expect(image).toMatchObject({
      name: expect.any(String) as string,
      requested: image['name'] === 'apiserver',
      neededBy: image['name'] === 'apiserver' ? [] : ['apiserver'],
      key: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      action: 'build',
      reason: expect.any(String) as string,
      changed: [],
    });
  }
});

it('all names every image of the catalog, and finds their Dockerfiles', async () => {
  const { images } = await planned('--images', 'all');
  expect(images.map(({ name }) => name).sort()).toEqual([
    'apiserver',
    'cacheserver',
    'driver',
    'launcher',
    'persistenceagent',
    'scheduledworkflow',
    'viewercontroller',
    'visualization',
  ]);
  await Promise.all(images.map(({ dockerfile }) => readFile(join(fork.directory, String(dockerfile)), 'utf8')));
});

it('a list may come in pieces; a message stands in for that of HEAD', async () => {
  const { keywords } = await planned('--images', 'driver', '--images', 'launcher,driver');
  expect(keywords).toEqual(['driver', 'launcher']);
  expect((await planned('--message', 'Fix [controller] and [WIP]'))['keywords']).toEqual(['controller']);
  const both = await plan('--images', 'driver', '--message', '[launcher]');
  expect(both.exitCode).toBe(2);
  expect(both.stderr).toMatch(/^error: --images and --message both say what to plan/);
});

it('a near miss is a warning on standard error', async () => {
  const { exitCode, stdout, stderr } = await plan('--message', '[apisever]', '--json');
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/^warning: .*apisever.*apiserver/m);
  expect(JSON.parse(stdout)).toMatchObject({ images: [], keywords: [] });
});

describe('--since', () => {
  const driver = 'backend/src/v2/driver/driver.go';

  it('nothing changed: everything is reused', async () => {
    await fork.commit('Write [backend-all]', { 'docs/notes.md': 'Written.\n' });
    const { images } = await planned('--since', 'HEAD~1');
    expect(images).toHaveLength(8);
    for (const image of images) expect(image).toMatchObject({ action: 'reuse', changed: [] });
  });

  it('one file changed: its images, with the file', async () => {
    const text = await readFile(join(fork.directory, driver), 'utf8');
    await fork.commit('Teach [backend-all]', {
      [driver]: `${text}\n// More.\n`,
      'backend/src/v2/driver/driver_test.go': 'package driver\n\n// Tests don’t count.\n',
    });
    const { images } = await planned('--since', first);
    const built = images.filter(({ action }) => action === 'build');
    expect(built).toEqual([expect.objectContaining({ name: 'driver', changed: [driver] })]);
    const tree = await plan('--since', first);
    expect(tree.stdout).toContain(`${driver} changed since ${first.slice(0, 12)} (`);
    expect(tree.stdout).toContain('8 images: 1 to build, 7 to reuse');
  });

  it('asks no registry, also when one is given: nobody listens there', async () => {
    const ended = await plan('--since', first, '--registry-path', '127.0.0.1:9/p/r');
    expect(ended.exitCode).toBe(0);
    expect(ended.stderr).toBe('');
  });

  it('what is built on an image of the catalog changes with it, where the registry path says that it is one', async () => {
    await fork.commit('Images on images', {
      'kfp-images.yaml':
        'version: 1\nimages:\n  base: { dockerfile: base/Dockerfile }\n  child: { dockerfile: child/Dockerfile }\n',
      'base/Dockerfile': 'FROM scratch\nCOPY base/a /\n',
      'base/a': 'one\n',
      'child/Dockerfile': 'FROM registry.example/p/r/base\n',
    });
    await fork.commit('Change the base', { 'base/a': 'two\n' });
    const [{ images: known }, unknown] = [
      await planned('--images', 'all', '--since', 'HEAD~1', '--registry-path', 'registry.example/p/r'),
      await plan('--images', 'all', '--since', 'HEAD~1'),
    ];
    await fork.git('reset', '--quiet', '--hard', 'HEAD~2');
    expect(known.map(({ name, action }) => [name, action])).toEqual([
      ['base', 'build'],
      ['child', 'build'],
    ]);
    expect(unknown.stdout).toContain('2 images: 1 to build, 1 to reuse');
    expect(unknown.stderr).toContain(
      "child is built on registry.example/p/r/base. If that is this catalog's own base, give --registry-path",
    );
  });

  it('an unknown revision is reported', async () => {
    const ended = await plan('--since', 'no-such-branch');
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/no-such-branch/);
    expect(ended.stderr).not.toMatch(stackLine);
    expect(ended.stdout).toBe('');
  });
});

it('--explain shows every line of each content key', async () => {
  const { keyLines, images } = await planned('--images', 'driver', '--explain');
  const lines = (keyLines as Readonly<Record<string, readonly string[]>>)['driver'] ?? [];
  expect(lines.filter((line) => line.includes('backend/src/v2/driver/driver.go'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('driver_test.go'))).toEqual([]);
  const { stdout } = await plan('--images', 'driver', '--explain');
  for (const line of lines) expect(stdout).toContain(line);
  expect(stdout).toContain(String(images[0]?.['key']));
});

describe('context: workspace', () => {
  it('keys the files as they are on disk and leaves the index as it is', async () => {
    const clean = await planned('--images', 'driver');
    const path = 'backend/src/v2/driver/untracked.go';
    await writeFile(join(fork.directory, path), 'package driver\n');
    try {
      const before = await fork.git('status', '--porcelain');
      const index = await readFile(join(fork.directory, '.git/index'));
      expect((await planned('--images', 'driver')).images[0]?.['key']).toBe(clean.images[0]?.['key']);
      const dirty = await planned('--images', 'driver', '--context', 'workspace');
      expect(dirty.images[0]?.['key']).not.toBe(clean.images[0]?.['key']);
      expect(await fork.git('status', '--porcelain')).toBe(before);
      expect(await readFile(join(fork.directory, '.git/index'))).toEqual(index);
    } finally {
      await rm(join(fork.directory, path));
    }
  });
});

it('a catalog that is not committed yet counts for a plan, which says so', async () => {
  const file = join(fork.directory, 'kfp-images.yaml');
  await writeFile(file, 'version: 1\nimages:\n  mine: { dockerfile: backend/Dockerfile.driver }\n');
  try {
    const { stdout, stderr, exitCode } = await plan('--images', 'mine');
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^mine {2}build/m);
    expect(stderr).toContain('kfp-images.yaml is not committed; it counts for this plan.');
  } finally {
    await rm(file);
  }
});
