import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noteSeconds } from '../../src/publish/durations';
import { testClient } from '../support/registryClient';
import { createMatrixFork, matrixFiles, matrixImages } from '../support/matrixFork';
import { expectRefusal } from './bare';
import {
  blobOf,
  createWorld,
  json,
  kfpImages,
  lockIn,
  manifestOf,
  noDocker,
  step,
  tagsOf,
  type Ended,
  type World,
} from './world';

/* The jobs of a matrix, each a process of its own: nothing but the registry passes from one to the other, and the matrix as GitHub hands it on. */

const platforms = 'linux/amd64,linux/arm64';

interface Matrix {
  readonly include: readonly { readonly shard: string; readonly name: string; readonly platform: string }[];
}

let world: World;

beforeAll(async () => {
  const bare = await createWorld({ engine: false });
  await bare.fork.remove();
  world = { ...bare, fork: await createMatrixFork() };
});
afterAll(() => world[Symbol.asyncDispose]());

const images = (...args: readonly string[]): Promise<Ended> =>
  kfpImages(world.fork.directory, [...args, ...world.target]);

async function matrix(...args: readonly string[]): Promise<Matrix> {
  const ended = await images('plan', '--images', 'all', '--matrix', '--platforms', platforms, ...args);
  expect(ended.stderr).toBe('');
  return JSON.parse(ended.stdout) as Matrix;
}

const build = (shard: string): Promise<Ended> =>
  kfpImages(world.fork.directory, ['build', '--shard', shard, '--platforms', platforms, ...world.target]);

const publish = (shards: Matrix, own = world): Promise<Ended> =>
  images(
    'build',
    '--images',
    'all',
    '--platforms',
    platforms,
    '--shards',
    JSON.stringify(shards),
    ...own.target.slice(4),
  );

/** The platforms and digests that an index lists. */
async function listed(image: string, reference: string): Promise<readonly { platform: string; digest: string }[]> {
  const { manifest } = await manifestOf(world.registry, image, reference);
  const { manifests } = manifest as unknown as {
    readonly manifests: readonly { digest: string; platform: { os: string; architecture: string } }[];
  };
  return manifests.map(({ digest, platform }) => ({ platform: `${platform.os}/${platform.architecture}`, digest }));
}

describe('a matrix of platforms', () => {
  let planned: Matrix;

  it('is planned with one platform for each shard', async () => {
    planned = await matrix('--fan-out', 'platforms', '--max-shards', '4');
    expect(planned.include.map(({ platform }) => platform)).toEqual([
      'linux/amd64',
      'linux/amd64',
      'linux/arm64',
      'linux/arm64',
    ]);
    const all = planned.include.flatMap(({ shard, platform }) =>
      (shard.split(/[:@]/)[1] ?? '').split(',').map((image) => `${image} ${platform}`),
    );
    expect(all.sort()).toEqual(matrixImages.flatMap((name) => [`${name} linux/amd64`, `${name} linux/arm64`]).sort());
  });

  it('is the output of a dry run of the Action', async () => {
    const inputs = { 'dry-run': 'true', platforms, 'fan-out': 'platforms', 'max-shards': '4' };
    expect(json(await step(world, { inputs }), 'matrix')).toEqual(planned);
  });

  it('lets the last job say which shards are not done, and build none of them', async () => {
    const [first] = planned.include;
    expect((await build(first?.shard ?? '')).exitCode).toBe(0);
    const ended = await publish(planned);
    expectRefusal(ended, 1, /3 of 4 shards are not done \(.*\), so nothing was published/);
    expect(ended.stderr).toContain(`Shard ${first?.name ?? ''}: done.`);
    expect(ended.stderr).toMatch(/Shard .* \(linux\/arm64\): not in the registry: /);
    expect(await tagsOf(world.registry, 'kfp-images-set')).not.toContain(
      `commit-${await world.fork.git('rev-parse', 'HEAD')}`,
    );
  });

  it('is built in any order, twice or at once, and publishes nothing', async () => {
    const shards = planned.include.map(({ shard }) => shard).reverse();
    const ended = await Promise.all([...shards, shards[0] ?? ''].map(build));
    for (const { exitCode, stderr } of ended) expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(ended[0]?.stderr).toMatch(/pushed for the run that publishes/);
    for (const name of matrixImages) {
      const tags = await tagsOf(world.registry, name);
      expect(tags).toHaveLength(2);
      for (const tag of tags) expect(tag).toMatch(/^key-/);
    }
  });

  it('is joined, bound and published by the last job, which builds nothing', async () => {
    const unused = await noDocker(world);
    const ended = await kfpImages(
      world.fork.directory,
      ['build', '--images', 'all', '--platforms', platforms, '--shards', JSON.stringify(planned), ...world.target],
      { env: { PATH: `${unused.bin}:${process.env['PATH'] ?? ''}` } },
    );
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(await unused.calls()).toBe('');
    const { images: locked } = await lockIn(world.fork);
    expect(Object.keys(locked).sort()).toEqual([...matrixImages].sort());
    for (const name of matrixImages) {
      const parts = await listed(name, locked[name]?.digest ?? '');
      expect(parts.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
      for (const { platform, digest } of parts) {
        const { manifest } = await manifestOf(world.registry, name, digest);
        const config = (await blobOf(world.registry, name, manifest.config.digest)) as {
          readonly architecture: string;
          readonly config: { readonly Env?: readonly string[] };
        };
        expect(`linux/${config.architecture}`).toBe(platform);
        if (name !== 'apiserver') continue;
        for (const bound of ['driver', 'launcher']) {
          expect(config.config.Env).toContain(
            `V2_${bound.toUpperCase()}_IMAGE=${world.registry.path}/${bound}@${locked[bound]?.digest ?? ''}`,
          );
        }
      }
    }
  });

  it('is empty where everything is there', async () => {
    expect(await matrix('--fan-out', 'platforms')).toEqual({ include: [] });
    const inputs = { 'dry-run': 'true', platforms, 'fan-out': 'platforms' };
    expect((await step(world, { inputs })).outputs.get('matrix')).toBe('');
  });

  it('is of one commit: a shard or a last job of another refuses', async () => {
    await world.fork.commit('Go on [backend-all]', matrixFiles('2'));
    expectRefusal(await build(planned.include[0]?.shard ?? ''), 1, /The shards are of commit .* is checked out/);
    expectRefusal(await publish(planned), 1, /The shards are of commit .* is checked out/);
  });
});

describe('a matrix of images', () => {
  it('is cut by what the last builds took, of the whole image or of each of its platforms', async () => {
    const { username, password, path } = world.registry;
    const { registry } = testClient({ login: { username, password } });
    const took = { driver: 600, launcher: 5, persistenceagent: 5, apiserver: 300 };
    for (const [image, seconds] of Object.entries(took)) {
      for (const platform of image === 'apiserver' ? platforms.split(',') : [undefined]) {
        await noteSeconds(registry, path, { image, platform }, seconds);
      }
    }
    const { include } = await matrix('--max-shards', '3');
    expect(include.map(({ name }) => name)).toEqual(['apiserver, launcher', 'driver, persistenceagent']);
  });

  it('refuses what is not a shard, with the reason', async () => {
    const head = (await world.fork.git('rev-parse', 'HEAD')).slice(0, 12);
    expectRefusal(await build('driver'), 2, /input shard: "driver" is not a shard/);
    expectRefusal(await build(`${head}:nothing`), 2, /the catalog has no image "nothing"/);
    const sets = ['build', '--images', 'all', '--shards', '***'];
    expectRefusal(await images(...sets), 2, /input shards: it is not what the output matrix/);
    expectRefusal(await images('build', '--shard', `${head}:driver`, '--push=false'), 2, /do not go with it/);
    expectRefusal(
      await images('build', '--shard', `${head}:driver`, '--rebuild', 'all'),
      2,
      /Plan with rebuild: all \(or no-cache\) too/,
    );
    const mixed = [`${head}:driver`, `${head}+1-00000000:launcher`].map((shard) => ({ shard }));
    expectRefusal(
      await images('build', '--images', 'all', '--shards', JSON.stringify({ include: mixed })),
      2,
      /they are not all of one plan/,
    );
  });
});

describe('a matrix that rebuilds everything', () => {
  const again = ['--fan-out', 'platforms', '--max-shards', '2', '--rebuild', 'all'];
  let planned: Matrix;
  let commit: string;

  /** It ended well; else what it said shows. */
  function expectDone({ exitCode, stderr }: Ended): void {
    expect(exitCode === 0 ? '' : stderr).toBe('');
  }

  /** The commits that the parts of the published images say they were built of. */
  async function builtOf(): Promise<readonly string[]> {
    const { images: locked } = await lockIn(world.fork);
    const found = new Set<string>();
    for (const name of matrixImages) {
      for (const { digest } of await listed(name, locked[name]?.digest ?? '')) {
        const { manifest } = await manifestOf(world.registry, name, digest);
        const { config } = (await blobOf(world.registry, name, manifest.config.digest)) as {
          readonly config: { readonly Labels: Readonly<Record<string, string>> };
        };
        found.add(config.Labels['org.opencontainers.image.revision'] ?? '');
      }
    }
    return [...found];
  }

  it('has every image, whatever the registry holds of its content', async () => {
    const before = await world.fork.commit('Once [backend-all]', matrixFiles('3'));
    // Not every engine builds two platforms at once.
    const first = await matrix('--fan-out', 'platforms', '--max-shards', '2');
    for (const { shard } of first.include) expectDone(await build(shard));
    expectDone(await publish(first));
    expect(await builtOf()).toEqual([before]);
    commit = await world.fork.commit('Once more [backend-all]', {});
    planned = await matrix(...again);
    expect(planned.include).toHaveLength(2);
    for (const { shard } of planned.include) {
      expect(shard).toMatch(/^[0-9a-f]{12}\+\d+-[0-9a-f]{8}:[a-z,]+@linux\//);
      expect(shard.split(/[:@]/)[1]?.split(',').sort()).toEqual([...matrixImages].sort());
    }
  });

  it('lets the last job take nothing that was there before, whatever it is asked for', async () => {
    for (const rebuild of ['all', 'changed']) {
      const ended = await images(
        ...['build', '--images', 'all', '--platforms', platforms, '--rebuild', rebuild],
        ...['--shards', JSON.stringify(planned)],
      );
      expectRefusal(ended, 1, /2 of 2 shards are not done/);
    }
    // Nor what another rebuild of the same commit has built.
    const other = await matrix(...again);
    for (const { shard } of other.include) expectDone(await build(shard));
    expectRefusal(await publish(planned), 1, /2 of 2 shards are not done/);
  });

  it('is built by its shards, and published without building anything again', async () => {
    for (const { shard } of planned.include) expectDone(await build(shard));
    // A shard that is repeated has nothing to do.
    const unused = await noDocker(world);
    const env = { PATH: `${unused.bin}:${process.env['PATH'] ?? ''}` };
    const common = ['--platforms', platforms, ...world.target];
    const { directory } = world.fork;
    const shard = ['build', '--shard', planned.include[0]?.shard ?? '', ...common];
    expectDone(await kfpImages(directory, shard, { env }));
    const last = ['build', '--images', 'all', '--rebuild', 'all', '--shards', JSON.stringify(planned), ...common];
    expectDone(await kfpImages(directory, last, { env }));
    expect(await unused.calls()).toBe('');
    expect(await builtOf()).toEqual([commit]);
  });

  it('replaces what is published of the commit, where it is rebuilt once more', async () => {
    const next = await matrix(...again);
    expectRefusal(await publish(next), 1, /2 of 2 shards are not done/);
    for (const { shard } of next.include) expectDone(await build(shard));
    const ended = await publish(next);
    expectDone(ended);
    expect(ended.stderr).toMatch(/rebuild: all replaces what is published for commit/);
    expect(await builtOf()).toEqual([commit]);
  });
});
