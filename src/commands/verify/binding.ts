import { imageOf, pinned } from '../../deploy/release';
import type { Catalog, LockFile, Registry } from '../../types';
import { bakedVariables } from '../deploy/registryFacts';

/** Does each image carry the digests of this very set? Sentences, empty when it does. RegistryError. */
export async function bindingProblems(
  registry: Registry,
  catalog: Catalog,
  lock: LockFile,
): Promise<readonly string[]> {
  const baked = await bakedVariables(registry, catalog, lock);
  return baked.flatMap(({ image, variables }) =>
    Object.entries(catalog.images.get(image)?.bind ?? {}).flatMap(([variable, bound]) => {
      const locked = imageOf(lock, bound);
      const says = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
      if (locked !== undefined && says === pinned(locked)) return [];
      if (locked === undefined) return [`The set has no ${bound}, which ${image} carries (${variable}).`];
      return [`${image} carries ${variable}=${says ?? '(nothing)'}, but the ${bound} of the set is ${pinned(locked)}.`];
    }),
  );
}
