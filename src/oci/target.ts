import { UsageError } from '../errors';
import { pushHost, speaksHttp, type RegistryHosts } from './hosts';
import { isHost, isPathComponent } from './names';

/** A repository and where its API answers. */
export interface Target {
  /** As in the image's name, or where that one's images are pushed; logins are kept under it. */
  readonly host: string;
  /** Path of the repository, without the host. */
  readonly name: string;
  /** `host/name`. */
  readonly repository: string;
  /** Origin of the API, `https://host`; http for this machine only. */
  readonly origin: string;
}

/** Splits `host[:port]/path`. Throws UsageError for anything else, so that no text of a user becomes part of a URL unchecked. */
export function targetOf(repository: string, hosts: RegistryHosts): Target {
  const slash = repository.indexOf('/');
  const named = repository.slice(0, Math.max(0, slash));
  const name = repository.slice(slash + 1);
  if (!isHost(named) || !name.split('/').every(isPathComponent)) {
    throw new UsageError(
      `${JSON.stringify(repository.slice(0, 120))} is not a repository: HOST/PATH in small letters is needed.`,
    );
  }
  const host = pushHost(hosts, named);
  return { host, name, repository, origin: originOf(host, hosts) };
}

/** Docker Hub's images are named docker.io, its API answers elsewhere: https://docs.docker.com/reference/api/registry/latest/ */
function originOf(host: string, hosts: RegistryHosts): string {
  const answering = host === 'docker.io' || host === 'index.docker.io' ? 'registry-1.docker.io' : host;
  return new URL(`${speaksHttp(hosts, host) ? 'http' : 'https'}://${answering}`).origin;
}

/** https anywhere, http on this very machine and with hosts that were named for it: where a secret or an image may go. */
export function isSafeUrl(url: URL, hosts: RegistryHosts): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && speaksHttp(hosts, url.host));
}

/** A URL that a registry gave. Behind a proxy that ends TLS it may not know by which protocol it is spoken to: on its own host that is ours. */
export function asSpoken(url: URL, origin: string): URL {
  const own = new URL(origin);
  const spoken = new URL(url);
  if (spoken.host === own.host) spoken.protocol = own.protocol;
  return spoken;
}
