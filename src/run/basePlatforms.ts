import { listedPlatforms, readManifest } from '../oci/manifest';
import { parseImageReference } from '../oci/imageReference';
import { hasPlatform, lineOfBase, neededBases, type NeededBase } from '../plan/basePlatforms';
import { buildTreeOf } from '../plan/buildTree';
import { platformsOfImage } from '../plan/contentKey';
import { message } from '../errors';
import { mapConcurrently } from '../system/mapConcurrently';
import type { CatalogImage, ContentKey, Log, Registry } from '../types';
import type { Work } from './work';

/** Nearly every base image is there for it, so nobody is asked. */
const usual = 'linux/amd64';

interface Question {
  readonly image: CatalogImage;
  readonly key: ContentKey;
  readonly base: NeededBase;
}

/**
 * What is to be built for a platform that a base image is not there for: sentences with image, platform and line. Asks only where an image is
 * for another platform than the usual one. A registry that does not say is no reason not to build.
 */
export async function missingPlatforms(
  work: Pick<Work, 'source' | 'decision' | 'bases' | 'access' | 'inputs'>,
  log: Log,
): Promise<readonly string[]> {
  const { access, bases, source } = work;
  if (access === undefined) return [];
  const pins = bases.pins();
  const found = await mapConcurrently(questions(work), async ({ image, key, base }) => {
    const pinned = pins.get(base.reference) ?? base.reference;
    const listed = await platformsOfBase(access.bestEffort, pinned).catch((error: unknown) => {
      log.debug(`platforms of ${pinned}: ${message(error)}`);
      return undefined;
    });
    if (listed === undefined || hasPlatform(listed, base.platform)) return [];
    const { dockerfile } = buildTreeOf(key);
    let text = '';
    await source.tree.read([dockerfile.oid], (_, content) => (text = content.toString('utf8')));
    const line = lineOfBase(text, image, base);
    const where = line === undefined ? dockerfile.path : `${dockerfile.path}:${line}`;
    return [
      `${image.name} can't be built for ${base.platform}: its base image ${base.reference} (${where}) is there for ${listed.join(', ')} only.`,
    ];
  });
  return [...new Set(found.flat())];
}

function questions({ decision, source, inputs }: Pick<Work, 'decision' | 'source' | 'inputs'>): readonly Question[] {
  return decision.plan.images.flatMap(({ name, action }): readonly Question[] => {
    const image = source.catalog.images.get(name);
    const whole = decision.keys.get(name);
    if (action !== 'build' || image === undefined || whole === undefined) return [];
    const platforms = platformsOfImage(image, inputs.platforms);
    const parts = decision.parts.get(name) ?? platforms.map((platform) => ({ platform, key: whole }));
    return parts
      .filter(({ platform }) => platform !== usual)
      .flatMap(({ platform, key }) => neededBases(key, platform).map((base) => ({ image, key, base })));
  });
}

/** What an index lists; undefined: it is a single image, which BuildKit takes for whatever it is. */
async function platformsOfBase(registry: Registry, pinned: string): Promise<readonly string[] | undefined> {
  const { repository, digest } = parseImageReference(pinned);
  if (digest === undefined) return undefined;
  const manifest = await registry.manifest(repository, digest);
  const content = manifest === undefined ? undefined : readManifest(manifest.bytes);
  const listed = content === undefined ? [] : listedPlatforms(content);
  return listed.length === 0 ? undefined : listed;
}
