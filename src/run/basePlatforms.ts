import { listedPlatforms, readManifest } from '../oci/manifest';
import { parseImageReference } from '../oci/imageReference';
import { hasPlatform, lineOfBase, neededBases, startOf, type NeededBase } from '../plan/basePlatforms';
import { buildTreeOf } from '../plan/buildTree';
import { message } from '../errors';
import { platformsOfImage } from '../plan/platforms';
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
  const { access, bases } = work;
  const own = await missingOfOwn(work);
  if (access === undefined) return own;
  const pins = bases.pins();
  const found = await mapConcurrently(questions(work), async ({ image, key, base }) => {
    const pinned = pins.get(base.reference) ?? base.reference;
    const listed = await platformsOfBase(access.bestEffort, pinned).catch((error: unknown) => {
      log.debug(`platforms of ${pinned}: ${message(error)}`);
      return undefined;
    });
    if (listed === undefined || hasPlatform(listed, base.platform)) return [];
    const { path, text } = await dockerfileOf(work, key);
    const line = lineOfBase(text, image, base);
    const where = line === undefined ? path : `${path}:${line}`;
    return [
      `${image.name} can't be built for ${base.platform}: its base image ${base.reference} (${where}) is there for ${listed.join(', ')} only.`,
    ];
  });
  return [...own, ...new Set(found.flat())];
}

/**
 * The same for images that start from another one of the catalog: its platforms are known, be it built or not. A single image has no list of
 * them, so BuildKit would take its files for any platform, and publish them as that. What is only copied from may be for one platform.
 */
async function missingOfOwn({
  source,
  decision,
  inputs,
}: Pick<Work, 'source' | 'decision' | 'inputs'>): Promise<readonly string[]> {
  const found = await mapConcurrently(decision.plan.images, async ({ name, action }): Promise<readonly string[]> => {
    const image = source.catalog.images.get(name);
    const key = decision.keys.get(name);
    const ownImage = decision.ownImage;
    if (action !== 'build' || image === undefined || key === undefined || ownImage === undefined) return [];
    const { path, text } = await dockerfileOf({ source }, key);
    return platformsOfImage(image, inputs.platforms).flatMap((platform) => {
      const start = startOf(text, image, platform);
      const base = start && source.catalog.images.get(ownImage(start.reference) ?? '');
      if (start === undefined || base === undefined || base.name === name) return [];
      const listed = platformsOfImage(base, inputs.platforms);
      if (hasPlatform(listed, platform)) return [];
      return [
        `${name} can't be built for ${platform}: it starts from ${base.name} (${path}:${start.line}), which is built for ${listed.join(', ')} only.`,
      ];
    });
  });
  return found.flat();
}

async function dockerfileOf(
  { source }: Pick<Work, 'source'>,
  key: ContentKey,
): Promise<{ readonly path: string; readonly text: string }> {
  const { path, oid } = buildTreeOf(key).dockerfile;
  let text = '';
  await source.tree.read([oid], (_, content) => (text = content.toString('utf8')));
  return { path, text };
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
