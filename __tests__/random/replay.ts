import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { demoBaseImages } from '../../demo/baseImages';
import { run } from '../../src/system/exec';
import { createBuilder, startBuildkitd, type Buildkitd } from '../builders/buildkitd';
import { createWorld, kfpImages, type World } from '../run/world';
import { docker } from '../support/engine';
import { dockerConfig } from '../support/registry';

/*
 * The proof of the skip, at length: the commits of a real fork's history, each as a commit of the small fork that changes the files in the same
 * places. Each is published (what did not change is reused), then every image of its set is rebuilt from the whole tree and compared. One set
 * after the other is published, as in a fork; what is published is rebuilt meanwhile, the sets of some commits at once.
 * make replay CLONE=FOLDER COUNT=200 FROM=1 JOBS=4
 */

interface Commit {
  readonly id: string;
  readonly paths: readonly string[];
}

/** The newest commits of a clone with the paths that each changed, the oldest first. */
async function historyOf(clone: string, count: number): Promise<readonly Commit[]> {
  const args = ['-C', clone, 'log', '--first-parent', '-m', '--name-only', '--format=%x00%H', `--max-count=${count}`];
  const { exitCode, stdout, stderr } = await run({ command: 'git', args });
  if (exitCode !== 0) throw new Error(stderr);
  return stdout
    .split('\0')
    .slice(1)
    .map((text): Commit => {
      const [id = '', ...paths] = text.split('\n').filter((line) => line !== '');
      return { id, paths };
    })
    .reverse();
}

/** Where a change at a path of the large fork is made in the small one: the file itself, else a neighbour of its kind, else beside it. */
async function placeOf(root: string, path: string): Promise<string> {
  const file = join(root, path);
  const isThere = await readFile(file).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  const isGo = path.startsWith('backend/') && path.endsWith('.go') && !path.endsWith('_test.go');
  for (let folder = dirname(path); isGo && folder !== '.'; folder = dirname(folder)) {
    const names = await readdir(join(root, folder)).catch((): readonly string[] => []);
    const neighbour = names.find((name) => name.endsWith('.go') && !name.endsWith('_test.go'));
    if (neighbour !== undefined) return join(folder, neighbour);
  }
  return path;
}

async function change(root: string, path: string, id: string): Promise<void> {
  const place = await placeOf(root, path);
  const file = join(root, place);
  await mkdir(dirname(file), { recursive: true });
  if (/\.(go|mod)$/.test(place)) await appendFile(file, `\n// ${id}\n`);
  else if (/(^|\/)Dockerfile[^/]*$/.test(place)) await appendFile(file, `\n# ${id}\n`);
  else if (place.endsWith('.json')) await writeFile(file, JSON.stringify({ changed: id }));
  else if (!place.endsWith('go.sum')) await appendFile(file, `# ${id}\n`);
}

interface Verified {
  readonly kind: string;
  readonly problems: readonly string[];
  readonly rebuilt: readonly { readonly name: string; readonly differences: readonly string[] }[];
}

/** Makes the commit of the small fork that stands for one of the history. Gives its id. */
async function commitLike({ fork }: World, { id, paths }: Commit): Promise<string> {
  for (const path of paths.slice(0, 500)) {
    // What is a folder there and a file here can't be both.
    await change(fork.directory, path, id).catch(() => undefined);
  }
  return fork.commit(`Replay ${id}`);
}

function call({ world, builder }: Bench, ...given: readonly string[]): ReturnType<typeof kfpImages> {
  return kfpImages(world.fork.directory, [...given, '--json', ...builder.args, ...world.target], { env: builder.env });
}

/** Publishes what is checked out. Gives how many of its images were reused. */
async function publish(bench: Bench, images: string): Promise<number> {
  const built = await call(bench, 'build', '--images', images, '--provenance');
  if (built.exitCode !== 0) throw new Error(built.stderr);
  const { reused } = JSON.parse(built.stdout) as { readonly reused: readonly string[] };
  return reused.length;
}

/** Rebuilds a published set. */
async function rebuild(bench: Bench, commit: string): Promise<Verified> {
  const verified = await call(bench, 'verify', '--rebuild', '--commit', commit);
  if (verified.stdout === '') throw new Error(verified.stderr);
  const document = JSON.parse(verified.stdout) as Verified;
  if (document.rebuilt.length === 0) throw new Error(verified.stderr);
  return document;
}

interface Bench {
  readonly world: World;
  /** What names the builder to a command. */
  readonly builder: { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> };
}

/** The small fork on a buildkitd of its own, which sets the times of files too. Its base images are in the registry. */
async function prepare(world: World, buildkitd: Buildkitd): Promise<Bench> {
  const { fork, folder, registry } = world;
  const config = join(folder.path, 'buildx');
  await createBuilder(config, 'replay', [buildkitd]);
  await demoBaseImages();
  const pushed = new Set<string>();
  for (const name of await readdir(join(fork.directory, 'backend'))) {
    const file = join(fork.directory, 'backend', name);
    if (!name.startsWith('Dockerfile')) continue;
    const text = await readFile(file, 'utf8');
    const bases = [...text.matchAll(/kfp-images-demo\/\S+/g)].map(([base]) => base);
    for (const base of bases.filter((each) => !pushed.has(each))) {
      pushed.add(base);
      const named = `${registry.path}/${base}`;
      await docker(['tag', base, named]);
      await docker(['push', '--quiet', named], { env: { DOCKER_CONFIG: await dockerConfig(registry, folder.path) } });
      await docker(['image', 'rm', named]);
    }
    const moved = text.replaceAll(/kfp-images-demo\/\S+/g, (base) => `${registry.path}/${base}`);
    // The stand-in for the compiler need not take its time.
    await writeFile(file, moved.replaceAll(/^(RUN go build)/gm, 'ENV GO_STAND_IN_SECONDS=0\n$1'));
  }
  return { world, builder: { args: ['--builder', 'replay'], env: { BUILDX_CONFIG: config } } };
}

/** Those of the history from number `from` on; the ones before are only committed. Throws what any of them throws, when all have ended. */
async function replay(
  bench: Bench,
  commits: readonly Commit[],
  { from, jobs, images }: { readonly from: number; readonly jobs: number; readonly images: string },
): Promise<number> {
  const startedAt = Date.now();
  const sum = { commits: 0, reused: 0, rebuilt: 0, differences: 0 };
  const check = async ({ id }: Commit, made: string, reused: number): Promise<void> => {
    const { problems, rebuilt } = await rebuild(bench, made);
    sum.commits += 1;
    sum.reused += reused;
    sum.rebuilt += rebuilt.length;
    sum.differences += problems.length;
    for (const problem of problems) console.log(`${id}: ${problem}`);
    const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
    console.log(
      `${sum.commits} of ${commits.length - from + 1} commits, ${sum.rebuilt} images rebuilt, ${sum.reused} of them reused, ${sum.differences} differences, ${minutes} min`,
    );
  };
  const failures: unknown[] = [];
  const running = new Set<Promise<void>>();
  for (const [index, commit] of commits.entries()) {
    const made = await commitLike(bench.world, commit);
    if (index + 1 < from) continue;
    if (failures.length > 0) break;
    const reused = await publish(bench, images);
    const job = check(commit, made, reused)
      .catch((failure: unknown) => void failures.push(failure))
      .finally(() => running.delete(job));
    running.add(job);
    while (running.size >= jobs) await Promise.race(running);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
  return sum.differences;
}

async function main(): Promise<void> {
  const [clone = '', count = '200', from = '1', jobs = '4', images = 'backend-all'] = process.argv.slice(2);
  const commits = await historyOf(clone, Number(count));
  await using world = await createWorld();
  await using buildkitd = await startBuildkitd(join(world.folder.path, 'buildkitd'), { isFast: true });
  const bench = await prepare(world, buildkitd);
  const differences = await replay(bench, commits, { from: Number(from), jobs: Number(jobs), images });
  if (differences > 0) process.exitCode = 1;
}

void main();
