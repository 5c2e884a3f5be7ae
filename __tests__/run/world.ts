import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, stream } from '../../src/system/exec';
import type { LockFile } from '../../src/types';
import { demoBaseImages } from '../../demo/baseImages';
import { tempDir, type TempDir } from '../support/engine';
import { createFork, type TestRepository } from '../support/fork';
import { startRegistry, type TestRegistry } from '../support/registry';
import { runStep, type Step, type StepResult } from '../support/runner';
import { Said } from '../support/said';

/* What the end-to-end tests share: a fork, a registry with a login, and the bundles called as runners and terminals call them. */

/** The bundle of an entry. KFP_IMAGES_BUNDLES names another folder of bundles, to try what is not yet in dist/. */
export function bundle(entry: 'main' | 'post' | 'cli'): string {
  return join(process.env['KFP_IMAGES_BUNDLES'] ?? join(process.cwd(), 'dist'), entry, 'index.js');
}

/** A fork and a registry of a test file's own. */
export interface World extends AsyncDisposable {
  readonly registry: TestRegistry;
  readonly fork: TestRepository;
  readonly folder: TempDir;
  /** The service account key's file. */
  readonly keyFile: string;
  /** `--registry-path … --credentials-json …` */
  readonly target: readonly string[];
}

/** Starts one. With an engine, the images that the fork's Dockerfiles start from are in it. */
export async function createWorld({ engine = true } = {}): Promise<World> {
  const [registry, fork, folder] = await Promise.all([startRegistry(), createFork(), tempDir()]);
  if (engine) await demoBaseImages();
  const keyFile = join(folder.path, 'key.json');
  await writeFile(keyFile, registry.keyJson, { mode: 0o600 });
  return {
    registry,
    fork,
    folder,
    keyFile,
    target: ['--registry-path', registry.path, '--credentials-json', keyFile],
    [Symbol.asyncDispose]: async () => {
      await Promise.all([registry.stop(), fork.remove(), folder.remove()]);
    },
  };
}

/** The Action's step for what is checked out in the fork, and its log as it is shown; by default a push to `main`. */
export async function step(world: World, own: Partial<Step> = {}): Promise<StepResult> {
  const { fork } = world;
  const sha = await fork.git('rev-parse', 'HEAD');
  const ref = own.ref ?? 'refs/heads/main';
  const result = await runStep(
    {
      bundle: bundle('main'),
      workspace: fork.directory,
      event: 'push',
      sha,
      payload: {
        ref,
        before: '0'.repeat(40),
        after: sha,
        deleted: false,
        repository,
        head_commit: { id: sha, message: await fork.git('log', '-1', '--format=%B') },
      },
      ...own,
      inputs: {
        'registry-path': world.registry.path,
        'credentials-json': world.registry.keyJson,
        ...own.inputs,
      },
    },
    bundle('post'),
  );
  return { ...result, stdout: shown(result.stdout) };
}

/** What a runner shows of an output: commands that name secrets are for it alone. */
export function shown(stdout: string): string {
  return stdout.replace(/^::add-mask::.*\n/gm, '');
}

export const repository = { full_name: 'dana/pipelines', default_branch: 'main', fork: true };

/** How a command ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command `kfp-images` as a child. */
export async function kfpImages(
  cwd: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly input?: string;
    readonly onStart?: (group: number) => void;
    readonly onStderr?: (chunk: Buffer) => void;
  } = {},
): Promise<Ended> {
  const [stdout, stderr] = [new Said(), new Said()];
  const exitCode = await stream(
    {
      command: process.execPath,
      args: [bundle('cli'), ...args],
      cwd,
      env: { GIT_CONFIG_GLOBAL: '/dev/null', ...options.env },
      unset: ['GCP_SA_KEY', 'GITHUB_TOKEN', 'GH_TOKEN', 'GITHUB_ACTIONS', 'FORCE_COLOR'],
      ...(options.input === undefined ? {} : { input: options.input }),
    },
    {
      onStdout: stdout.add,
      onStderr: (chunk) => {
        stderr.add(chunk);
        options.onStderr?.(chunk);
      },
      ...(options.onStart === undefined ? {} : { onStart: options.onStart }),
    },
  );
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** Everything that a registry stores: path → content and time of the last change. Blobs are named by their content. */
export async function storedIn({ dataDir }: TestRegistry): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const [about, bytes] = await Promise.all([stat(path), readFile(path)]);
        return [
          path.slice(dataDir.length),
          `${String(about.mtimeMs)} ${createHash('sha256').update(bytes).digest('hex')}`,
        ] as const;
      }),
  );
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The tags of an image in the order of the alphabet; empty when there is no such repository. */
export async function tagsOf(registry: TestRegistry, image: string): Promise<readonly string[]> {
  const answer = await ask(registry, image, 'tags/list');
  if (answer.status === 404) return [];
  const { tags } = (await answer.json()) as { readonly tags: readonly string[] | null };
  return [...(tags ?? [])].sort();
}

/** What a tag or digest of an image names, read from the registry. Throws when it is not there. */
export async function manifestOf(
  registry: TestRegistry,
  image: string,
  reference: string,
): Promise<{ readonly digest: string; readonly manifest: ImageManifest }> {
  const answer = await ask(registry, image, `manifests/${reference}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) throw new Error(`${image}:${reference}: ${String(answer.status)} ${bytes.toString()}`);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { digest, manifest: JSON.parse(bytes.toString('utf8')) as ImageManifest };
}

/** A blob's JSON. */
export async function blobOf(registry: TestRegistry, image: string, digest: string): Promise<unknown> {
  return (await ask(registry, image, `blobs/${digest}`)).json();
}

/** The part of an image's manifest that tests look at. https://github.com/opencontainers/image-spec/blob/main/manifest.md */
export interface ImageManifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly mediaType: string }[];
}

function ask(registry: TestRegistry, image: string, what: string): Promise<Response> {
  const path = registry.path.slice(registry.host.length + 1);
  const login = Buffer.from(`${registry.username}:${registry.password}`).toString('base64');
  const accept = [
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
    'application/vnd.oci.image.index.v1+json',
  ].join(', ');
  const headers = { authorization: `Basic ${login}`, accept };
  return fetch(`${registry.url}/v2/${path}/${image}/${what}`, { headers });
}

/** The lock file that a run left in the fork. */
export async function lockIn(fork: TestRepository): Promise<LockFile> {
  return JSON.parse(await readFile(join(fork.directory, 'kfp-images.lock.json'), 'utf8')) as LockFile;
}

/** The outputs, which are JSON except for the lock file's path. */
export function json(result: StepResult, output: string): unknown {
  return JSON.parse(result.outputs.get(output) ?? 'null');
}

/** A line of a stack trace: never shown for anything that is explained. */
export const stackLine = /^\s+at .+[:(]\d+/m;

/** A folder with programs of a test's own, to be put before PATH. */
export async function programs(folder: string, scripts: Readonly<Record<string, string>>): Promise<string> {
  const bin = join(folder, `bin-${String(Object.keys(scripts).length)}-${String(Math.random()).slice(2)}`);
  await mkdir(bin);
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return bin;
}

/** Where a program of this machine is. */
export async function whereIs(program: string): Promise<string> {
  const { stdout } = await run({ command: 'sh', args: ['-c', 'command -v "$1"', 'sh', program] });
  if (stdout.trim() === '') throw new Error(`no ${program} on PATH`);
  return stdout.trim();
}

/** PATH with a folder before it. */
export function before(bin: string): string {
  return `${bin}:${process.env['PATH'] ?? ''}`;
}

/** A docker that fails, and leaves a note that it was called. */
export async function noDocker(world: World): Promise<{ readonly bin: string; calls(): Promise<string> }> {
  const bin = await programs(world.folder.path, {
    docker: 'printf "%s\\n" "$*" >>"$(dirname "$0")/calls"\necho "this docker must not be called" >&2\nexit 70',
  });
  return { bin, calls: () => readFile(join(bin, 'calls'), 'utf8').catch(() => '') };
}

/** A docker that writes down its arguments, each call into a file of its own because several run at once, and is docker. In no order. */
export async function tellingDocker(world: World): Promise<{
  readonly bin: string;
  calls(): Promise<readonly (readonly string[])[]>;
}> {
  const script = `printf '%s\\0' "$@" >"$(mktemp "$(dirname "$0")/call.XXXXXX")"\nexec ${await whereIs('docker')} "$@"`;
  const bin = await programs(world.folder.path, { docker: script });
  return {
    bin,
    calls: async () => {
      const files = (await readdir(bin)).filter((name) => name.startsWith('call.'));
      const texts = await Promise.all(files.map((name) => readFile(join(bin, name), 'utf8')));
      return texts.map((text) => text.split('\0').slice(0, -1));
    },
  };
}
