/** An image reference as a Dockerfile has it, spelled out. */
interface ImageReference {
  /** `host/path`, for Docker Hub `docker.io/library/golang`. */
  readonly repository: string;
  /** `latest` when none is given. */
  readonly tag: string;
  /** As written; undefined: none. It wins over the tag. */
  readonly digest: string | undefined;
}

/**
 * Spells out a reference, as Docker does: a first part without dot, colon and other than `localhost` is not a host but belongs to Docker Hub.
 * https://github.com/distribution/reference/blob/main/normalize.go
 */
export function parseImageReference(reference: string): ImageReference {
  const at = reference.indexOf('@');
  const written = at < 0 ? reference : reference.slice(0, at);
  const slash = written.indexOf('/');
  const first = slash < 0 ? '' : written.slice(0, slash);
  const hasHost = first === 'localhost' || /[.:]/.test(first);
  const host = hasHost ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io';
  const rest = hasHost ? written.slice(slash + 1) : written;
  const colon = rest.lastIndexOf(':');
  const named = colon > rest.lastIndexOf('/');
  const path = named ? rest.slice(0, colon) : rest;
  const repository = host === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return {
    repository: `${host}/${repository}`,
    tag: named ? rest.slice(colon + 1) : 'latest',
    digest: at < 0 ? undefined : reference.slice(at + 1),
  };
}
