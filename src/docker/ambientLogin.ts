import { EnvironmentError } from '../errors';
import { capture } from '../system/exec';
import { quoted } from '../system/quoted';
import { dockerKey, isKeyOf, type DockerConfig, type JsonObject } from './dockerConfig';
import { identityTokenUser, type Login } from '../oci/login';

/**
 * The login that `docker login` or a credential helper of this machine has for a host; undefined: none.
 * EnvironmentError when there is one and it can't be had.
 */
export async function ambientLogin(config: DockerConfig, host: string): Promise<Login | undefined> {
  const helper = helperFor(config, host);
  if (helper !== undefined) return askHelper(helper, dockerKey(host), `${config.directory}/config.json`);
  const entry = config.auths.get(dockerKey(host)) ?? [...config.auths].find(([key]) => isKeyOf(host, key))?.[1];
  if (entry === undefined) return undefined;
  const login = readEntry(entry);
  if (login !== 'unreadable') return login;
  throw new EnvironmentError(
    `The login for ${host} in ${config.directory}/config.json can't be read. Run "docker login ${host}" again.`,
  );
}

/** The helper that docker would ask about a host; undefined: the login is in the file. */
export function helperFor(config: DockerConfig, host: string): string | undefined {
  const own = config.credHelpers.get(dockerKey(host)) ?? config.credHelpers.get(host);
  return own === undefined ? config.credsStore : own || undefined;
}

/** `auth` is base64 of `user:password`; an identity token beside it is what counts. Empty entries mark hosts of a helper. */
function readEntry(entry: JsonObject): Login | undefined | 'unreadable' {
  const of = (name: string): string => (typeof entry[name] === 'string' ? entry[name] : '');
  if (of('identitytoken') !== '') return { username: identityTokenUser, password: of('identitytoken') };
  if (of('auth') === '') {
    return of('username') === '' ? undefined : { username: of('username'), password: of('password') };
  }
  const text = Buffer.from(of('auth'), 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 1
    ? 'unreadable'
    : { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

/** https://github.com/docker/docker-credential-helpers#development : the host on standard input, JSON back. */
async function askHelper(helper: string, key: string, file: string): Promise<Login | undefined> {
  const program = `docker-credential-${helper}`;
  if (!/^[A-Za-z0-9._-]+$/.test(helper)) {
    throw new EnvironmentError(`${file} names a credential helper that can't be one: ${quoted(helper)}.`);
  }
  const { exitCode, stdout, stderr } = await capture({ command: program, args: ['get'], input: key }).catch(
    (cause: unknown) => {
      // Docker Desktop, once it is gone, leaves `credsStore: desktop` behind: to install the program is seldom what helps.
      if (!(cause instanceof EnvironmentError)) throw cause;
      throw new EnvironmentError(
        `${file} names ${program} for the login of ${key}, but that program is not installed or not on PATH. Install it, or take it out of ` +
          `that file ("credsStore", "credHelpers") and log in again: docker login ${key}`,
        { cause },
      );
    },
  );
  if (exitCode !== 0) {
    const said = `${stdout.toString('utf8')}\n${stderr}`.trim();
    if (/credentials not found|no credentials|not (?:be )?found in (?:native )?keychain/i.test(said)) return undefined;
    throw new EnvironmentError(
      `${program} gives no login for ${key}: ${quoted(said, 300)}. Fix it, or take it out of ${file}.`,
    );
  }
  const login = readHelperAnswer(stdout.toString('utf8'));
  if (login === 'unreadable')
    throw new EnvironmentError(`${program} answered with something that is not a login for ${key}.`);
  return login;
}

function readHelperAnswer(stdout: string): Login | undefined | 'unreadable' {
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch {
    return 'unreadable';
  }
  if (typeof json !== 'object' || json === null) return 'unreadable';
  const { Username: username, Secret: password } = json as Partial<Record<string, unknown>>;
  if (typeof username !== 'string' || typeof password !== 'string') return 'unreadable';
  return password === '' ? undefined : { username, password };
}
