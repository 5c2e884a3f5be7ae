import { homedir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError, UsageError } from '../errors';
import { readBounded } from '../system/boundedFile';
import { bounds } from '../system/bounds';

/**
 * The configuration of the user's docker command, with what DOCKER_AUTH_CONFIG adds. Fields that are not looked at stay
 * as they are: https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties
 */
export interface DockerConfig {
  readonly directory: string;
  readonly json: JsonObject;
  /** Logins by host, URL or other form of key; they may be empty where a helper keeps them. */
  readonly auths: ReadonlyMap<string, JsonObject>;
  /** Credential helper by host; empty: none for this one, whatever `credsStore` says. */
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

export type JsonObject = Readonly<Record<string, unknown>>;

const dockerHub = 'docker.io';
const dockerHubHosts = new Set([dockerHub, 'index.docker.io', 'registry-1.docker.io']);

/** Where the user's configuration is. */
function dockerConfigDirectory(env: NodeJS.ProcessEnv): string {
  return env['DOCKER_CONFIG'] || join(homedir(), '.docker');
}

/**
 * Reads it; no file: an empty one. EnvironmentError when it is there and can't be read, without a piece of its text,
 * which may be a password.
 */
export async function readDockerConfig(env: NodeJS.ProcessEnv): Promise<DockerConfig> {
  const directory = dockerConfigDirectory(env);
  const file = join(directory, 'config.json');
  const json = parse(await textOf(file), file);
  const fromEnv = objects(parsedOrNothing(env['DOCKER_AUTH_CONFIG'])['auths']);
  return {
    directory,
    json,
    auths: new Map([...objects(json['auths']), ...fromEnv]),
    // Logins of the environment come before helpers: https://docs.docker.com/reference/cli/docker/#environment-variables
    credHelpers: new Map([...texts(json['credHelpers']), ...[...fromEnv.keys()].map((key) => [key, ''] as const)]),
    credsStore: typeof json['credsStore'] === 'string' && json['credsStore'] !== '' ? json['credsStore'] : undefined,
  };
}

/** The key under which docker looks for a host's login, and which it hands to helpers. */
export function dockerKey(host: string): string {
  return dockerHubHosts.has(host) ? 'https://index.docker.io/v1/' : host;
}

/** Is `key` (`host`, `https://host`, `https://host/v1/`) one for this host? */
export function isKeyOf(host: string, key: string): boolean {
  const hostOf = (text: string): string => {
    const name = text.replace(/^https?:\/\//, '').split('/')[0] ?? '';
    return dockerHubHosts.has(name) ? dockerHub : name;
  };
  return hostOf(key) === hostOf(host);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readBounded(file, bounds.configurationFile, `Docker's configuration ${file}`);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return '{}';
    throw new EnvironmentError(
      `Docker's configuration ${file} can't be read. Give yourself the right to, or set DOCKER_CONFIG.`,
      {
        cause,
      },
    );
  }
}

function parse(text: string, file: string): JsonObject {
  const fix = 'Fix it ("docker login" creates it again once it is removed), or set DOCKER_CONFIG to another folder.';
  let json: unknown;
  try {
    json = JSON.parse(text.trim() === '' ? '{}' : text);
  } catch {
    throw new EnvironmentError(`Docker's configuration ${file} is not JSON. ${fix}`);
  }
  if (isObject(json)) return json;
  throw new EnvironmentError(`Docker's configuration ${file} is not a JSON object. ${fix}`);
}

/** Docker itself only warns of a DOCKER_AUTH_CONFIG that it can't read. */
function parsedOrNothing(text: string | undefined): JsonObject {
  try {
    const json: unknown = JSON.parse(text ?? '{}');
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
}

function objects(value: unknown): ReadonlyMap<string, JsonObject> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return new Map(entries.flatMap(([key, entry]) => (isObject(entry) ? [[key, entry] as const] : [])));
}

function texts(value: unknown): ReadonlyMap<string, string> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return new Map(entries.flatMap(([key, entry]) => (typeof entry === 'string' ? [[key, entry] as const] : [])));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
