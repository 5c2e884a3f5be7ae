import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { tempDir } from '../support/engine';
import { startRegistry } from '../support/registry';
import { freePort, startRegistryProcess } from '../support/registryProcess';
import { gitea } from './gitea';

/** A registry of some make on a free loopback port; it ends with `stop()`. */
export interface FleetRegistry {
  readonly host: string;
  /** What every name there begins with, `USER/`; most registries have none. */
  readonly top?: string;
  readonly username: string;
  readonly password: string;
  /** It keeps what it got of a manifest that was cut off on its way. */
  readonly keepsScraps?: boolean;
  stop(): Promise<void>;
}

/** One make and version, as docs/registries.md names it. */
export interface Make {
  readonly name: string;
  /** Distribution, which may also be asked for by tokens: its program. */
  readonly distribution?: string;
  start(): Promise<FleetRegistry>;
}

const count = (variable: string, usual: number): number =>
  Number(process.env[`KFP_IMAGES_REGISTRY_${variable}`] ?? usual);

/** How much is played on each registry: `make test-registries SEEDS=1000 FROM=1 ROUNDS=100 HISTORIES=100`. */
export const much = {
  /** Of the fault suite. */
  seeds: count('SEEDS', 20),
  /** The first of them. */
  from: count('FROM', 1),
  /** With two and with four runs at once. */
  rounds: count('ROUNDS', 3),
  /** To be pruned. */
  histories: count('HISTORIES', 5),
} as const;

const [username, password] = ['tester', 'a password of the tests'];

/**
 * The registries at hand: Debian's Distribution 2.8, and those that script/registries compiled or was given as files. The names are the rows of
 * docs/registries.md. `make test-registries ONLY=zot`: a part of a name.
 */
export function fleet(): readonly Make[] {
  const { env } = process;
  const of = (variable: string, name: string, start: (program: string) => Promise<FleetRegistry>): readonly Make[] => {
    const program = env[variable];
    return program === undefined || program === '' ? [] : [{ name, start: () => start(program) }];
  };
  const distribution = (variable: string, name: string): readonly Make[] =>
    of(variable, name, (program) => startRegistry({ program })).map((make) => ({
      ...make,
      distribution: env[variable] ?? '',
    }));
  return [
    ...distribution('KFP_IMAGES_REGISTRY_BIN', 'Distribution 2.8.2'),
    ...distribution('KFP_IMAGES_DISTRIBUTION3', 'Distribution 3.1.2'),
    ...of('KFP_IMAGES_GCR', 'go-containerregistry 0.22.1', inMemory),
    ...of('KFP_IMAGES_GITEA', 'Gitea 1.25.5', (program) => gitea(program, env['KFP_IMAGES_GITEA_FILES'] ?? '')),
    ...of('ZOT', 'zot 2.1.20', zot),
    ...of('OLAREG', 'olareg 0.2.2', olareg),
  ].filter(({ name }) => name.includes(env['KFP_IMAGES_REGISTRY_ONLY'] ?? ''));
}

/** Keeps everything in memory, asks for no login. */
async function inMemory(program: string): Promise<FleetRegistry> {
  return { ...(await served((port) => [program, '-port', String(port)])), keepsScraps: true };
}

/** Keeps everything in memory, asks for no login. It deletes only where that is turned on. */
function olareg(program: string): Promise<FleetRegistry> {
  const own = ['serve', '--addr', '127.0.0.1', '--store-type', 'mem', '--api-delete'];
  return served((port) => [program, ...own, '--port', String(port)]);
}

async function zot(program: string): Promise<FleetRegistry> {
  const folder = await tempDir();
  await mkdir(join(folder.path, 'data'));
  await writeFile(join(folder.path, 'htpasswd'), `${username}:${await hash(password, 4)}\n`);
  const config = join(folder.path, 'config.json');
  const started = await served(async (port) => {
    const settings = {
      distSpecVersion: '1.1.1',
      storage: { rootDirectory: join(folder.path, 'data') },
      http: { address: '127.0.0.1', port: String(port), auth: { htpasswd: { path: join(folder.path, 'htpasswd') } } },
      log: { level: 'error' },
    };
    await writeFile(config, JSON.stringify(settings));
    return [program, 'serve', config];
  });
  return { ...started, stop: async () => (await started.stop(), folder.remove()) };
}

async function served(
  command: (port: number) => readonly string[] | Promise<readonly string[]>,
): Promise<FleetRegistry> {
  const port = await freePort();
  const running = await startRegistryProcess(await command(port), port);
  return { host: `127.0.0.1:${port}`, username, password, stop: () => running.stop() };
}
