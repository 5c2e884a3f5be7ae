import { message, RegistryError } from '../../errors';
import { imageOf, refuseSkew, type BakedVariables } from '../../deploy/release';
import { readImageConfig } from '../../oci/manifest';
import { createRegistry } from '../../oci/client';
import type { RegistryHosts } from '../../oci/hosts';
import type { FoundSet } from '../releaseSet';
import type { Catalog, LockFile, Log, Registry } from '../../types';

/** Can anyone pull the set's images without a login? `unknown`: the registry did not say. `hosts`: as for a cluster, which pulls. */
export async function isPrivate(
  lock: LockFile,
  hosts: RegistryHosts,
  log: Log,
  signal: AbortSignal,
): Promise<boolean | 'unknown'> {
  const [image] = Object.values(lock.images);
  if (image === undefined) return 'unknown';
  const silent = { ...log, info: () => undefined, warning: () => undefined };
  const anonymous = createRegistry({
    login: () => Promise.resolve(undefined),
    log: silent,
    signal,
    hosts,
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
      const manifest = locked && (await registry.manifest(locked.repository, locked.digest));
      // Of an index that of its first platform, since binding writes the same into each.
      const config = manifest && (await readImageConfig(registry, locked.repository, manifest));
      return config === undefined ? [] : [{ image: name, variables: config.env }];
    }),
  );
  return found.flat();
}

/** Holds the set against what its images were published with, where the registry can be asked. Throws UsageError for one that is mixed. */
export async function checkSkew(
  catalog: Catalog,
  { lock, access }: FoundSet,
  log: Pick<Log, 'warning'>,
): Promise<void> {
  const binds = new Map([...catalog.images].map(([name, image]) => [name, image.bind]));
  try {
    const baked = access === undefined ? [] : await bakedVariables(access.bestEffort, catalog, lock);
    refuseSkew(lock, binds, baked);
  } catch (thrown) {
    if (!(thrown instanceof RegistryError)) throw thrown;
    log.warning(`The registry could not be asked whether the images of this set belong together: ${message(thrown)}`);
  }
}
