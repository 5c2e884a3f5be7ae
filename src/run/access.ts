import { findCredentials, loginsFor, type RegistryCredentials } from '../google/credentials';
import { emulatedPath, emulatorOf, type Emulator } from '../google/emulator';
import type { Login } from '../oci/login';
import { UsageError } from '../errors';
import { parseRegistryPath, type RegistryPath } from '../google/registryPath';
import { createRegistry } from '../oci/client';
import { nothingLearned } from '../oci/session';
import { pushHost, type RegistryHosts } from '../oci/hosts';
import { openHosts } from './registryHosts';
import { maskSecrets } from '../report/log';
import type { Inputs, Registry, Trust } from '../types';
import type { RunPorts } from './ports';

/** A registry path, who we are there, and the client for it. */
export interface Access {
  readonly path: RegistryPath;
  readonly hosts: RegistryHosts;
  /** Where images of this path are pushed and asked for: its host, or the one that `registry-hosts` names for it. */
  readonly pushHost: string;
  /** Where Google's APIs answer, when that is on this machine. */
  readonly emulator: Emulator | undefined;
  readonly credentials: RegistryCredentials;
  /** Calls end when the run is stopped. */
  readonly registry: Registry;
  /** Calls go to their end even then: for writing, and for putting things right. */
  readonly uncancellable: Registry;
  /** Gives up on a host soon: for base images, without which a run can do. */
  readonly bestEffort: Registry;
  readonly login: () => Promise<Login | undefined>;
}

/** Ports of a run that access needs. */
export type AccessPorts = Pick<RunPorts, 'env' | 'log' | 'signal'>;

/**
 * Reads the registry path and finds the credentials for it; every secret is masked before anything else sees it. Asks no registry yet.
 * Throws UsageError and EnvironmentError for a path or credentials that can't be used.
 */
export async function openAccess(
  inputs: Pick<Inputs, 'registryPath' | 'credentialsJson'> & Partial<Pick<Inputs, 'registryHosts'>>,
  ports: AccessPorts,
): Promise<Access> {
  const { env, log, signal } = ports;
  const given = parseRegistryPath(inputs.registryPath);
  const emulator = emulatorOf(given.host, env);
  const path = emulatedPath(given, emulator);
  if (path.warning !== undefined) log.warning(path.warning);
  const hosts = openHosts(inputs.registryHosts, env);
  const host = pushHost(hosts, path.host);
  const onSecret = (secret: string): void => maskSecrets(ports.log, [secret]);
  const credentials = await findCredentials({
    credentialsJson: inputs.credentialsJson,
    host,
    log,
    env,
    onSecret,
    signal,
  });
  const login = loginsFor(host, credentials, log, env);
  const common = { login, log, onSecret, hosts, learned: nothingLearned() };
  return {
    path,
    hosts,
    pushHost: host,
    emulator,
    credentials,
    registry: createRegistry({ ...common, signal }),
    uncancellable: createRegistry(common),
    bestEffort: bestEffort(login, hosts, ports),
    login: () => credentials.login(),
  };
}

/** The registry path by which Dockerfiles name images of the set, also where nothing is pushed; undefined: none was given. */
export function ownPath(
  access: Access | undefined,
  { registryPath }: Pick<Inputs, 'registryPath'>,
): string | undefined {
  return access?.path.full ?? (registryPath === '' ? undefined : parseRegistryPath(registryPath).full);
}

/** Where nothing is pushed: base images by the logins of this machine. */
export function baseRegistry(ports: AccessPorts, registryHosts: Inputs['registryHosts']): Registry {
  const none = { describe: '', login: () => Promise.resolve(undefined), secrets: () => [] };
  const hosts = openHosts(registryHosts, ports.env);
  return bestEffort(loginsFor('', none, ports.log, ports.env), hosts, ports);
}

function bestEffort(login: ReturnType<typeof loginsFor>, hosts: RegistryHosts, { log, signal }: AccessPorts): Registry {
  return createRegistry({
    login,
    hosts,
    signal,
    onSecret: (secret) => maskSecrets(log, [secret]),
    log: { ...log, info: (line: string) => log.debug(line), warning: (text: string) => log.debug(text) },
    // Bases that are not looked up change content keys: a registry that is slow for once is no reason. One that was never reached is asked once.
    limits: { attempts: 3, attemptsUnreached: 1, exchangeMs: 20_000, stallMs: 10_000, callMs: 30_000 },
  });
}

/**
 * The registry, where this run may use it: code of a fork gets no login, and without pushing there is nothing to ask.
 * Throws UsageError when images are to be pushed and nobody said where to.
 */
export async function accessOf(
  inputs: Pick<Inputs, 'registryPath' | 'credentialsJson' | 'registryHosts' | 'push' | 'dryRun'>,
  trust: Trust,
  ports: AccessPorts,
): Promise<Access | undefined> {
  if (trust.kind === 'plan-only' || !inputs.push) return undefined;
  if (inputs.registryPath === '' && inputs.dryRun) return undefined;
  if (inputs.registryPath === '') {
    throw new UsageError(
      'registry-path is empty, so nobody knows where the images go. Give LOCATION-docker.pkg.dev/PROJECT/REPOSITORY (on GitHub usually the ' +
        'secret GCP_ARTIFACT_REGISTRY_PATH; a pull request from a fork does not get it), or use dry-run or push: false.',
    );
  }
  return openAccess(inputs, ports);
}

/** The name by which an image of this registry path is pushed. */
export function pushedName({ path, pushHost: host }: Pick<Access, 'path' | 'pushHost'>, repository: string): string {
  return `${host}${repository.slice(path.host.length)}`;
}
