import { RegistryError } from '../../errors';
import { imageOf, type BakedVariables } from '../../deploy/release';
import { readManifest } from '../../publish/manifest';
import { createRegistry } from '../../publish/registry';
import type { Catalog, LockFile, Log, Registry } from '../../types';

/** Can anyone pull the set's images without a login? `unknown`: the registry did not say. */
export async function isPrivate(lock: LockFile, log: Log, signal: AbortSignal): Promise<boolean | 'unknown'> {
  const [image] = Object.values(lock.images);
  if (image === undefined) return 'unknown';
  const silent = { ...log, info: () => undefined, warning: () => undefined };
  const anonymous = createRegistry({
    login: () => Promise.resolve(undefined),
    log: silent,
    signal,
    limits: { attempts: 1, attemptsUnreached: 1 },
  });
  try {
    return (await anonymous.head(image.repository, image.digest)) === undefined ? 'unknown' : false;
  } catch (thrown) {
    return thrown instanceof RegistryError && (thrown.status === 401 || thrown.status === 403) ? true : 'unknown';
  }
}

/** The variables baked into the images of a set that bind others: what they were published with. */
export async function bakedVariables(
  registry: Registry,
  catalog: Catalog,
  lock: LockFile,
): Promise<readonly BakedVariables[]> {
  const binding = [...catalog.images.values()].filter(({ bind }) => Object.keys(bind).length > 0);
  const found = await Promise.all(
    binding.map(async ({ name }) => {
      const locked = imageOf(lock, name);
      const env = locked === undefined ? undefined : await environment(registry, locked.repository, locked.digest);
      return env === undefined ? [] : [{ image: name, variables: env }];
    }),
  );
  return found.flat();
}

/** The environment of an image; of an index that of its first platform, since binding writes the same into each. */
async function environment(
  registry: Registry,
  repository: string,
  digest: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  const manifest = await registry.manifest(repository, digest);
  const content = manifest === undefined ? undefined : readManifest(manifest.bytes);
  const child = content?.children.find(({ isPlatform }) => isPlatform);
  if (child !== undefined) return environment(registry, repository, child.digest);
  if (content?.config === undefined) return undefined;
  const config: unknown = JSON.parse(
    Buffer.from(await registry.blob(repository, content.config.digest)).toString('utf8'),
  );
  const lines = field(field(config, 'config'), 'Env');
  const pairs = (Array.isArray(lines) ? lines : []).flatMap((line: unknown) => {
    const at = typeof line === 'string' ? line.indexOf('=') : -1;
    return typeof line === 'string' && at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
  });
  return Object.fromEntries(pairs);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
