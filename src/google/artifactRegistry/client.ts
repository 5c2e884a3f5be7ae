import type { ArtifactRegistryClient } from '@google-cloud/artifact-registry/build/src/v1';
import type { AuthClient } from 'google-auth-library';
import type { ApiEndpoint } from '../emulator';
import type { Place } from '../hints/gcloud';

/** How the API is called. */
export interface ApiOptions {
  /** Where the API answers, when it is not Google: spoken to by http. */
  readonly endpoint?: ApiEndpoint;
  /** Milliseconds for everything that is asked together. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type { ArtifactRegistryClient };

/**
 * A client of the Artifact Registry API. Loaded here, for only runs that push to Google need it. REST (`fallback`), because that goes
 * through proxies and needs no HTTP/2; always with credentials of ours, because without any the client ends the process from an unhandled rejection.
 * Version 1 alone: the package's own index also loads every message as generated code, a megabyte that nothing here reads.
 */
export async function createApiClient(
  authClient: AuthClient,
  endpoint: ApiOptions['endpoint'],
): Promise<ArtifactRegistryClient> {
  const { ArtifactRegistryClient } = await import('@google-cloud/artifact-registry/build/src/v1');
  // The port by itself: within apiEndpoint it would be overridden by 443.
  const at = endpoint === undefined ? {} : { apiEndpoint: endpoint.host, port: endpoint.port, protocol: 'http' };
  return new ArtifactRegistryClient({ fallback: true, authClient, ...at });
}

/** `projects/P/locations/L/repositories/R` */
export function repositoryName({ project, location, repository }: Place): string {
  return `projects/${project}/locations/${location}/repositories/${repository}`;
}

/** Name of an image in a repository; its slashes are encoded, or it would be another resource. */
export function packageName(place: Place, image: string): string {
  return `${repositoryName(place)}/packages/${encodeURIComponent(image)}`;
}
