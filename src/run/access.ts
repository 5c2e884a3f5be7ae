import { findCredentials, loginsFor, type RegistryCredentials } from '../publish/credentials';
import { emulatedPath, emulatorOf, type Emulator } from '../publish/emulator';
import type { Login } from '../publish/login';
import { parseRegistryPath, type RegistryPath } from '../publish/reference';
import { createRegistry } from '../publish/registry';
import { maskSecrets } from '../report/log';
import type { Inputs, Registry } from '../types';
import type { RunPorts } from './context';

/** A registry path, who we are there, and the client for it. */
export interface Access {
  readonly path: RegistryPath;
  /** Where Google's APIs answer, when that is on this machine. */
  readonly emulator: Emulator | undefined;
  readonly credentials: RegistryCredentials;
  /** Calls end when the run is stopped. */
  readonly registry: Registry;
  /** Calls go to their end even then: for writing, and for putting things right. */
  readonly steadfast: Registry;
  /** Gives up on a host soon: for base images, without which a run can do. */
  readonly hasty: Registry;
  readonly login: () => Promise<Login | undefined>;
}

/** Ports of a run that access needs. */
export type AccessPorts = Pick<RunPorts, 'env' | 'log' | 'signal'>;

/**
 * Reads the registry path and finds the credentials for it; every secret is masked before anything else sees it. Asks no registry yet.
 * Throws UsageError and EnvironmentError for a path or credentials that can't be used.
 */
export async function openAccess(
  inputs: Pick<Inputs, 'registryPath' | 'credentialsJson'>,
  ports: AccessPorts,
): Promise<Access> {
  const { env, log, signal } = ports;
  const given = parseRegistryPath(inputs.registryPath);
  const emulator = emulatorOf(given.host, env);
  const path = emulatedPath(given, emulator);
  if (path.warning !== undefined) log.warning(path.warning);
  const onSecret = (secret: string): void => maskSecrets(ports.log, [secret]);
  const credentials = await findCredentials({
    credentialsJson: inputs.credentialsJson,
    host: path.host,
    log,
    env,
    onSecret,
    signal,
  });
  const login = loginsFor(path.host, credentials, log, env);
  const common = { login, log, onSecret };
  const silent = { ...log, info: (line: string) => log.debug(line), warning: (text: string) => log.debug(text) };
  return {
    path,
    emulator,
    credentials,
    registry: createRegistry({ ...common, signal }),
    steadfast: createRegistry(common),
    hasty: createRegistry({
      ...common,
      signal,
      log: silent,
      limits: { attempts: 1, attemptsUnreached: 1, exchangeMs: 5000, stallMs: 4000, callMs: 5000 },
    }),
    login: () => credentials.login(),
  };
}
