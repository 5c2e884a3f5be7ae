import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kfpCatalog } from '../../src/catalog/kfp';
import { encodeLockFile } from '../../src/publish/lockFile';
import type { LockFile } from '../../src/types';
import { kfpImages, type Ended } from '../run/world';
import { startApiServer, type ApiServer } from './apiServer';
import { startFakeNode, type FakeNode } from './fakeNode';
import { installKfp, type Release } from './kfp';

/** A namespace with KFP, pods that live, and the commands to try on it. */
export interface World extends AsyncDisposable {
  readonly server: ApiServer;
  readonly node: FakeNode;
  readonly namespace: string;
  /** Writes the lock file of a set and gives its path. */
  lock(lock: LockFile): Promise<string>;
  /** Runs a command of the bundle as a process; `onStart` gets its process id. */
  run(command: CommandName, flags?: Flags, operands?: readonly string[], options?: RunOptions): Promise<Ended>;
  /** What the Deployments say: containers with image and KFP's variables, pull secrets, annotations of ours. */
  state(): Promise<unknown>;
  deployment(name: string): Promise<Readonly<Record<string, string>>>;
  annotations(name: string): Promise<Readonly<Record<string, string>>>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly onStart?: (pid: number) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  readonly cwd?: string;
}

type CommandName = 'deploy' | 'rollback' | 'status' | 'pull-secret' | 'gitops';

/** By their names in camel case; undefined and false: not given. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** One API server for all worlds of a test file. */
export async function createServer(): Promise<ApiServer> {
  return startApiServer();
}

/** Makes a namespace of its own, with the Deployments of a release, or without any. */
export async function createWorld(server: ApiServer, release: Release | 'none', namespace: string): Promise<World> {
  if (release === 'none')
    await server.api('/api/v1/namespaces', { method: 'POST', body: { metadata: { name: namespace } } });
  else await installKfp(server, namespace, release);
  const node = await startFakeNode(server, namespace);
  const folder = await mkdtemp(join(server.folder, 'world-'));
  const list = async (): Promise<ApiItems> =>
    (await server.api(`/apis/apps/v1/namespaces/${namespace}/deployments`)).json as ApiItems;
  const one = async (name: string): Promise<ApiItems['items'][number]> => {
    const found = (await list()).items.find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw new Error(`no Deployment ${name}`);
    return found;
  };
  let locks = 0;
  return {
    server,
    node,
    namespace,
    lock: async (lock) => {
      const path = join(folder, `${(locks += 1)}.lock.json`);
      await writeFile(path, encodeLockFile(lock));
      return path;
    },
    run: (command, flags = {}, operands = [], { cwd = folder, env = {}, ...options } = {}) =>
      kfpImages(cwd, [command, ...operands, ...flagArguments({ ...usual(namespace)[command], ...flags })], {
        ...options,
        env: { ...environmentOf(server), ...env },
      }),
    state: async () =>
      (await list()).items.map(({ metadata, spec }) => ({
        name: metadata.name,
        annotations: own(metadata.annotations ?? {}),
        secrets: spec.template.spec.imagePullSecrets ?? [],
        containers: spec.template.spec.containers.map(({ name, image, env = [] }) => ({ name, image, env })),
      })),
    deployment: async (name) => {
      const { spec } = await one(name);
      const [container] = spec.template.spec.containers;
      const env = (container?.env ?? []).filter((each) => /^(V2_|VISUALIZATION_)/.test(each.name));
      return { image: container?.image ?? '', ...Object.fromEntries(env.map((each) => [each.name, each.value ?? ''])) };
    },
    annotations: async (name) => own((await one(name)).metadata.annotations ?? {}),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

interface ApiItems {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
    readonly spec: {
      readonly template: {
        readonly spec: {
          readonly imagePullSecrets?: readonly { readonly name: string }[];
          readonly containers: readonly {
            readonly name: string;
            readonly image: string;
            readonly env?: readonly { readonly name: string; readonly value?: string }[];
          }[];
        };
      };
    };
  }[];
}

/** A release set of all images; `seed` makes its digests. */
export function setOf(seed: string, leaveOut: readonly string[] = []): LockFile {
  const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
  // Nobody listens there: whether it is private can't be asked.
  const registryPath = '127.0.0.1:9/project/images';
  const names = [...kfpCatalog.images.keys()].filter((name) => !leaveOut.includes(name));
  const images = names.map((name) => [
    name,
    {
      repository: `${registryPath}/${name}`,
      digest: `sha256:${hex(`${seed} ${name}`)}`,
      key: hex(`key ${seed} ${name}`),
    },
  ]);
  return {
    version: 1,
    commit: hex(seed).slice(0, 40),
    registryPath,
    images: Object.fromEntries(images) as LockFile['images'],
  };
}

/** A command's environment: the cluster, and no time lost between two looks at it. */
export function environmentOf(server: ApiServer): Readonly<Record<string, string>> {
  return { KUBECONFIG: server.kubeconfig, KFP_IMAGES_POLL_MS: '100', NO_COLOR: '1' };
}

/** What is given to each command unless a test says otherwise. No test waits until that time is up: how long a rollout takes is the machine's affair. */
function usual(namespace: string): Readonly<Record<CommandName, Flags>> {
  const change = { namespace, yes: true, timeout: '4m' };
  return { deploy: change, rollback: change, status: { namespace }, 'pull-secret': {}, gitops: {} };
}

function flagArguments(flags: Flags): readonly string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined || value === false) return [];
    if (value === true) return [flag];
    return (typeof value === 'string' ? [value] : value).map((each) => `${flag}=${each}`);
  });
}

function own(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => name.startsWith('kfp-images.dev/')));
}
