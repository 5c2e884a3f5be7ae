/** An image reference as a Dockerfile has it, spelled out. */
export interface ImageReference {
  /** `host/path`, for Docker Hub `docker.io/library/golang`. */
  readonly repository: string;
  /** `latest` when none is given. */
  readonly tag: string;
}

/**
 * Spells out a reference without digest, as Docker does: a first part without dot, colon and other than `localhost` is no host but belongs
 * to Docker Hub. https://github.com/distribution/reference/blob/main/normalize.go
 */
export function parseImageReference(reference: string): ImageReference {
  const slash = reference.indexOf('/');
  const first = slash < 0 ? '' : reference.slice(0, slash);
  const hasHost = first === 'localhost' || /[.:]/.test(first);
  const host = hasHost ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io';
  const rest = hasHost ? reference.slice(slash + 1) : reference;
  const colon = rest.lastIndexOf(':');
  const named = colon > rest.lastIndexOf('/');
  const path = named ? rest.slice(0, colon) : rest;
  const repository = host === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return { repository: `${host}/${repository}`, tag: named ? rest.slice(colon + 1) : 'latest' };
}
