import { imageRepository } from '../google/registryPath';
import { contentKeys, type KeyOptions } from '../plan/contentKey';
import { platformsOfImage } from '../plan/platforms';
import { mapConcurrently } from '../system/mapConcurrently';
import type { CatalogImage, ContentKey, Manifest } from '../types';
import type { Access } from './access';
import type { Source } from './source';

/** An image for one of its platforms: what a build for that platform alone has as its key, and where the registry has it. */
export interface Part {
  readonly platform: string;
  readonly key: ContentKey;
  /** undefined: it is not there. */
  readonly manifest: Manifest | undefined;
}

/** What parts are found by. */
interface PartsQuestion extends Pick<KeyOptions, 'baseDigest' | 'baseConfig'> {
  readonly source: Pick<Source, 'tree' | 'catalog'>;
  /** Of the run, for images that have none of their own. */
  readonly platforms: readonly string[];
  readonly target: Pick<Access, 'path' | 'registry'>;
  /** The tag that names what was built of a key. */
  readonly tagOf: (key: string) => string;
}

/**
 * Image → its parts, of those that are for several platforms: other runs, shards, may have built them one by one. Throws SourceError,
 * CatalogError, RegistryError.
 */
export async function partsOf(
  images: readonly CatalogImage[],
  { source, platforms, target, tagOf, ...bases }: PartsQuestion,
): Promise<ReadonlyMap<string, readonly Part[]>> {
  const several = images.filter((image) => platformsOfImage(image, platforms).length > 1);
  const all = [...new Set(several.flatMap((image) => platformsOfImage(image, platforms)))];
  const { positionOf } = source.catalog;
  const found = await mapConcurrently(all, async (platform) => {
    const own = several
      .filter((image) => platformsOfImage(image, platforms).includes(platform))
      .map((image) => ({ ...image, platforms: [platform] }));
    const keys = await contentKeys(own, source.tree, {
      platforms,
      positionOf,
      baseDigest: bases.baseDigest,
      baseConfig: bases.baseConfig,
    });
    return mapConcurrently(own, async ({ name, repository }) => {
      const key = keys.get(name);
      if (key === undefined) return [];
      const manifest = await target.registry.manifest(imageRepository(target.path, repository), tagOf(key.key));
      return [{ name, part: { platform, key, manifest } }];
    });
  });
  const each = found.flat(2);
  return new Map(
    several.map(({ name }) => [name, each.filter((one) => one.name === name).map(({ part }): Part => part)]),
  );
}

/** Are all parts there, each of a key that can be relied on? */
export function areWhole(parts: readonly Part[] | undefined): boolean {
  return (
    parts !== undefined &&
    parts.length > 0 &&
    parts.every(({ manifest, key }) => manifest !== undefined && key.unresolvedBases.length === 0)
  );
}
