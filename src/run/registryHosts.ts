import { readFileSync } from 'node:fs';
import { EnvironmentError, UsageError, message } from '../errors';
import { readRegistryHosts } from '../event/registryHosts';
import type { RegistryHosts } from '../oci/hosts';
import type { RegistryHost } from '../types';

/** Read where the input is not given. */
const variable = 'KFP_IMAGES_REGISTRY_HOSTS';

/**
 * What hosts of registries need, with the certificates of their authorities. Throws UsageError for a variable that can't be read,
 * EnvironmentError for a file that is missing or holds no certificate.
 */
export function openHosts(given: ReadonlyMap<string, RegistryHost> | undefined, env: NodeJS.ProcessEnv): RegistryHosts {
  const hosts = given === undefined || given.size === 0 ? fromEnvironment(env) : given;
  return new Map(
    [...hosts].map(([host, { plainHttp, authorityFile, push }]) => [
      host,
      { plainHttp, push, authority: authorityFile === undefined ? undefined : readAuthority(host, authorityFile) },
    ]),
  );
}

function fromEnvironment(env: NodeJS.ProcessEnv): ReadonlyMap<string, RegistryHost> {
  return readRegistryHosts(env[variable] ?? '', (mistake) => {
    throw new UsageError(`${variable}: ${mistake}`);
  });
}

function readAuthority(host: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new EnvironmentError(
      `registry-hosts: the certificates of ${host} in ${file} can't be read: ${message(cause)}`,
      {
        cause,
      },
    );
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new EnvironmentError(
    `registry-hosts: ${file} of ${host} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).`,
  );
}

/** The same for who pulls as a cluster does: by the very hosts that images are named after. */
export function openPullHosts(given: ReadonlyMap<string, RegistryHost>, env: NodeJS.ProcessEnv): RegistryHosts {
  return new Map([...openHosts(given, env)].map(([host, settings]) => [host, { ...settings, push: undefined }]));
}
