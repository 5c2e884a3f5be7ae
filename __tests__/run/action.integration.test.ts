import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionOutputs } from '../../src/event/inputs';
import { docker } from '../support/engine';
import { dockerConfig } from '../support/registry';
import type { StepResult } from '../support/runner';
import { filesWithTraces, formsOf, tracesIn, watchArguments } from './secretTraces';
import { blobOf, createWorld, json, lockIn, manifestOf, step, tagsOf, type World } from './world';

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

it('tags each image by key and commit, moves latest on the default branch, and the registry has the digests it reports', async () => {
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
    expect(result.summary).toMatch(
      new RegExp(`^\\| \`${image}\` \\| 🔨(?: |&nbsp;)built \\| \`${digest.slice(0, 19)}`, 'm'),
    );
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
