/**
 * Which entries of a pull secret count for an image, by the kubelet's rules, the first tried first
 * (https://kubernetes.io/docs/concepts/containers/images/#config-json and
 * https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/credentialprovider/keyring.go): as many labels of the host, each a pattern of
 * its own (`*.pkg.dev` is one label and `pkg.dev`); the same port; the path by its characters (`/team` is the beginning of `/team2/api`);
 * longer names before shorter ones. `repository` is without tag and digest.
 */
export function matchingKeys(keys: readonly string[], repository: string): readonly string[] {
  const found = keys.flatMap((key) => {
    const normal = normalKey(key);
    return normal !== undefined && isMatch(normal, repository) ? [{ key, normal }] : [];
  });
  const sorted = found.toSorted((a, b) => (a.normal < b.normal ? 1 : a.normal > b.normal ? -1 : 0));
  if (sorted.length > 0 || !isDockerHub(repository)) return sorted.map(({ key }) => key);
  return keys.filter((key) => normalKey(key) === 'index.docker.io');
}

/** A key without its scheme and without the version that docker writes after Docker Hub's name. */
function normalKey(key: string): string | undefined {
  const [, host = '', path = ''] = /^(?:https?:\/\/)?([^/]+)(.*)$/.exec(key) ?? [];
  if (host === '') return undefined;
  const rest = /^\/v[12]\//.test(path) ? path.slice(3) : path;
  return rest === '/' ? host : `${host}${rest}`;
}

function isMatch(key: string, repository: string): boolean {
  const [wanted, has] = [parts(key), parts(repository)];
  return (
    wanted.port === has.port &&
    wanted.labels.length === has.labels.length &&
    has.path.startsWith(wanted.path) &&
    wanted.labels.every((label, index) => isLabel(label, has.labels[index] ?? ''))
  );
}

function parts(text: string): { readonly labels: readonly string[]; readonly port: string; readonly path: string } {
  const slash = text.indexOf('/');
  const [host, path] = slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash)];
  const [, name = host, port = ''] = /^(.*):(\d+)$/.exec(host) ?? [];
  return { labels: name.split('.'), port, path };
}

/** One label against a pattern of Go's filepath.Match: `*`, `?` and `[a-z]`. */
function isLabel(pattern: string, label: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  try {
    return new RegExp(`^${source}$`).test(label);
  } catch {
    return false;
  }
}

function isDockerHub(repository: string): boolean {
  const slash = repository.indexOf('/');
  const first = slash < 0 ? '' : repository.slice(0, slash);
  return first === '' || first === 'docker.io' || first === 'index.docker.io' || !/[.:]/.test(first);
}
