import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ensureBaseImage } from '../__tests__/support/baseImages';
import { docker, tempDir } from '../__tests__/support/engine';
import { dockerConfig, startRegistry, type TestRegistry } from '../__tests__/support/registry';
import { run } from '../src/system/exec';
import type { Options } from './options';
import { throttle } from './throttle';

/** What workloads run in: an engine, a registry with a login, and base images in both. */
export interface Setting extends AsyncDisposable {
  readonly bundles: string;
  readonly registryPath: string;
  readonly keyFile: string;
  /** For peers: a Docker configuration that is logged in. */
  readonly dockerEnv: Readonly<Record<string, string>>;
  /** A small Linux image. */
  readonly base: string;
  /** The same with this machine's Go toolchain; undefined: Go is not installed. Made when first asked for. */
  golang(): Promise<string | undefined>;
  /** Empties the build cache, cache mounts included, and removes the images that contenders made. */
  cold(): Promise<void>;
}

/**
 * Starts a registry and makes the base images. They are in that registry, so that everyone who asks for their digest gets an answer on
 * a machine without a network, and in the engine, so that no cold build pulls them again.
 */
export async function openSetting({
  bundles,
  prune,
  bandwidth,
}: Pick<Options, 'bundles' | 'prune' | 'bandwidth'>): Promise<Setting> {
  if (!prune && (process.env['KFP_IMAGES_ENGINE'] ?? 'docker') === 'docker') {
    throw new Error('This empties the build cache of a Docker engine that is not its own. If it may, give --prune.');
  }
  const folder = await tempDir();
  const registry = await reached(await startRegistry(), bandwidth);
  const keyFile = join(folder.path, 'key.json');
  await writeFile(keyFile, registry.keyJson, { mode: 0o600 });
  const dockerEnv = { DOCKER_CONFIG: await dockerConfig(registry, folder.path) };
  const own = `${registry.path}/bench-base`;
  await ensureBaseImage('kfp-images-bench/base:1');
  const publish = async (local: string, name: string): Promise<string> => {
    await docker(['tag', local, name]);
    await docker(['push', '--quiet', name], { env: dockerEnv });
    return name;
  };
  const base = await publish('kfp-images-bench/base:1', `${own}/base:1`);
  const made = async (): Promise<string[]> => {
    const images = await docker(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}']);
    return images.split('\n').filter((name) => name.startsWith(`${registry.host}/`));
  };
  const remove = async (names: readonly string[]): Promise<void> => {
    if (names.length > 0) await docker(['image', 'rm', '--force', ...names]);
  };
  let golang: Promise<string | undefined> | undefined;
  return {
    bundles: resolve(bundles),
    registryPath: registry.path,
    keyFile,
    dockerEnv,
    base,
    golang: () =>
      (golang ??= goImage(folder.path).then((local) =>
        local === undefined ? undefined : publish(local, `${own}/golang:1`),
      )),
    cold: async () => {
      await remove((await made()).filter((name) => !name.startsWith(own)));
      await docker(['builder', 'prune', '--all', '--force']);
    },
    [Symbol.asyncDispose]: async () => {
      await remove(await made());
      await registry.stop();
      await folder.remove();
    },
  };
}

/** The same registry, at an address where so many megabytes a second pass. */
async function reached(registry: TestRegistry, bandwidth: number | undefined): Promise<TestRegistry> {
  if (bandwidth === undefined) return registry;
  const slow = await throttle(registry.host, bandwidth * 1e6);
  const stop = async (): Promise<void> => {
    await slow[Symbol.asyncDispose]();
    await registry.stop();
  };
  return { ...registry, host: slow.host, path: registry.path.replace(registry.host, slow.host), stop };
}

/** Copies the toolchain of this machine into an image, so that nothing is downloaded. */
async function goImage(folder: string): Promise<string | undefined> {
  const { exitCode, stdout } = await run({ command: 'go', args: ['env', 'GOROOT'] }).catch(() => ({
    exitCode: 1,
    stdout: '',
  }));
  const root = stdout.trim();
  if (exitCode !== 0 || !existsSync(root)) return undefined;
  const name = 'kfp-images-bench/golang:1';
  const dockerfile = [
    'FROM kfp-images-bench/base:1',
    ...['bin', 'pkg', 'src', 'go.env', 'VERSION'].map((path) => `COPY --from=go /${path} /usr/local/go/${path}`),
    'ENV PATH=/usr/local/go/bin:/bin HOME=/root GOPATH=/go GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-mod=mod',
    '',
  ].join('\n');
  const options = ['--quiet', '--provenance=false', '--build-context', `go=${root}`, '--tag', name, '--file', '-'];
  await docker(['buildx', 'build', ...options, folder], { input: dockerfile });
  return name;
}
