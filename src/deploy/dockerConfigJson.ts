import { UsageError } from '../errors';

/**
 * The data of a `kubernetes.io/dockerconfigjson` secret, as it is there. Everything in it that is not about the one registry is kept as
 * it is. https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
 */
export const dockerConfigKey = '.dockerconfigjson';
export const dockerConfigType = 'kubernetes.io/dockerconfigjson';

/** The keys of the secret's logins; empty: it holds none that can be read. `data` is base64. */
export function keysOf(data: string | undefined): readonly string[] {
  return [...(readAuths(data)?.keys() ?? [])];
}

/**
 * The secret's data with a login for one host, other registries and fields kept. `undefined`: it has exactly this login already.
 * Throws UsageError when what is there is not a docker configuration, so that nothing of it is overwritten.
 */
export function withLogin(
  data: string | undefined,
  host: string,
  username: string,
  password: string,
): string | undefined {
  const config = data === undefined ? {} : parse(data);
  const auths: unknown = config === undefined ? undefined : (own(config, 'auths') ?? {});
  if (typeof auths !== 'object' || auths === null || Array.isArray(auths)) {
    throw new UsageError(
      'The secret that is there holds no docker configuration that can be read, so nothing can be added to it. Choose another name (--name), or delete it.',
    );
  }
  const login = { username, password, auth: Buffer.from(`${username}:${password}`, 'utf8').toString('base64') };
  const entries = new Map(Object.entries(auths));
  if (JSON.stringify(entries.get(host)) === JSON.stringify(login)) return undefined;
  entries.set(host, login);
  const text = JSON.stringify({ ...config, auths: Object.fromEntries(entries) as unknown });
  return Buffer.from(text, 'utf8').toString('base64');
}

function readAuths(data: string | undefined): ReadonlyMap<string, unknown> | undefined {
  const auths = own(data === undefined ? undefined : parse(data), 'auths');
  return typeof auths === 'object' && auths !== null ? new Map(Object.entries(auths)) : undefined;
}

function parse(data: string): object | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function own(value: object | undefined, name: string): unknown {
  return value !== undefined && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
