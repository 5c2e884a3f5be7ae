import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from './bare';
import { createWorld, kfpImages, step, type Ended, type World } from './world';

/* What is cut of odd catalogs and odd inputs, and what shards and the last job say of it. Nothing is built. */

let world: World;

beforeAll(async () => {
  world = await createWorld({ engine: false });
  const path = world.registry.path;
  await world.fork.commit('Odd images [backend-all]', {
    'kfp-images.yaml': `version: 1
images:
  anywhere: { dockerfile: anywhere/Dockerfile, secrets: [token] }
  elsewhere: { dockerfile: anywhere/Dockerfile }
  arm: { dockerfile: arm/Dockerfile, platforms: [linux/arm64] }
  base-amd64: { dockerfile: arm/Dockerfile, platforms: [linux/amd64] }
  base-arm64: { dockerfile: arm/Dockerfile, platforms: [linux/arm64] }
  child: { dockerfile: child/Dockerfile, platforms: [linux/arm64] }
`,
    'anywhere/Dockerfile': 'FROM scratch\nCOPY anywhere/content /\n',
    'anywhere/content': 'anywhere\n',
    'arm/Dockerfile': 'FROM scratch\nCOPY arm/content /\n',
    'arm/content': 'arm\n',
    'child/Dockerfile': `ARG TARGETARCH\nFROM ${path}/base-\${TARGETARCH}\nCOPY arm/content /\n`,
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const images = (...args: readonly string[]): Promise<Ended> =>
  kfpImages(world.fork.directory, [...args, ...world.target]);

interface Entry {
  readonly shard: string;
  readonly name: string;
  readonly 'runs-on': string;
}

async function matrix(...args: readonly string[]): Promise<{ readonly include: readonly Entry[]; said: string }> {
  const { exitCode, stdout, stderr } = await images('plan', '--matrix', ...args);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return { ...(JSON.parse(stdout) as { readonly include: readonly Entry[] }), said: stderr };
}

const runners = ({ include }: { readonly include: readonly Entry[] }): readonly string[] =>
  include.map((entry) => `${entry.name} on ${entry['runs-on']}`);

describe('what is cut', () => {
  it.each(['images', 'platforms'])(
    'a single image for another platform than the last job’s gets a runner of its own (fan-out: %s)',
    async (fanOut) => {
      const alone = ['--images', 'arm', '--fan-out', fanOut];
      expect(runners(await matrix(...alone))).toEqual(['arm (linux/arm64) on ubuntu-24.04-arm']);
      // One label is the last job's too.
      expect(runners(await matrix(...alone, '--runs-on', '["self-hosted","large"]'))).toEqual([]);
      expect(runners(await matrix('--images', 'anywhere', '--fan-out', fanOut))).toEqual([]);
    },
  );

  it('an image that one runner builds for all its platforms is built where the last job runs', async () => {
    const both = ['--images', 'anywhere,elsewhere', '--platforms', 'linux/amd64,linux/arm64'];
    const labels = JSON.stringify({ 'linux/amd64': 'large', 'linux/arm64': 'large-arm' });
    expect(runners(await matrix(...both, '--runs-on', labels))).toEqual(['anywhere on large', 'elsewhere on large']);
  });

  it('an image that starts from another of the set stays with the last job, which is said where it has to emulate', async () => {
    const { include, said } = await matrix('--images', 'child', '--fan-out', 'platforms');
    expect(include.map(({ name }) => name)).toEqual(['base-arm64 (linux/arm64)']);
    expect(said).toMatch(
      /child is built by the last job, also for linux\/arm64: it is built on base-arm64 of the same set/,
    );
  });

  it('the images that an image starts from are those of its own platforms, not of the run’s', async () => {
    const { stdout } = await images('plan', '--images', 'child', '--json');
    const { order } = JSON.parse(stdout) as { readonly order: unknown };
    expect(order).toEqual([['base-arm64'], ['child']]);
  });

  it('is said in the log of the job that cuts, and is in the document of a dry run', async () => {
    const args = ['build', '--dry-run', '--images', 'arm', '--fan-out', 'platforms'];
    const { stdout, stderr } = await images(...args, '--json');
    expect(stderr).toContain('shard arm (linux/arm64): on ubuntu-24.04-arm');
    expect(JSON.parse(stdout)).toMatchObject({ matrix: { include: [{ name: 'arm (linux/arm64)' }] } });
    const none = await images('build', '--dry-run', '--images', 'anywhere', '--fan-out', 'platforms', '--json');
    expect(none.stderr).toContain('no shards: one run does it as well');
    expect(JSON.parse(none.stdout)).toMatchObject({ matrix: null });
  });

  it('is nothing for the pull request of a fork, which may build no shard either', async () => {
    const inputs = { 'dry-run': 'true', images: 'arm', 'fan-out': 'platforms' };
    const request = (from: string) =>
      step(world, {
        event: 'pull_request',
        ref: 'refs/pull/7/merge',
        payload: {
          action: 'synchronize',
          number: 7,
          pull_request: { number: 7, head: { sha: 'e'.repeat(40), ref: 'x', repo: { full_name: from } } },
          repository: { full_name: 'dana/pipelines', default_branch: 'main', fork: true },
        },
        inputs,
      });
    expect((await request('eve/pipelines')).outputs.get('matrix')).toBe('');
    expect((await request('dana/pipelines')).outputs.get('matrix')).toContain('arm');
  });
});

describe('inputs that do not go together', () => {
  it.each([
    [['plan', '--fan-out', 'platforms'], /--fan-out says how the plan is cut into shards\. Give --matrix too/],
    [['plan', '--max-shards', '2'], /--max-shards says how/],
    [['plan', '--matrix', '--explain'], /Give one of them/],
    [['plan', '--matrix', '--max-shards', '257'], /input max-shards: "257" is not a whole number from 1 to 256/],
    [['plan', '--matrix', '--runs-on', '["self-hosted",7]'], /input runs-on: .* is neither a label, nor JSON like/],
    [['plan', '--matrix', '--images', 'all', '--context', 'workspace'], /context: workspace does not go with it/],
  ] as const)('%j', async (args, says) => {
    expectRefusal(await images(...args), 2, says);
  });

  it('fan-out of a run that builds is warned of: it would build everything itself', async () => {
    const head = await world.fork.git('rev-parse', 'HEAD');
    const result = await step(world, {
      inputs: { 'fan-out': 'platforms', 'commit-message': 'Nothing [WIP]' },
      sha: head,
    });
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(/::warning.*fan-out has no effect without dry-run/);
  });

  it('a last job that is not asked for all that was planned publishes nothing', async () => {
    const head = (await world.fork.git('rev-parse', 'HEAD')).slice(0, 12);
    const shards = JSON.stringify({ include: [{ shard: `${head}:anywhere,elsewhere@linux/amd64` }] });
    expectRefusal(
      await images('build', '--images', 'anywhere', '--shards', shards),
      2,
      /elsewhere was planned, and this run is not asked for it/,
    );
  });
});

it('a shard does not complain of secrets that other shards get', async () => {
  const head = (await world.fork.git('rev-parse', 'HEAD')).slice(0, 12);
  const args = ['build', '--dry-run', '--shard', `${head}:elsewhere`, '--secret-envs'];
  const given = await images(...args, 'token=HOME');
  expect(given.exitCode).toBe(0);
  expect(given.stderr).not.toContain('No image of the catalog lists');
  expect((await images(...args, 'misspelt=HOME')).stderr).toContain('No image of the catalog lists misspelt');
});
