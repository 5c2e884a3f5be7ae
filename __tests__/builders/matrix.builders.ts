import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMatrixFork, matrixFiles, matrixImages } from '../support/matrixFork';
import { blobOf, createWorld, kfpImages, lockIn, manifestOf, tagsOf, type Ended, type World } from '../run/world';
import { createBuilder, startBuildkitd, type Buildkitd } from './buildkitd';

/*
 * The jobs of a matrix as GitHub may run them: in any order, each a process of its own on an engine of its own, killed, repeated, late, twice at
 * once, of the commit before. They share the registry alone. `make test-matrix SEEDS=300 FROM=1` plays more rounds than usual.
 */

const from = Number(process.env['KFP_IMAGES_MATRIX_FROM'] ?? 1);
const seeds = Array.from({ length: Number(process.env['KFP_IMAGES_MATRIX_SEEDS'] ?? 2) }, (_, index) => from + index);
const platforms = 'linux/amd64,linux/arm64';
const engines = ['one', 'two', 'three'];

let world: World;
let daemons: readonly Buildkitd[];
let config: string;
/** Commit → image → its content. */
const contents = new Map<string, Readonly<Record<string, string>>>();
let earlier: { readonly commit: string; readonly shards: readonly string[] } | undefined;

beforeAll(async () => {
  const bare = await createWorld({ engine: false });
  await bare.fork.remove();
  world = { ...bare, fork: await createMatrixFork() };
  config = join(world.folder.path, 'buildx');
  daemons = await Promise.all(engines.map((name) => startBuildkitd(join(world.folder.path, name))));
  for (const [index, daemon] of daemons.entries()) await createBuilder(config, engines[index] ?? '', [daemon]);
});
afterAll(async () => {
  await Promise.all(daemons.map((daemon) => daemon.stop()));
  await world[Symbol.asyncDispose]();
});

/** Numbers from 0 to below 1 that a seed repeats: https://doi.org/10.18637/jss.v008.i14 (xorshift). */
function random(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Runs a job; with `killAfter` its processes are killed after so many milliseconds. */
async function job(directory: string, args: readonly string[], killAfter?: number): Promise<Ended> {
  const over = new AbortController();
  return kfpImages(directory, [...args, '--platforms', platforms, ...world.target], {
    // Each job reads the bundle: compiled once, as a runner's disk has it, it takes half the work.
    env: { BUILDX_CONFIG: config, NODE_COMPILE_CACHE: join(world.folder.path, 'compiled') },
    onStart: (group) => {
      if (killAfter === undefined) return;
      void sleep(killAfter, undefined, { signal: over.signal }).then(
        () => {
          try {
            process.kill(-group, 'SIGKILL');
          } catch {
            // It had ended.
          }
        },
        () => undefined,
      );
    },
  }).finally(() => over.abort());
}

/** It ended well; else what it said shows. */
function expectDone({ exitCode, stderr }: Ended): void {
  expect(exitCode === 0 ? '' : stderr).toBe('');
}

/** The whole set of a commit: each image for both platforms, each of this commit's content, or built of this very commit. */
async function expectWhole(commit: string, isRebuild: boolean): Promise<void> {
  const { images, commit: locked } = await lockIn(world.fork);
  expect(locked).toBe(commit);
  expect(Object.keys(images).sort()).toEqual([...matrixImages].sort());
  for (const [name, { digest }] of Object.entries(images)) {
    expect(await tagsOf(world.registry, name)).toContain(`commit-${commit}`);
    const index = (await manifestOf(world.registry, name, digest)).manifest as unknown as {
      readonly manifests: readonly { readonly digest: string; readonly platform: { readonly architecture: string } }[];
    };
    expect(index.manifests.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64']);
    for (const part of index.manifests) {
      const { manifest } = await manifestOf(world.registry, name, part.digest);
      const { config: own } = (await blobOf(world.registry, name, manifest.config.digest)) as {
        readonly config: { readonly Labels: Readonly<Record<string, string>> };
      };
      const built = own.Labels['org.opencontainers.image.revision'] ?? '';
      if (isRebuild) expect(built, name).toBe(commit);
      // Else another commit may have built it, of the same content.
      expect(contents.get(built)?.[name], `${name} of ${built}`).toBe(contents.get(commit)?.[name]);
    }
  }
}

test.each(seeds)('round %i ends with the whole set of its commit, or with nothing of it', async (seed) => {
  const next = random(seed);
  const pick = <T>(...all: readonly T[]): T => all[Math.floor(next() * all.length)] as T;
  // Of few contents, so that later rounds find what earlier ones have pushed; of one alone, so that there is always something to do.
  const own = Object.fromEntries(matrixImages.map((name) => [name, String(pick(1, 2, 3))]));
  own[pick(...matrixImages)] = `seed ${String(seed)}`;
  const files = Object.fromEntries(
    matrixImages.map((name) => [`${name}/content`, `${name} ${own[name] ?? ''}\n`] as const),
  );
  const commit = await world.fork.commit(`Round ${String(seed)} [backend-all]`, { ...matrixFiles('0'), ...files });
  contents.set(commit, own);
  const here = world.fork.directory;
  // Then what the registry has of the same content does not count, whatever commit it is of.
  const isRebuild = next() < 0.4;
  const all = isRebuild ? ['--rebuild', 'all'] : [];

  const planned = await job(here, [
    'plan',
    '--images',
    'all',
    '--matrix',
    '--fan-out',
    'platforms',
    '--max-shards',
    '4',
    ...all,
  ]);
  const { include } = JSON.parse(planned.stdout) as { readonly include: readonly { readonly shard: string }[] };
  expect(include.length).toBeGreaterThan(0);
  const build = (shard: string, directory = here, killAfter?: number): Promise<Ended> =>
    job(directory, ['build', '--shard', shard, '--builder', pick(...engines)], killAfter);
  const publish = (): Promise<Ended> => job(here, ['build', '--images', 'all', '--shards', planned.stdout, ...all]);

  const jobs = include.flatMap(({ shard }): readonly (() => Promise<Ended>)[] => {
    switch (pick('well', 'well', 'well', 'killed', 'twice', 'late')) {
      case 'well':
        return [() => build(shard)];
      case 'killed':
        return [() => build(shard, here, Math.floor(next() * 4000))];
      case 'twice':
        return [() => build(shard), () => build(shard)];
      case 'late':
        return [];
    }
  });
  const worktree = join(world.folder.path, `tree-${String(seed)}`);
  if (earlier !== undefined) {
    // A runner that is late: still at the commit before.
    const { commit: before, shards } = earlier;
    await world.fork.git('worktree', 'add', '--quiet', '--detach', worktree, before);
    jobs.push(() => build(pick(...shards), worktree));
  }
  const order = jobs.map((run) => ({ run, at: next() })).sort((a, b) => a.at - b.at);
  const half = Math.ceil(order.length / 2);
  for (const part of [order.slice(0, half), order.slice(half)]) await Promise.all(part.map(({ run }) => run()));

  const first = await publish();
  if (first.exitCode !== 0) {
    expect(first.stderr).toMatch(/shards are not done \(.*\), so nothing was published/);
    expect(await tagsOf(world.registry, 'kfp-images-set')).not.toContain(`commit-${commit}`);
    // As "Re-run failed jobs" does, with one that was done already.
    for (const { shard } of include) expectDone(await build(shard));
    expectDone(await publish());
  }
  await expectWhole(commit, isRebuild);
  earlier = { commit, shards: include.map(({ shard }) => shard) };
});
