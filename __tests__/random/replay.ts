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
 * places. Each is published (what did not change is reused), then every image of its set is rebuilt from the whole tree and compared.
 * make replay CLONE=FOLDER COUNT=200
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

async function replay(
  { world, builder }: Bench,
  { id, paths }: Commit,
  images: string,
): Promise<{ reused: number; problems: readonly string[] }> {
  const { fork, target } = world;
  for (const path of paths.slice(0, 500)) {
    // What stands as a folder there and as a file here can't be both.
    await change(fork.directory, path, id).catch(() => undefined);
  }
  await fork.commit(`Replay ${id}`);
  const { args, env } = builder;
  const call = (...given: readonly string[]) =>
    kfpImages(fork.directory, [...given, '--json', ...args, ...target], { env });
  const built = await call('build', '--images', images, '--provenance');
  if (built.exitCode !== 0) throw new Error(built.stderr);
  const { reused } = JSON.parse(built.stdout) as { readonly reused: readonly string[] };
  const verified = await call('verify', '--rebuild');
  if (verified.stdout === '') throw new Error(verified.stderr);
  const document = JSON.parse(verified.stdout) as Verified;
  if (document.rebuilt.length === 0) throw new Error(verified.stderr);
  return { reused: reused.length, problems: document.problems };
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

async function main(): Promise<void> {
  const [clone = '', count = '200', images = 'backend-all'] = process.argv.slice(2);
  const commits = await historyOf(clone, Number(count));
  await using world = await createWorld();
  await using buildkitd = await startBuildkitd(join(world.folder.path, 'buildkitd'), { isFast: true });
  const bench = await prepare(world, buildkitd);
  const startedAt = Date.now();
  let [done, reused, differences] = [0, 0, 0];
  for (const commit of commits) {
    const found = await replay(bench, commit, images);
    done += 1;
    reused += found.reused;
    differences += found.problems.length;
    for (const problem of found.problems) console.log(`${commit.id}: ${problem}`);
    const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
    console.log(
      `${done} of ${commits.length} commits, ${reused} images reused, ${differences} differences, ${minutes} min`,
    );
  }
  if (differences > 0) process.exitCode = 1;
}

void main();
