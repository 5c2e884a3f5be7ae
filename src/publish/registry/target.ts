import { UsageError } from '../../errors';
import { isHost, isLoopbackHost, isPathComponent } from '../names';

/** A repository and where its API answers. */
export interface Target {
  /** As in the image's name; logins are kept under it. */
  readonly host: string;
  /** Path of the repository, without the host. */
  readonly name: string;
  /** `host/name`. */
  readonly repository: string;
  /** Origin of the API, `https://host`; http for this machine only. */
  readonly origin: string;
}

/** Splits `host[:port]/path`. Throws UsageError for anything else, so that no text of a user becomes part of a URL unchecked. */
export function targetOf(repository: string): Target {
  const slash = repository.indexOf('/');
  const host = repository.slice(0, Math.max(0, slash));
  const name = repository.slice(slash + 1);
  if (!isHost(host) || !name.split('/').every(isPathComponent)) {
    throw new UsageError(
      `${JSON.stringify(repository.slice(0, 120))} is no repository: HOST/PATH in small letters is needed.`,
    );
  }
  return { host, name, repository, origin: originOf(host) };
}

/** Docker Hub's images are named docker.io, its API answers elsewhere: https://docs.docker.com/reference/api/registry/latest/ */
function originOf(host: string): string {
  const answering = host === 'docker.io' || host === 'index.docker.io' ? 'registry-1.docker.io' : host;
  return new URL(`${isLoopbackHost(host) ? 'http' : 'https'}://${answering}`).origin;
}

/** https anywhere, http on this very machine: where a secret or an image may go. */
export function isSafeUrl(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.host));
}
