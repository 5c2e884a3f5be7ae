import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionOutputs } from '../../src/event/inputs';
import { docker } from '../support/engine';
import { dockerConfig } from '../support/registry';
import type { StepResult } from '../support/runner';
import { filesWithTraces, formsOf, tracesIn, watchArguments } from './secretTraces';
import { before, blobOf, createWorld, json, lockIn, manifestOf, noDocker, step, tagsOf, type World } from './world';

/* The Action's bundles as a runner calls them: a push whose message says [apiserver], and what it must leave everywhere. */

let world: World;
let home: string;
let commit: string;
let result: StepResult;
let userConfig: string;
let commandLines: ReadonlySet<string>;

const images = ['apiserver', 'driver', 'launcher'];

beforeAll(async () => {
  world = await createWorld();
  home = join(world.folder.path, 'home');
  await mkdir(join(home, '.docker'), { recursive: true });
  const own = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const known = JSON.parse(await readFile(join(own, 'config.json'), 'utf8').catch(() => '{}')) as {
    readonly cliPluginsExtraDirs?: readonly string[];
  };
  userConfig = JSON.stringify({
    auths: { 'registry.example': { auth: Buffer.from('dana:secret').toString('base64') } },
    cliPluginsExtraDirs: [join(own, 'cli-plugins'), ...(known.cliPluginsExtraDirs ?? [])],
  });
  await writeFile(join(home, '.docker', 'config.json'), userConfig);
  commit = await world.fork.commit('Speak up [apiserver]', { 'docs/notes.md': 'Spoken.\n' });
  const watch = watchArguments();
  result = await step(world, { env: { HOME: home, DOCKER_CONFIG: join(home, '.docker') } });
  commandLines = await watch.stop();
});
afterAll(() => world[Symbol.asyncDispose]());

it('succeeds and builds what the keyword names and what that binds', () => {
  expect(result.stderr).toBe('');
  expect(result.exitCode).toBe(0);
  expect(json(result, 'keywords')).toEqual(['apiserver']);
  expect([...(json(result, 'built') as string[])].sort()).toEqual(images);
  expect(json(result, 'reused')).toEqual([]);
  expect(json(result, 'plan')).toMatchObject({ version: 1, commit, order: [['driver', 'launcher'], ['apiserver']] });
});

it('gives exactly the outputs of the contract', () => {
  expect([...result.outputs.keys()].sort()).toEqual(actionOutputs.map(({ name }) => name).sort());
  expect(result.outputs.get('lock-file')).toBe(join(world.fork.directory, 'kfp-images.lock.json'));
});

it('tags each image by key and commit, moves latest on the default branch, and the registry has the digests it tells of', async () => {
  const told = json(result, 'images') as Record<string, string>;
  const lock = await lockIn(world.fork);
  expect(Object.keys(told).sort()).toEqual(images);
  for (const image of images) {
    const { digest, key, repository } = lock.images[image] ?? { digest: '', key: '', repository: '' };
    expect(await tagsOf(world.registry, image)).toEqual([`commit-${commit}`, `key-${key.slice(0, 40)}`, 'latest']);
    expect(repository).toBe(`${world.registry.path}/${image}`);
    expect(told[image]).toBe(`${repository}@${digest}`);
    for (const tag of [`commit-${commit}`, 'latest']) {
      expect((await manifestOf(world.registry, image, tag)).digest, `${image}:${tag}`).toBe(digest);
    }
  }
  expect(lock).toMatchObject({ version: 1, commit, registryPath: world.registry.path });
});

it('stores the lock file as an artifact of the set, the same as on disk', async () => {
  const { manifest } = await manifestOf(world.registry, 'kfp-images-set', `commit-${commit}`);
  const [layer] = manifest.layers;
  expect(await blobOf(world.registry, 'kfp-images-set', layer?.digest ?? '')).toEqual(await lockIn(world.fork));
  const latest = await manifestOf(world.registry, 'kfp-images-set', 'latest');
  expect(latest.manifest.layers[0]?.digest).toBe(layer?.digest);
});

it('binds when what it binds is there, names the set when its images are there, and moves latest last', () => {
  const put = puts(world.registry.logs());
  const place = (what: string): number => {
    expect(put).toContain(what);
    return put.indexOf(what);
  };
  const last = (what: string): number => Math.max(...images.map((image) => place(`${image} ${what}`)));
  expect(Math.max(place('driver key'), place('launcher key'))).toBeLessThan(place('apiserver sha256'));
  expect(last('commit')).toBeLessThan(place('kfp-images-set commit'));
  expect(place('kfp-images-set commit')).toBeLessThan(Math.min(...images.map((image) => place(`${image} latest`))));
});

/** `IMAGE KIND` of every manifest that was put by a tag or digest, in order, by the registry's access log. */
function puts(log: string): readonly string[] {
  return log.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const entry = JSON.parse(line) as Readonly<Record<string, string | undefined>>;
    const [, image, kind] = /\/images\/([^/]+)\/manifests\/([a-z0-9]+)/.exec(entry['http.request.uri'] ?? '') ?? [];
    const isPut = entry['http.request.method'] === 'PUT' && entry['http.response.status'] !== undefined;
    return isPut && image !== undefined && kind !== undefined ? [`${image} ${kind}`] : [];
  });
}

describe('the bound apiserver', () => {
  const reference = async (image: string): Promise<string> => {
    const { repository, digest } = (await lockIn(world.fork)).images[image] ?? { repository: '', digest: '' };
    return `${repository}@${digest}`;
  };

  it('carries driver and launcher of its own set, seen by docker inspect and by its process', async () => {
    const DOCKER_CONFIG = await dockerConfig(world.registry, world.folder.path);
    const expected = [
      `V2_DRIVER_IMAGE=${await reference('driver')}`,
      `V2_LAUNCHER_IMAGE=${await reference('launcher')}`,
    ];
    const apiserver = await reference('apiserver');
    await docker(['pull', '--quiet', apiserver], { env: { DOCKER_CONFIG } });
    try {
      const inspected = await docker(['inspect', '--format', '{{json .Config.Env}}', apiserver]);
      expect(JSON.parse(inspected)).toEqual(expect.arrayContaining([...expected, `COMMIT_SHA=${commit}`]));
      const said = await docker(['run', '--rm', '--network', 'none', apiserver]);
      expect(said.split('\n')).toEqual(expect.arrayContaining(expected));
    } finally {
      await docker(['image', 'rm', apiserver]);
    }
  });

  it('has the layers of the unbound one', async () => {
    const { key, digest } = (await lockIn(world.fork)).images['apiserver'] ?? { key: '', digest: '' };
    const unbound = await manifestOf(world.registry, 'apiserver', `key-${key.slice(0, 40)}`);
    const bound = await manifestOf(world.registry, 'apiserver', digest);
    expect(bound.digest).not.toBe(unbound.digest);
    expect(bound.manifest.layers).toEqual(unbound.manifest.layers);
    expect(bound.manifest.layers.length).toBeGreaterThan(0);
  });

  it('says where it comes from', async () => {
    const { manifest } = await manifestOf(world.registry, 'apiserver', 'latest');
    const config = (await blobOf(world.registry, 'apiserver', manifest.config.digest)) as {
      readonly config: { readonly Labels: Readonly<Record<string, string>> };
    };
    expect(config.config.Labels).toMatchObject({
      'org.opencontainers.image.source': 'https://github.com/dana/pipelines',
      'org.opencontainers.image.revision': commit,
      'org.opencontainers.image.created': '2026-01-05T12:02:00Z',
      'org.opencontainers.image.version': `commit-${commit.slice(0, 12)}`,
      'org.opencontainers.image.title': 'apiserver',
    });
  });
});

it('tells it all in the job summary', async () => {
  const lock = await lockIn(world.fork);
  for (const image of images) {
    const { repository, digest } = lock.images[image] ?? { repository: '', digest: '' };
    expect(result.summary).toMatch(new RegExp(`^\\| \`${image}\` \\| 🔨 built \\| \`${digest.slice(0, 19)}`, 'm'));
    expect(result.summary).toContain(`docker pull ${repository}@${digest}`);
  }
  expect(result.summary).toContain('3 images published (3 built)');
  expect(result.summary).toContain('-- "V2_DRIVER_IMAGE" -->');
  expect(result.summary).toContain('gantt');
});

it('folds each image into one group of the log, none inside another', () => {
  const marks = result.stdout.split('\n').filter((line) => line.startsWith('::group::') || line === '::endgroup::');
  expect(marks.map((line) => line.replace(/: .*/, '').replace('::group::', ''))).toHaveLength(6);
  expect(marks.every((line, index) => line.startsWith(index % 2 === 0 ? '::group::' : '::endgroup::'))).toBe(true);
});

describe('the key', () => {
  it('is seen nowhere: not in the log, outputs, summary, lock file, images, arguments', async () => {
    const forms = formsOf(world.registry.keyJson);
    expect(tracesIn(world.registry.keyJson, forms).length, 'the search finds it where it is').toBeGreaterThan(20);
    expect(tracesIn(Buffer.from(`:${world.registry.keyJson}`).toString('base64'), forms).length).toBeGreaterThan(5);
    expect(tracesIn(result.stdout, forms)).toEqual([]);
    expect(tracesIn([...result.outputs.values()].join('\n'), forms)).toEqual([]);
    expect(tracesIn(result.summary, forms)).toEqual([]);
    expect([...commandLines].some((line) => line.includes('buildx\0build\0'))).toBe(true);
    expect(tracesIn([...commandLines].join('\n'), forms)).toEqual([]);
    expect(await filesWithTraces(world.fork.directory, forms)).toEqual([]);
    expect(await filesWithTraces(world.registry.dataDir, forms)).toEqual([]);
    expect(await filesWithTraces(home, forms)).toEqual([]);
  });

  it('leaves the user’s own logins as they were', async () => {
    expect(await readFile(join(home, '.docker', 'config.json'), 'utf8')).toBe(userConfig);
  });
});

it('leaves nothing in the repository but the lock file', async () => {
  expect(await world.fork.git('status', '--porcelain')).toBe('?? kfp-images.lock.json');
});

describe('other events', () => {
  const pull = (from: string): object => ({
    action: 'synchronize',
    pull_request: { number: 7, head: { sha: commit, ref: 'main', repo: { full_name: from, fork: true } } },
    repository: { full_name: 'dana/pipelines', default_branch: 'main' },
  });
  const repository = { full_name: 'dana/pipelines', default_branch: 'main' };
  const nothing = [
    {
      title: 'a branch that was deleted',
      own: { payload: { ref: 'refs/heads/old', deleted: true, after: '0'.repeat(40), head_commit: null, repository } },
      says: /^Nothing to do: "?refs\/heads\/old"? was deleted\.$/,
    },
    {
      title: 'a tag',
      own: {
        ref: 'refs/tags/v1',
        payload: {
          ref: 'refs/tags/v1',
          deleted: false,
          head_commit: { id: 'a'.repeat(40), message: '[driver]' },
          repository,
        },
      },
      says: /is a tag: .* give the images input/,
    },
    {
      title: 'a message without a keyword',
      own: {
        payload: {
          ref: 'refs/heads/main',
          deleted: false,
          repository,
          head_commit: { id: 'a'.repeat(40), message: 'Fix it' },
        },
        sha: 'a'.repeat(40),
      },
      says: /^Nothing to do: no keyword in the commit message/,
    },
    {
      title: 'other brackets',
      own: {
        payload: {
          ref: 'refs/heads/main',
          deleted: false,
          repository,
          head_commit: { id: 'a'.repeat(40), message: '[WIP] x [skip ci]' },
        },
        sha: 'a'.repeat(40),
      },
      says: /^Nothing to do: no keyword in the commit message/,
    },
  ];

  it.each(nothing)('$title: one line, no docker, no registry', async ({ own, says }) => {
    const fake = await noDocker(world);
    const log = world.registry.logs();
    const ended = await step(world, { ...own, env: { PATH: before(fake.bin) } });
    expect(ended.exitCode).toBe(0);
    const lines = ended.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('::add-mask::'));
    expect(lines).toEqual([expect.stringMatching(says)]);
    expect(ended.stderr).toBe('');
    expect(await fake.calls()).toBe('');
    expect(world.registry.logs()).toBe(log);
    expect(json(ended, 'built')).toEqual([]);
    expect(ended.summary).toBe('');
  });

  it('a near miss: a warning that names the right word', async () => {
    const ended = await step(world, { inputs: { 'commit-message': 'Fix [apisever]' } });
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).toMatch(/^::warning::.*apisever.*apiserver/m);
    expect(json(ended, 'built')).toEqual([]);
  });

  it('a pull request from a fork: a plan and the reason, and the registry is not even asked', async () => {
    const log = world.registry.logs();
    const ended = await step(world, {
      event: 'pull_request',
      ref: 'refs/pull/7/merge',
      payload: pull('stranger/pipelines'),
    });
    expect(ended.exitCode).toBe(0);
    expect(json(ended, 'plan')).toMatchObject({ commit, keywords: ['apiserver'] });
    expect(json(ended, 'images')).toEqual({});
    const why = 'nothing is built or pushed: the code comes from the fork "stranger/pipelines"';
    expect(ended.stdout).toContain(`Plan only: ${why}`);
    expect(ended.summary).toMatch(/the code comes from the fork .*stranger\/pipelines/);
    expect(world.registry.logs()).toBe(log);
  });

  it('a pull request of the same repository publishes, and leaves latest where it is', async () => {
    const ended = await step(world, {
      event: 'pull_request',
      ref: 'refs/pull/7/merge',
      payload: pull('dana/pipelines'),
      inputs: { images: 'driver', tags: '{{branch}}-{{short_sha}}' },
    });
    expect(ended.exitCode).toBe(0);
    expect(json(ended, 'reused')).toEqual(['driver']);
    expect(await tagsOf(world.registry, 'driver')).toContain(`pr-7-${commit.slice(0, 7)}`);
    expect(ended.stdout).toMatch(/latest stays where it is: this is branch pr-7; main moves it/);
  });

  it.each([
    { event: 'workflow_dispatch', payload: { inputs: { images: 'driver' }, repository } },
    { event: 'repository_dispatch', payload: { action: 'build', repository } },
  ])('$event takes the images from the input', async ({ event, payload }) => {
    const ended = await step(world, { event, payload, inputs: { images: 'driver\nlauncher' } });
    expect(ended.exitCode).toBe(0);
    expect([...(json(ended, 'reused') as string[])].sort()).toEqual(['driver', 'launcher']);
  });

  it('a merge group takes the keyword from its head commit, and is no default branch', async () => {
    const ref = 'refs/heads/gh-readonly-queue/main/pr-7';
    const group = { head_sha: commit, head_ref: ref, head_commit: { id: commit, message: '[launcher]' } };
    const payload = { action: 'checks_requested', merge_group: group, repository };
    const ended = await step(world, { event: 'merge_group', ref, payload });
    expect(ended.exitCode).toBe(0);
    expect(json(ended, 'reused')).toEqual(['launcher']);
    expect(ended.stdout).toMatch(/latest stays where it is/);
  });

  it('a scheduled run reads the keyword from git and builds everything anew', async () => {
    const ended = await step(world, { event: 'schedule', payload: { schedule: '0 4 * * *', repository } });
    expect(ended.exitCode).toBe(0);
    expect([...(json(ended, 'built') as string[])].sort()).toEqual(images);
  });

  it('a re-run publishes nothing anew', async () => {
    const set = await manifestOf(world.registry, 'kfp-images-set', `commit-${commit}`);
    const ended = await step(world, { env: { GITHUB_RUN_ATTEMPT: '2' } });
    expect(ended.exitCode).toBe(0);
    expect([...(json(ended, 'reused') as string[])].sort()).toEqual(images);
    expect((await manifestOf(world.registry, 'kfp-images-set', `commit-${commit}`)).digest).toBe(set.digest);
  });
});
