import { isLoopbackHost } from '../oci/names';
import type { GoogleRegistryPath, RegistryPath } from './registryPath';

/** Where an API answers by plain http. */
export interface ApiEndpoint {
  readonly host: string;
  readonly port: number;
}

/** Artifact Registry on this very machine: what stands in for Google in tests and where nothing may leave the machine. */
export interface Emulator {
  readonly location: string;
  readonly artifactRegistry: ApiEndpoint;
  /** undefined: nothing is scanned there. */
  readonly containerAnalysis: ApiEndpoint | undefined;
}

/**
 * The emulator that gcloud's own variables name: CLOUDSDK_ARTIFACTS_LOCATION, CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY and
 * …_CONTAINERANALYSIS (https://cloud.google.com/sdk/gcloud/reference/config/set). Taken is only what answers on this machine, and only for
 * a registry on it: the variables send no token to any other host. undefined: none.
 */
export function emulatorOf(host: string, env: NodeJS.ProcessEnv): Emulator | undefined {
  if (!isLoopbackHost(host)) return undefined;
  const location = env['CLOUDSDK_ARTIFACTS_LOCATION'] ?? '';
  const artifactRegistry = endpointOf(env['CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY']);
  if (artifactRegistry === undefined || !/^[a-z][a-z0-9-]{1,40}$/.test(location)) return undefined;
  const containerAnalysis = endpointOf(env['CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINERANALYSIS']);
  return { location, artifactRegistry, containerAnalysis };
}

/** `127.0.0.1:5000/PROJECT/REPOSITORY[/PREFIX]` as a repository of the emulator; another path stays what it is. */
export function emulatedPath(path: RegistryPath, emulator: Emulator | undefined): RegistryPath {
  const [project = '', repository] = path.path.split('/');
  if (emulator === undefined || path.kind !== 'other' || repository === undefined) return path;
  const google: GoogleRegistryPath = {
    ...path,
    kind: 'artifact-registry',
    project,
    repository,
    location: emulator.location,
  };
  return google;
}

/** A port of this machine that an endpoint override names, by plain http; undefined: it names none. */
export function endpointOf(value: string | undefined): ApiEndpoint | undefined {
  if (value === undefined || !URL.canParse(value)) return undefined;
  const { protocol, host, hostname, port } = new URL(value);
  return protocol === 'http:' && port !== '' && isLoopbackHost(host)
    ? { host: hostname, port: Number(port) }
    : undefined;
}
