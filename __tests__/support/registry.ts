import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { engineAnswers, tempDir } from './engine';
import { freePort, startRegistryProcess, type RegistryProcess } from './registryProcess';
import { testKey } from './serviceAccountKey';

/** Who may use a test registry. */
export type RegistryAuth =
  | 'htpasswd'
  | 'none'
  | {
      /** Bearer tokens from the server at `realm`, signed by a key whose certificate is in the bundle (PEM). */
      readonly token: {
        readonly realm: string;
        readonly service: string;
        readonly issuer: string;
        readonly rootCertBundlePath: string;
      };
    };

export interface RegistryOptions {
  readonly auth?: RegistryAuth;
  /** Another build of Distribution than the one at hand. */
  readonly program?: string | undefined;
}

/** A real Distribution registry on a free loopback port, with a data folder of its own; manifests can be deleted. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** `127.0.0.1:port/project/images`, to be a `registry-path`. */
  readonly path: string;
  readonly url: string;
  /** `_json_key`, as for Artifact Registry. https://cloud.google.com/artifact-registry/docs/docker/authentication#json-key */
  readonly username: string;
  /** The service account key's JSON. */
  readonly password: string;
  readonly keyJson: string;
  readonly dataDir: string;
  /** What the registry has said so far, access log included. */
  logs(): string;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
  /** Stops it and starts it again with the same port, accounts and data. */
  restart(): Promise<void>;
}

/**
 * Starts one: Debian's docker-registry where script/engine found it, else the image `registry:3` in the engine.
 * Settles when it answers. It ends with `stop()`, `await using`, or this process.
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const auth = options.auth ?? 'htpasswd';
  const folder = await tempDir();
  const dataDir = join(folder.path, 'data');
  await mkdir(dataDir);
  const username = '_json_key';
  const { json: password, projectId } = await testKey();
  // Cost 4 is bcrypt's least; every request pays for it.
  await writeFile(join(folder.path, 'htpasswd'), `${username}:${await hash(password, 4)}\n`);

  const start = (port: number): Promise<RegistryProcess> => launch(folder.path, auth, port, options.program);
  let running = await start(0).catch(async (cause: unknown) => {
    await folder.remove();
    throw cause;
  });
  const { port } = running;
  let before = '';
  const stop = async (): Promise<void> => {
    await running.stop();
    await folder.remove();
  };
  const host = `127.0.0.1:${port}`;
  return {
    host,
    path: `${host}/${projectId}/images`,
    url: `http://${host}`,
    username,
    password,
    keyJson: password,
    dataDir,
    logs: () => before + running.logs(),
    stop,
    restart: async () => {
      await running.stop();
      before += running.logs();
      running = await start(port);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Starts the registry of `folder` on a loopback port of this machine; 0: a free one. */
async function launch(
  folder: string,
  auth: RegistryAuth,
  port: number,
  program = process.env['KFP_IMAGES_REGISTRY_BIN'],
): Promise<RegistryProcess> {
  const file = join(folder, 'config.yml');
  if (program !== undefined) {
    // It says which port it was given for 0, so that no other process can take it in between.
    await writeFile(file, configuration(auth, `127.0.0.1:${port}`, folder));
    return startRegistryProcess([program, 'serve', file], port);
  }
  await engineAnswers();
  await writeFile(file, configuration(auth, ':5000', folder));
  const chosen = port === 0 ? await freePort() : port;
  // Files have the same paths inside, the certificates too, which the caller keeps where it likes; what the registry
  // writes belongs to this user, who removes it.
  const mounts = typeof auth === 'object' ? [folder, auth.token.rootCertBundlePath] : [folder];
  const options = [
    '--rm',
    ...['--user', `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`],
    ...['--publish', `127.0.0.1:${chosen}:5000`],
    ...mounts.flatMap((path) => ['--volume', `${path}:${path}`]),
  ];
  return startRegistryProcess(['docker', 'run', ...options, 'registry:3', file], chosen);
}

/** Distribution's configuration (YAML, of which JSON is a part). https://distribution.github.io/distribution/about/configuration/ */
function configuration(auth: RegistryAuth, address: string, folder: string): string {
  return JSON.stringify({
    version: 0.1,
    log: { level: 'info', formatter: 'json' },
    storage: {
      filesystem: { rootdirectory: join(folder, 'data') },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: address, secret: 'one instance, nothing shared' },
    ...authorization(auth, folder),
  });
}

function authorization(auth: RegistryAuth, folder: string): object {
  if (auth === 'none') return {};
  if (auth === 'htpasswd') return { auth: { htpasswd: { realm: 'kfp-images-test', path: join(folder, 'htpasswd') } } };
  const { realm, service, issuer, rootCertBundlePath } = auth.token;
  return { auth: { token: { realm, service, issuer, rootcertbundle: rootCertBundlePath } } };
}

/**
 * Writes a Docker configuration that is logged in to the registry, and nowhere else, into `folder`. Gives the folder, for
 * DOCKER_CONFIG. It finds the plugins that this process's configuration finds: buildx may be in its own plugin folder.
 */
export async function dockerConfig(registry: TestRegistry, folder: string): Promise<string> {
  const own = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const text = await readFile(join(own, 'config.json'), 'utf8').catch(() => '{}');
  const { cliPluginsExtraDirs = [] } = JSON.parse(text) as { readonly cliPluginsExtraDirs?: readonly string[] };
  const auth = Buffer.from(`${registry.username}:${registry.password}`).toString('base64');
  const config = {
    auths: { [registry.host]: { auth } },
    cliPluginsExtraDirs: [join(own, 'cli-plugins'), ...cliPluginsExtraDirs],
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config), { mode: 0o600 });
  return folder;
}
