import { UsageError } from '../errors';
import type { Log } from '../types';
import { ambientLogin, helperFor } from '../docker/ambientLogin';
import { mint } from './credentials/accessToken';
import { defaultFile } from './credentials/defaultFiles';
import { googleCaller } from './credentials/googleCaller';
import { readGoogleFile, type GoogleFile } from './credentials/googleFile';
import { secretRegistry } from './credentials/secretRegistry';
import { invalidCredentials } from './credentials/keyText';
import { keyTokenLimits, loginOfKey } from './credentials/keyToken';
import { findMetadataServer } from './credentials/metadataServer';
import { renewing } from './credentials/renewing';
import type { ServiceAccountKey } from './credentials/serviceAccountKey';
import { readDockerConfig } from '../docker/dockerConfig';
import { emulatorOf } from './emulator';
import { isGoogleHost } from './googleHosts';
import { identityTokenUser, type Login } from '../oci/login';
import { isLoopbackHost } from '../oci/names';
import type { Limits } from '../oci/limits';

/** Who we are for a registry. */
export interface RegistryCredentials {
  /** Kind and account, for people; never more. */
  readonly describe: string;
  /** Made right before use, and renewed when it would end within a minute; undefined: the registry is used without a login. */
  login(): Promise<Login | undefined>;
  /** Everything that must not be seen, as far as it is known by now; each in one line. */
  secrets(): readonly string[];
}

/** Where credentials may come from, and who learns of them. */
export interface CredentialSources {
  readonly credentialsJson: string;
  /** The registry's host. */
  readonly host: string;
  readonly log: Log;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with every secret before it is used, so that it is masked before anything can print it. */
  readonly onSecret?: (secret: string) => void;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<Limits>;
}

/**
 * Finds the credentials for a registry, in this order: the input; for Google's hosts what google-github-actions/auth left,
 * the file of the environment, gcloud's, the machine's; the docker login of this machine.
 * UsageError or EnvironmentError when what is there can't be used, and when a host of Google's has none at all.
 */
export async function findCredentials(sources: CredentialSources): Promise<RegistryCredentials> {
  const { credentialsJson } = sources;
  const env = sources.env ?? process.env;
  if (credentialsJson.trim() !== '') {
    const file = readGoogleFile(credentialsJson, 'credentials-json', env);
    if (file.kind === 'service-account-key' || file.kind === 'external-account')
      return ofFile(sources, file, 'credentials-json');
    const fix = 'Give a service account key; to use your own login leave credentials-json empty';
    throw invalidCredentials('credentials-json', 'it is the login of a person, not a service account key', fix);
  }
  return (await ofGoogle(sources, env)) ?? (await ofDocker(sources, env));
}

/**
 * Logins for the registry client: the run's own host by its credentials, any other by the docker login of this machine.
 * There a helper that fails is only a warning, as base images mostly can be read without a login.
 */
export function loginsFor(
  host: string,
  credentials: RegistryCredentials,
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
): (host: string) => Promise<Login | undefined> {
  const others = new Map<string, () => Promise<Login | undefined>>();
  const find = async (other: string): Promise<Login | undefined> => {
    try {
      return briefly(await ambientLogin(await readDockerConfig(env), other));
    } catch (error) {
      log.warning(`${error instanceof Error ? error.message : String(error)} ${other} is used without a login.`);
      return undefined;
    }
  };
  return (asked) => {
    if (asked === host) return credentials.login();
    const login = others.get(asked) ?? renewing(() => find(asked));
    others.set(asked, login);
    return login();
  };
}

/** Google credentials go to Google's hosts only; those of a token service or a metadata server on this machine also to a registry on it. */
async function ofGoogle(sources: CredentialSources, env: NodeJS.ProcessEnv): Promise<RegistryCredentials | undefined> {
  const { host } = sources;
  if (isGoogleHost(host)) {
    const found = await defaultFile(env);
    if (found !== undefined) return ofFile(sources, readGoogleFile(found.text, found.source, env), found.source);
    return ofMetadataServer(sources, env);
  }
  if (!isLoopbackHost(host)) return undefined;
  try {
    const found = await defaultFile(env);
    const file = found && readGoogleFile(found.text, found.source, env);
    if (found && file?.isLocal === true) return ofFile(sources, file, found.source);
  } catch {
    // What is wrong with a Google file does not concern a registry of this machine.
  }
  const isEmulated = emulatorOf(host, env) !== undefined && isLoopbackHost(env['GCE_METADATA_HOST'] ?? '');
  return isEmulated ? ofMetadataServer(sources, env) : undefined;
}

function ofFile(sources: CredentialSources, file: GoogleFile, source: string): RegistryCredentials {
  const kinds = {
    'service-account-key': 'service account key of',
    'external-account': 'workload identity as',
    'authorized-user': 'login of',
    impersonation: 'impersonation of',
  };
  const kept = secretRegistry(sources.onSecret);
  const describe = `${kinds[file.kind]} ${file.account} (${source})`;
  const isKey = file.kind === 'service-account-key';
  const limits = isKey ? { ...keyTokenLimits, ...sources.limits } : { ...sources.limits };
  const caller = googleCaller(file.account, { ...sources, limits, onSecret: kept.keep });
  if (!isKey) return { describe, login: renewing(() => kept.login(mint(caller, file))), secrets: kept.all };
  file.secrets.forEach(kept.keep);
  if (!takesTokens(sources.host, file))
    return { describe, login: () => Promise.resolve(file.login), secrets: kept.all };
  return { describe, login: renewing(() => kept.login(loginOfKey(caller, file, sources.log))), secrets: kept.all };
}

/** Does the registry know Google's tokens? Any other can only be given the key as a password. */
function takesTokens(host: string, key: ServiceAccountKey): boolean {
  return isGoogleHost(host) || (key.isLocal && isLoopbackHost(host));
}

async function ofMetadataServer(
  sources: CredentialSources,
  env: NodeJS.ProcessEnv,
): Promise<RegistryCredentials | undefined> {
  const server = await findMetadataServer(env, sources.signal);
  if (server === undefined) return undefined;
  const kept = secretRegistry(sources.onSecret);
  const caller = googleCaller(server.account, { ...sources, onSecret: kept.keep });
  const describe = `this machine’s service account ${server.account} (metadata server)`;
  return { describe, login: renewing(() => kept.login(server.mint(caller))), secrets: kept.all };
}

async function ofDocker(sources: CredentialSources, env: NodeJS.ProcessEnv): Promise<RegistryCredentials> {
  const { host } = sources;
  const config = await readDockerConfig(env);
  const kept = secretRegistry(sources.onSecret);
  const find = async (): Promise<Login | undefined> => kept.login(ambientLogin(config, host).then(briefly));
  const login = renewing(find);
  const first = await login();
  if (first === undefined && isGoogleHost(host)) throw noneFor(host);
  const helper = helperFor(config, host);
  const by = helper === undefined ? 'docker login' : `docker credential helper ${helper}`;
  const who = first?.username === identityTokenUser ? 'identity token' : first?.username;
  return { describe: who === undefined ? `no login for ${host}` : `${by} (${who})`, login, secrets: kept.all };
}

function noneFor(host: string): UsageError {
  return new UsageError(
    `There are no credentials for ${host}: credentials-json is empty (as is a secret that is not set, or in a pull request from a fork), ` +
      'and this machine has neither Application Default Credentials nor a docker login for it. ' +
      'Give credentials-json, put google-github-actions/auth before this step, or on a terminal run: gcloud auth application-default login.',
  );
}

/** A helper may hand out tokens of short life and does not say so: it is asked again after five minutes. */
function briefly(login: Login | undefined): Login | undefined {
  return login === undefined ? undefined : { ...login, expiresAt: Date.now() + 5 * 60_000 };
}
