import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/system/exec';
import type { Plan } from '../../src/types';
import { json, step, createWorld, manifestOf, type World } from '../run/world';
import { docker, tempDir } from '../support/engine';
import { createRepository, type TestRepository } from '../support/fork';
import { differences, filesOfLayers, type ImageFiles } from './imageFiles';
import { randomBases, randomRepository } from './randomRepository';

/*
 * Random Dockerfiles, scripts and trees: each commit is built by us, through the bundle, and by `docker build` of the whole tree. Both images
 * have the same files, or ours was not built and the run says so. KFP_IMAGES_RANDOM_SEED: the first seed; KFP_IMAGES_RANDOM_REPOSITORIES: how
 * many follow, each four images in three commits, which is twelve rounds.
 */

const firstSeed = Number(process.env['KFP_IMAGES_RANDOM_SEED'] ?? '1');
const repositories = Number(process.env['KFP_IMAGES_RANDOM_REPOSITORIES'] ?? '2');
const imagesOfEach = 4;
const commitsAfterFirst = 2;

let world: World;
const counts = { same: 0, reused: 0, refused: 0, bothFail: 0 };

beforeAll(async () => {
  world = await createWorld();
  for (const [name, text] of Object.entries(randomBases)) {
    const args = ['--quiet', '--provenance=false', '--tag', name, '--file', '-'];
    await docker(['buildx', 'build', ...args, world.folder.path], { input: text });
  }
});
afterAll(async () => {
  const rounds = Object.entries(counts).map(([name, count]) => `${name} ${String(count)}`);
  process.stdout.write(`Random builds from seed ${String(firstSeed)}: ${rounds.join(', ')}\n`);
  await world[Symbol.asyncDispose]();
});

/** The image that docker builds of everything that is committed; undefined: it builds none. */
async function dockersOwn(repository: TestRepository, image: string): Promise<ImageFiles | undefined> {
  await using folder = await tempDir();
  const tree = join(folder.path, 'tree');
  await repository.git('checkout-index', '--all', `--prefix=${tree}/`);
  const tar = join(folder.path, 'image.tar');
  const args = ['--quiet', '--output', `type=tar,dest=${tar}`, '--file', `${tree}/${image}/Dockerfile`, tree];
  const { exitCode } = await run({ command: 'docker', args: ['buildx', 'build', '--provenance=false', ...args] });
  return exitCode === 0 ? filesOfLayers([await readFile(tar)]) : undefined;
}

/** The image of a key in the registry; undefined: there is none. */
async function ours(image: string, key: string): Promise<ImageFiles | undefined> {
  const { registry } = world;
  const found = await manifestOf(registry, image, `key-${key.slice(0, 40)}`).catch(() => undefined);
  if (found === undefined) return undefined;
  const blobs = join(registry.dataDir, 'docker/registry/v2/blobs/sha256');
  const layers = found.manifest.layers.map(({ digest }) =>
    readFile(join(blobs, digest.slice(7, 9), digest.slice(7), 'data')),
  );
  return filesOfLayers(await Promise.all(layers));
}

/** Builds HEAD by both and compares. Gives what is wrong. */
async function round(repository: TestRepository, images: readonly string[]): Promise<readonly string[]> {
  const fork = { ...repository };
  const result = await step({ ...world, fork }, { inputs: { images: 'all', latest: 'never' } });
  const plan = json(result, 'plan') as Plan | null;
  const problems: string[] = [];
  for (const name of images) {
    const planned = plan?.images.find((image) => image.name === name);
    const theirs = await dockersOwn(repository, name);
    const own = planned === undefined ? undefined : await ours(name, planned.key);
    if (theirs === undefined && own === undefined) counts.bothFail += 1;
    else if (theirs === undefined) problems.push(`${name}: docker builds none, ours is ${planned?.action ?? ''}`);
    else if (own === undefined) {
      counts.refused += 1;
      if (!result.stdout.includes(name) || result.exitCode === 0) problems.push(`${name}: not built, and nothing said`);
    } else {
      const wrong = differences(own, theirs);
      counts[planned?.action === 'reuse' ? 'reused' : 'same'] += wrong.length === 0 ? 1 : 0;
      if (wrong.length > 0) problems.push(`${name} (${planned?.action ?? ''}): ${wrong.slice(0, 3).join('; ')}`);
    }
  }
  return problems;
}

const seeds = Array.from({ length: repositories }, (_, index) => firstSeed + index);

it.each(seeds)('seed %i: every image has the files that docker gives it', { timeout: 900_000 }, async (seed) => {
  const { first, links, commits, images } = randomRepository(seed, imagesOfEach, commitsAfterFirst);
  const repository = await createRepository();
  try {
    for (const [path, target] of Object.entries(links)) {
      await mkdir(dirname(join(repository.directory, path)), { recursive: true });
      await symlink(target, join(repository.directory, path));
    }
    await repository.commit(`Seed ${String(seed)}`, first);
    await repository.git('update-index', '--chmod=+x', 'scripts/run.sh');
    await repository.git('commit', '--quiet', '--allow-empty', '--message', 'Make it executable');
    await repository.git('checkout', '--', '.');
    const problems = await round(repository, images);
    expect(problems).toEqual([]);
    for (const changes of commits) {
      await repository.commit('Change', changes);
      const found = await round(repository, images);
      expect(found, JSON.stringify(changes)).toEqual([]);
    }
  } finally {
    await repository.remove();
  }
});
