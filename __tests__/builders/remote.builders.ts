import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runChecks } from '../../src/commands/doctor/check';
import { machineChecks } from '../../src/commands/doctor/machine';
import { ensureBaseImage } from '../support/baseImages';
import { selfSignedCertificate } from '../support/certificate';
import { docker } from '../support/engine';
import { createMatrixFork, matrixFiles, matrixImages } from '../support/matrixFork';
import { dockerConfig } from '../support/registry';
import {
  before,
  createWorld,
  kfpImages,
  lockIn,
  manifestOf,
  stackLine,
  tagsOf,
  tellingDocker,
  type Ended,
  type World,
} from '../run/world';
import { createBuilder, startBuildkitd, type Buildkitd, type Identity } from './buildkitd';

/* A real buildkitd by buildx's remote driver: it pushes by digest alone, has a store of its own, and may have several nodes. */

let world: World;
let first: Buildkitd;
let second: Buildkitd;
let config: string;

beforeAll(async () => {
  const bare = await createWorld({ engine: false });
  await bare.fork.remove();
  world = { ...bare, fork: await createMatrixFork() };
  const { path } = world.folder;
  [first, second] = (await Promise.all(['one', 'two'].map((name) => startBuildkitd(join(path, name))))) as [
    Buildkitd,
    Buildkitd,
  ];
  config = join(path, 'buildx');
  await createBuilder(config, 'one', [first]);
  await createBuilder(config, 'other', [second]);
  await createBuilder(config, 'farm', [
    { ...first, platform: 'linux/amd64' },
    { ...second, platform: 'linux/arm64' },
  ]);
  await createBuilder(config, 'gone', [{ address: `unix://${path}/nobody.sock` }]);
  await createBuilder(config, 'half', [
    { ...first, platform: 'linux/amd64' },
    { address: `unix://${path}/nobody.sock`, platform: 'linux/arm64' },
  ]);
});
afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await world[Symbol.asyncDispose]();
});

const call = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  kfpImages(world.fork.directory, args, { env: { BUILDX_CONFIG: config, ...env } });
const build = (builder: string, ...args: readonly string[]): Promise<Ended> =>
  call(['build', '--images', 'all', '--builder', builder, ...args, ...world.target]);

/** It ended well; else what it said shows. */
function expectDone({ exitCode, stderr }: Ended): void {
  expect(exitCode === 0 ? '' : stderr).toBe('');
}

async function digests(): Promise<Readonly<Record<string, string>>> {
  const { images } = await lockIn(world.fork);
  return Object.fromEntries(Object.entries(images).map(([name, { digest }]) => [name, digest]));
}

/** Pushes a small Linux image, which is on no other machine, and gives its name. */
async function pushBase(): Promise<string> {
  const base = 'kfp-images-test/builders:1';
  await ensureBaseImage(base);
  const named = `${world.registry.path}/base:1`;
  await docker(['tag', base, named]);
  const env = { DOCKER_CONFIG: await dockerConfig(world.registry, world.folder.path) };
  await docker(['push', '--quiet', named], { env });
  await docker(['image', 'rm', named]);
  return named;
}

describe('one node', () => {
  it('pushes by digest alone, and publishes', async () => {
    const telling = await tellingDocker(world);
    const ended = await call(['build', '--images', 'all', '--builder', 'one', ...world.target], {
      PATH: before(telling.bin),
    });
    expectDone(ended);
    const builds = (await telling.calls()).filter((args) => args[1] === 'build');
    expect(builds).toHaveLength(matrixImages.length);
    for (const args of builds) {
      expect(args.slice(0, 4)).toEqual(['buildx', 'build', '--builder', 'one']);
      expect(args[args.indexOf('--output') + 1]).toMatch(/,push-by-digest=true,push=true,/);
    }
    for (const name of matrixImages) {
      const tags = await tagsOf(world.registry, name);
      expect(tags.map((tag) => tag.replace(/-.*/, '')).sort()).toEqual(['commit', 'key']);
    }
  });

  it('gives the same digests as another one that has never seen the commit', async () => {
    const before = await digests();
    expectDone(await build('other', '--rebuild', 'all'));
    expect(await digests()).toEqual(before);
  });

  it('takes from the registry what another one has run', async () => {
    const named = await pushBase();
    await world.fork.commit('Run [driver]', {
      'kfp-images.yaml': 'version: 1\nimages:\n  driver: { dockerfile: driver/Dockerfile }\n',
      'driver/Dockerfile': `FROM ${named} AS builder\nRUN cat /proc/sys/kernel/random/uuid >/id\nFROM scratch\nCOPY --from=builder /id /\n`,
    });
    const cached = (builder: string): Promise<Ended> => build(builder, '--cache', 'registry', '--rebuild', 'all');
    expectDone(await cached('one'));
    expect(await tagsOf(world.registry, 'driver')).toContain('buildcache');
    const first = await digests();
    expectDone(await cached('other'));
    expect(await digests()).toEqual(first);
  });

  it('keeps cache mounts from one build to the next', async () => {
    const named = await pushBase();
    const dockerfile = (content: string, next: string): string =>
      `FROM ${named} AS builder\nRUN ${next} && echo ${content} >/cache/seen && cp /cache/seen /seen\nFROM scratch\nCOPY --from=builder /seen /\n`;
    await world.fork.commit('Fill [driver]', {
      'kfp-images.yaml': 'version: 1\nimages:\n  driver: { dockerfile: driver/Dockerfile, cacheMounts: [/cache] }\n',
      'driver/Dockerfile': dockerfile('once', '[ ! -e /cache/seen ]'),
    });
    expectDone(await build('one', '--cache', 'none'));
    await world.fork.commit('Find [driver]', { 'driver/Dockerfile': dockerfile('twice', 'grep -q once /cache/seen') });
    expectDone(await build('one', '--cache', 'none'));
    await world.fork.commit('Back [backend-all]', matrixFiles('3'));
  });
});

describe('two nodes', () => {
  it('build each for its own platform', async () => {
    expectDone(await build('farm', '--platforms', 'linux/amd64,linux/arm64'));
    for (const [name, digest] of Object.entries(await digests())) {
      const { manifest } = await manifestOf(world.registry, name, digest);
      const { manifests } = manifest as unknown as {
        readonly manifests: readonly { readonly platform: { readonly architecture: string } }[];
      };
      expect(manifests.map(({ platform }) => platform.architecture).sort()).toEqual(['amd64', 'arm64']);
    }
  });

  it('are both looked at by doctor, with the version and the size of the cache', async () => {
    // In this process, with more time than a doctor takes for one: a busy machine may need it.
    vi.stubEnv('BUILDX_CONFIG', config);
    const found = await runChecks(machineChecks('farm'), new AbortController().signal, 120_000);
    vi.unstubAllEnvs();
    const text = (name: string): string => found.find((check) => check.name === name)?.text ?? '';
    expect(text('Docker and buildx')).toMatch(
      /builder farm \(driver remote\); node farm0: BuildKit v\S+, linux\/amd64 .*; node farm1: BuildKit v\S+, linux\/arm64 /,
    );
    expect(text('Space of the builder')).toMatch(/^the cache of builder farm takes [\d.]+[kMG]?B/);
  });
});

describe('a node that is reached over TLS', () => {
  /** What one side shows, with its key; the other side knows it by the file of its certificate. */
  async function identity(name: string, host: string): Promise<Omit<Identity, 'ca'>> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const files = { cert: join(world.folder.path, `${name}.pem`), key: join(world.folder.path, `${name}-key.pem`) };
    await writeFile(files.cert, selfSignedCertificate(privateKey, publicKey, host));
    await writeFile(files.key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return files;
  }

  it('builds for who shows the right certificate, and is named as silent to who does not', async () => {
    const [server, client, stranger] = await Promise.all([
      identity('server', '127.0.0.1'),
      identity('client', 'client'),
      identity('stranger', 'stranger'),
    ]);
    await using daemon = await startBuildkitd(join(world.folder.path, 'tls'), { tls: { ...server, ca: client.cert } });
    const node = (own: Omit<Identity, 'ca'>): Parameters<typeof createBuilder>[2][number] => {
      return { address: daemon.address, tls: { ...own, ca: server.cert } };
    };
    await createBuilder(config, 'secure', [node(client)]);
    await createBuilder(config, 'strange', [node(stranger)]);
    await world.fork.commit('Over TLS [backend-all]', matrixFiles('6'));
    const refused = await build('strange');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/The builder strange does not answer \(node strange0 at tcp:\/\/127\.0\.0\.1:\d+/);
    expect(refused.stderr).not.toMatch(stackLine);
    expectDone(await build('secure'));
    expect(Object.keys(await digests()).sort()).toEqual([...matrixImages].sort());
  });
});

describe('a builder that is down', () => {
  it('is named at once, with its node and what to do, and nothing is started', async () => {
    const telling = await tellingDocker(world);
    await world.fork.commit('Again [backend-all]', matrixFiles('4'));
    const ended = await call(['build', '--images', 'all', '--builder', 'gone', ...world.target], {
      PATH: before(telling.bin),
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(
      /The builder gone does not answer \(node gone0 at unix:\S+\), so nothing was built\.\nStart it.*docker buildx inspect gone/,
    );
    expect(ended.stderr).not.toMatch(stackLine);
    expect((await telling.calls()).filter((args) => args[1] === 'build')).toEqual([]);
  });

  it('in part is named too: what its other nodes can build is built', async () => {
    const lacking = await build('half', '--platforms', 'linux/arm64');
    expect(lacking.exitCode).toBe(1);
    expect(lacking.stderr).toMatch(/The builder half does not answer for linux\/arm64 \(node half1 at /);
    const ended = await build('half');
    expectDone(ended);
    expect(ended.stderr).toMatch(/The builder half has nodes that do not answer \(node half1 at /);
  });

  it('is no builder at all: its name is in the answer', async () => {
    await world.fork.commit('Once more [backend-all]', matrixFiles('5'));
    const ended = await build('nobody');
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/no builder "nobody" found\. List the builders/);
  });
});
