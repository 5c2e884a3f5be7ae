import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError } from '../errors';
import { dockerKey, isKeyOf, readDockerConfig, type DockerConfig, type JsonObject } from './dockerConfig';
import { basicAuth, identityTokenUser, type Login } from '../oci/login';

/** A private Docker configuration: the user's, and the login of this run. */
export interface DockerLogin {
  readonly directory: string;
  /** For every docker command of the run. */
  readonly env: Readonly<Record<string, string>>;
  /** Writes a renewed login in place of the one before; a docker command that reads meanwhile gets one or the other whole. */
  renew(login: Login): Promise<void>;
}

/**
 * Makes the private configuration in `directory` (made with mode 0700 unless it is there). It keeps what the user's has:
 * other logins, helpers, contexts, plugins, builders and proxies. Nothing is written to the user's.
 * Without a login for `host` docker uses the one that the user's configuration has.
 */
export async function createDockerLogin(
  directory: string,
  host: string,
  login: Login | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<DockerLogin> {
  const user = await readDockerConfig(env);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    await writeConfig(directory, privateConfig(user, host, login));
    // Docker looks for these beside its config.json, wherever that is.
    for (const name of ['contexts', 'cli-plugins']) await linkTo(join(user.directory, name), join(directory, name));
  } catch (cause) {
    throw new EnvironmentError(
      `No private Docker configuration can be made in ${directory}. Free some space there, or set RUNNER_TEMP (TMPDIR on a terminal) to a folder that can be written.`,
      { cause },
    );
  }
  const builders = join(user.directory, 'buildx');
  const keepsBuilders = !env['BUILDX_CONFIG'] && (await isDirectory(builders));
  return {
    directory,
    env: {
      DOCKER_CONFIG: directory,
      // https://docs.docker.com/build/building/variables/#buildx_config
      ...(keepsBuilders ? { BUILDX_CONFIG: builders } : {}),
      // Its logins are in the file now, where ours comes before them.
      ...(env['DOCKER_AUTH_CONFIG'] ? { DOCKER_AUTH_CONFIG: '' } : {}),
    },
    renew: (renewed) => writeConfig(directory, privateConfig(user, host, renewed)),
  };
}

/** The user's configuration with the login for one host put first. A decision only: nothing is read or written. */
function privateConfig(user: DockerConfig, host: string, login: Login | undefined): JsonObject {
  const key = dockerKey(host);
  const others = login === undefined ? [...user.auths] : [...user.auths].filter(([name]) => !isKeyOf(host, name));
  const auths = login === undefined ? others : [...others, [key, entryOf(login)] as const];
  const helpers = [...user.credHelpers].filter(([name]) => login === undefined || !isKeyOf(host, name));
  // Where helpers are set, a host's login is never taken from the file; an empty name takes this one out of their hands.
  const mayHaveHelper = user.credsStore !== undefined || user.credHelpers.size > 0;
  const credHelpers = login !== undefined && mayHaveHelper ? [...helpers, [key, ''] as const] : helpers;
  return {
    ...user.json,
    auths: Object.fromEntries(auths),
    ...(credHelpers.length === 0 ? {} : { credHelpers: Object.fromEntries(credHelpers) }),
  };
}

function entryOf(login: Login): JsonObject {
  return login.username === identityTokenUser ? { identitytoken: login.password } : { auth: basicAuth(login) };
}

async function writeConfig(directory: string, config: JsonObject): Promise<void> {
  const draft = join(directory, `config.json.${randomUUID()}`);
  try {
    await writeFile(draft, JSON.stringify(config), { flag: 'wx', mode: 0o600 });
    await rename(draft, join(directory, 'config.json'));
  } finally {
    await rm(draft, { force: true });
  }
}

async function linkTo(target: string, link: string): Promise<void> {
  if (!(await isDirectory(target))) return;
  await rm(link, { force: true });
  await symlink(target, link, 'dir');
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
