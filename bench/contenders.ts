import { join } from 'node:path';
import { imageNames, type Fork, type ImageName } from './forks';
import { measure, type Measured } from './measure';
import type { Setting } from './setting';

/** What is built, and where it goes. */
export interface Task {
  readonly fork: Fork;
  readonly commit: string;
  /** Last part of the registry path, so that contenders and runs don't find each other's images. */
  readonly place: string;
}

/** A way to build and push the eight images, apiserver with the names of the driver and the launcher. */
export type Contender = (setting: Setting, task: Task) => Promise<Measured>;

/** What a fork's Makefile does without us: build, tag, push, push, one image after the other. */
export const oldWay: Contender = async (setting, task) => {
  const seconds: number[] = [];
  const docker = async (...args: readonly string[]): Promise<void> => {
    const { fork } = task;
    seconds.push((await measure({ command: 'docker', args, cwd: fork.directory, env: setting.dockerEnv })).seconds);
  };
  for (const name of imageNames) {
    const [commit, latest] = tagsOf(setting, task, name);
    await docker('build', '--file', dockerfile(name), ...buildArgs(setting, task, name), '--tag', commit, '.');
    await docker('tag', commit, latest);
    await docker('push', commit);
    await docker('push', latest);
  }
  return { seconds: seconds.reduce((sum, each) => sum + each, 0), peakMB: 0, stdout: '' };
};

/**
 * `docker buildx bake --push` in two calls: what a fork can do with buildx alone, if apiserver is to name images that exist.
 * https://docs.docker.com/build/bake/
 */
export const bake: Contender = (setting, task) => baked(setting, task, () => ({}));

/** The same with all steps of all stages in the registry. https://docs.docker.com/build/cache/backends/registry/ */
export const bakeWithCache: Contender = (setting, task) =>
  baked(setting, task, (name) => {
    const ref = `type=registry,ref=${setting.registryPath}/${task.place}/${name}:buildcache`;
    return { 'cache-from': [ref], 'cache-to': [`${ref},mode=max,image-manifest=true,oci-mediatypes=true`] };
  });

/**
 * Go alone, on this machine, without images: all eight programs with one `go build` and an empty cache. No builder can be faster.
 * `folder`: an empty one, for its cache and the programs.
 */
export function native(folder: string): Contender {
  return (_setting, { fork }) =>
    measure({
      command: 'go',
      args: ['build', '-o', join(folder, 'bin/'), './cmd/...'],
      cwd: fork.directory,
      env: {
        CGO_ENABLED: '0',
        GOCACHE: join(folder, 'cache'),
        GOTOOLCHAIN: 'local',
        GOPROXY: 'off',
        GOFLAGS: '-mod=mod',
      },
    });
}

async function baked(
  setting: Setting,
  task: Task,
  more: (name: ImageName) => Readonly<Record<string, readonly string[]>>,
): Promise<Measured> {
  const call = (names: readonly ImageName[]): Promise<Measured> => {
    const target = Object.fromEntries(
      names.map((name) => [
        name,
        {
          context: '.',
          dockerfile: dockerfile(name),
          tags: tagsOf(setting, task, name),
          args: Object.fromEntries(bound(setting, task, name)),
          ...more(name),
        },
      ]),
    );
    const input = JSON.stringify({ group: { default: { targets: names } }, target });
    const args = ['buildx', 'bake', '--push', '--progress=plain', '--file', '-'];
    return measure({ command: 'docker', args, input, cwd: task.fork.directory, env: setting.dockerEnv });
  };
  const first = await call(['driver', 'launcher']);
  const second = await call(imageNames.filter((name) => name !== 'driver' && name !== 'launcher'));
  return { seconds: first.seconds + second.seconds, peakMB: 0, stdout: '' };
}

/** Ours: the command, from the start of Node to its exit. `more`: flags. */
export function ours(...more: readonly string[]): Contender {
  return (setting, { fork, place }) =>
    measure({
      command: process.execPath,
      args: [
        join(setting.bundles, 'cli', 'index.js'),
        'build',
        ...['--images', 'all', '--latest', 'always', '--registry-path', `${setting.registryPath}/${place}`],
        ...['--credentials-json', setting.keyFile],
        ...more,
      ],
      cwd: fork.directory,
    });
}

function dockerfile(name: ImageName): string {
  return `docker/Dockerfile.${name}`;
}

function tagsOf(setting: Setting, task: Task, name: ImageName): readonly [commit: string, latest: string] {
  const repository = `${setting.registryPath}/${task.place}/${name}`;
  return [`${repository}:commit-${task.commit}`, `${repository}:latest`];
}

function bound(setting: Setting, task: Task, name: ImageName): readonly (readonly [string, string])[] {
  if (name !== 'apiserver') return [];
  return (['driver', 'launcher'] as const).map((each) => [
    `V2_${each.toUpperCase()}_IMAGE`,
    tagsOf(setting, task, each)[0],
  ]);
}

function buildArgs(setting: Setting, task: Task, name: ImageName): readonly string[] {
  return bound(setting, task, name).flatMap(([variable, value]) => ['--build-arg', `${variable}=${value}`]);
}
