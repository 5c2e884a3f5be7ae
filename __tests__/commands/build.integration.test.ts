import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/system/exec';
import { docker, imageStore } from '../support/engine';
import {
  before,
  blobOf,
  createWorld,
  kfpImages,
  lockIn,
  manifestOf,
  noDocker,
  programs,
  storedIn,
  tagsOf,
  tellingDocker,
  type World,
} from '../run/world';

/* `kfp-images build`: the Action's job on a terminal. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.fork.commit('Begin [apiserver]', { 'docs/notes.md': 'Begun.\n' });
});
afterAll(() => world[Symbol.asyncDispose]());

const build = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  kfpImages(world.fork.directory, ['build', ...args], { env });

/** The name of a run's private folder differs each time. */
const everyRun = (text: string): string => text.replace(/kfp-images-[A-Za-z0-9]{6}\b/g, 'kfp-images-XXXXXX');

describe('a dry run', () => {
  it('prints the very commands that a real run then executes', async () => {
    const stored = await storedIn(world.registry);
    const dry = await build([...world.target, '--dry-run']);
    expect(dry.exitCode).toBe(0);
    expect(await storedIn(world.registry)).toEqual(stored);

    // A shell reads each line; a docker that does nothing writes down what it is given.
    const lines = dry.stderr.split('\n').filter((line) => line.includes(' docker buildx build '));
    expect(lines).toHaveLength(3);
    const echo = await programs(world.folder.path, {
      docker: `{ printf '%s\\0' "$DOCKER_CONFIG" "$@"; printf '\\n'; } >>"$(dirname "$0")/calls"`,
    });
    for (const line of lines) await run({ command: 'sh', args: ['-c', line], env: { PATH: before(echo) } });
    const printed = (await readFile(join(echo, 'calls'), 'utf8')).split('\0\n').filter((call) => call !== '');

    const teller = await tellingDocker(world);
    const real = await build([...world.target, '--rebuild', 'all'], { PATH: before(teller.bin) });
    expect(real.exitCode).toBe(0);
    // Builds that took some seconds are followed by one for each seed of a cache; these write to a file, not to the registry.
    const executed = (await teller.calls()).filter(
      (call) => call[0] === 'buildx' && call[1] === 'build' && !call.some((word) => word.startsWith('type=tar,')),
    );
    const withoutFolder = printed.map((call) => everyRun(call).split('\0').slice(1).join('\0'));
    expect(executed.map((call) => everyRun(call.join('\0'))).sort()).toEqual(withoutFolder.sort());
    for (const call of printed) expect(everyRun(call.split('\0')[0] ?? '')).toMatch(/\/kfp-images-XXXXXX\/docker$/);
  });

  it('then prints no build, for there is none to do', async () => {
    const dry = await build([...world.target, '--dry-run']);
    expect(dry.exitCode).toBe(0);
    expect(dry.stderr).not.toContain('buildx build');
    expect(dry.stderr).toMatch(/3 images: 0 to build, 3 to reuse/);
  });
});

it('--json prints one document with the Action’s outputs; words go to standard error', async () => {
  const { exitCode, stdout, stderr } = await build([...world.target, '--json']);
  expect(exitCode).toBe(0);
  const lock = await lockIn(world.fork);
  expect(JSON.parse(stdout)).toMatchObject({
    result: 'published',
    keywords: ['apiserver'],
    plan: { version: 1, commit: lock.commit },
    images: Object.fromEntries(
      Object.entries(lock.images).map(([name, { repository, digest }]) => [name, `${repository}@${digest}`]),
    ),
    built: [],
    'lock-file': join(world.fork.directory, 'kfp-images.lock.json'),
  });
  expect(stderr).toMatch(/3 images published \(0 built, 3 reused/);
  // No escape sequences where nobody looks.
  expect(stdout + stderr).not.toContain('\u001b');
});

it('on a terminal nobody knows the default branch, so latest moves only when asked to', async () => {
  expect(await tagsOf(world.registry, 'driver')).not.toContain('latest');
  const { exitCode, stderr } = await build([...world.target, '--latest', 'always']);
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/^latest +moved/m);
  expect(await tagsOf(world.registry, 'driver')).toContain('latest');
});

it('takes the key from the environment or standard input, too', async () => {
  const path = ['--registry-path', world.registry.path, '--images', 'driver'];
  const byVariable = await build(path, { GCP_SA_KEY: world.registry.keyJson });
  expect(byVariable.exitCode).toBe(0);
  const byInput = await kfpImages(world.fork.directory, ['build', ...path, '--credentials-json', '-'], {
    input: world.registry.keyJson,
  });
  expect(byInput.exitCode).toBe(0);
  expect(byInput.stderr).toMatch(/1 image published|images published/);
});

it('no keyword: nothing to do, status 0', async () => {
  const fake = await noDocker(world);
  const ended = await build([...world.target, '--commit-message', 'Fix'], { PATH: before(fake.bin) });
  expect(ended.exitCode).toBe(0);
  expect(ended.stderr).toMatch(/^Nothing to do: no keyword/m);
  expect(await fake.calls()).toBe('');
});

it('push: false builds into the engine alone', async () => {
  const stored = await storedIn(world.registry);
  const name = `commit-${await world.fork.git('rev-parse', 'HEAD')}`;
  try {
    const ended = await build(['--push=false', '--images', 'launcher']);
    expect(ended.exitCode).toBe(0);
    expect(ended.stderr).toMatch(/1 image built, nothing pushed/);
    expect(await docker(['image', 'inspect', '--format', '{{.Config.User}}', `launcher:${name}`])).toBe('65532');
    expect(await storedIn(world.registry)).toEqual(stored);
  } finally {
    await docker(['image', 'rm', '--force', `launcher:${name}`]);
  }
});

describe('what is built', () => {
  const secret = 'backend/src/v2/driver/key.json';

  it('context: commit takes no file that is not committed', async () => {
    await writeFile(join(world.fork.directory, secret), '{"private_key":"x"}');
    const stored = await storedIn(world.registry);
    const ended = await build([...world.target, '--images', 'driver']);
    expect(ended.exitCode).toBe(0);
    expect(ended.stderr).toMatch(/1 to reuse/);
    expect([...(await storedIn(world.registry)).keys()].filter((path) => !stored.has(path))).toEqual([]);
  });

  it('context: workspace takes the files as they are on disk, and publishes under no commit’s name', async () => {
    const path = 'backend/src/v2/driver/driver.go';
    const text = await readFile(join(world.fork.directory, path), 'utf8');
    await writeFile(join(world.fork.directory, path), `${text}\n// Not yet committed.\n`);
    try {
      const tags = (await tagsOf(world.registry, 'driver')).filter((tag) => !tag.startsWith('key-'));
      const old = (await manifestOf(world.registry, 'driver', tags[0] ?? '')).digest;
      const ended = await build([...world.target, '--images', 'driver', '--context', 'workspace']);
      expect(ended.exitCode).toBe(0);
      expect((await tagsOf(world.registry, 'driver')).filter((tag) => !tag.startsWith('key-'))).toEqual(tags);
      expect((await manifestOf(world.registry, 'driver', tags[0] ?? '')).digest).toBe(old);
      expect((await lockIn(world.fork)).images['driver']?.digest).not.toBe(old);
    } finally {
      await writeFile(join(world.fork.directory, path), text);
      await rm(join(world.fork.directory, secret), { force: true });
    }
  });
});

it('the same commit built twice from nothing has the same digests, where the image store can; else the run says so', async () => {
  // Nothing of the first is left: neither the registry's data, nor steps (--no-cache), nor cache mounts (they go by the clone's name).
  const cold = async (name: string): Promise<Readonly<Record<string, string>>> => {
    await rm(join(world.registry.dataDir, 'docker'), { recursive: true, force: true });
    await world.registry.restart();
    const clone = join(world.folder.path, name);
    await run({ command: 'git', args: ['clone', '--quiet', world.fork.directory, clone] });
    const bin = await programs(world.folder.path, {
      docker: `if [ "$1 $2" = "buildx build" ]; then shift 2; set -- buildx build --no-cache "$@"; fi\nPATH="$KEPT_PATH" exec docker "$@"`,
    });
    const ended = await kfpImages(clone, ['build', ...world.target], {
      env: { PATH: before(bin), KEPT_PATH: process.env['PATH'] ?? '' },
    });
    expect(ended.stderr).toMatch(/3 built/);
    expect(/gives other digests/.test(ended.stderr)).toBe((await imageStore()) === 'classic');
    const { images } = await lockIn({ ...world.fork, directory: clone });
    return Object.fromEntries(Object.entries(images).map(([image, { digest }]) => [image, digest]));
  };
  const [first, second] = [await cold('first'), await cold('second')];
  expect(Object.keys(first)).toHaveLength(3);
  if ((await imageStore()) === 'containerd') expect(second).toEqual(first);
  else expect(Object.keys(second)).toEqual(Object.keys(first));
});

it('with and without the shared compile cache an image has the same files', async () => {
  const catalog = join(world.folder.path, 'plain.yaml');
  const image = (mounts: string): string =>
    `version: 1\nimages:\n  driver: { dockerfile: backend/Dockerfile.driver${mounts} }\n`;
  const layers = async (mounts: string): Promise<unknown> => {
    await writeFile(catalog, image(mounts));
    const ended = await build([...world.target, '--images', 'driver', '--catalog', catalog, '--rebuild', 'all']);
    expect(ended.stderr).toMatch(/1 built/);
    const { digest } = (await lockIn(world.fork)).images['driver'] ?? { digest: '' };
    const { manifest } = await manifestOf(world.registry, 'driver', digest);
    const config = (await blobOf(world.registry, 'driver', manifest.config.digest)) as {
      readonly rootfs: { readonly diff_ids: readonly string[] };
    };
    return config.rootfs.diff_ids;
  };
  const shared = await layers(', cacheMounts: [/root/.cache/go-build, /go/pkg/mod]');
  const plain = await layers('');
  if ((await imageStore()) === 'containerd') expect(plain).toEqual(shared);
  else expect(plain).toHaveLength((shared as readonly string[]).length);
});
