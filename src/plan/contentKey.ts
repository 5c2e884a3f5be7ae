import { message } from '../errors';
import type { CatalogImage, ContentKey } from '../types';
import type { GitTree } from '../git/gitTree';
import type { AskBaseConfig } from './baseConfigs';
import type { OwnImage } from './ownBases';
import { InputReader, type ImageInputs } from './imageInputs';
import type { PositionOf } from './mistakes';
import { isPinned, KeyEncoder, type Digests, type Resolved } from './keyLines';
import { platformsOfImage } from './platforms';

/** Gives the digest (`sha256:…`) that a base image's reference has now; undefined or rejected: it can't be determined. */
export type BaseDigest = (reference: string) => Promise<string | undefined> | string | undefined;

export interface KeyOptions {
  /** For images that have none of their own. */
  readonly platforms: readonly string[];
  /** Asked once for each reference that is not pinned. */
  readonly baseDigest: BaseDigest;
  /** What base images set and do by themselves; undefined: nobody asks, and it is taken that they copy nothing. */
  readonly baseConfig?: AskBaseConfig | undefined;
  /** Base images that are images of the same catalog; they must be among the images. undefined: there are none. */
  readonly ownImage?: OwnImage | undefined;
  /** Keys of own images that are taken as they were published, whatever they would be made from now. */
  readonly keptKeys?: ReadonlyMap<string, string>;
  /** Leave out images whose Dockerfile is not there, instead of failing: for a commit that is only compared with. */
  readonly skipMissing?: boolean;
  /** Where the catalog file has a field, for what is wrong with it. */
  readonly positionOf?: PositionOf | undefined;
}

/**
 * The content keys of `images` in one tree, by name, in the given order.
 * SourceError: an image has no Dockerfile or a folder is missing (unless `skipMissing`), or an object can't be read. CatalogError: the same
 * where a catalog file says it.
 */
export async function contentKeys(
  images: readonly CatalogImage[],
  tree: GitTree,
  options: KeyOptions,
): Promise<ReadonlyMap<string, ContentKey>> {
  const platformsOf = (image: CatalogImage): readonly string[] => platformsOfImage(image, options.platforms);
  const inputs = await new InputReader(tree, options).read(images, platformsOf, options.skipMissing === true);
  const { ownImage = () => undefined } = options;
  const own = ({ image }: ImageInputs, reference: string): string | undefined => {
    const name = ownImage(reference);
    return name === image.name ? undefined : name;
  };
  const digests = await resolveBases(inputs, (one, reference) => own(one, reference) !== undefined, options.baseDigest);
  const encoder = new KeyEncoder();
  const keys = new Map<string, ContentKey>();
  // One that is built on another has that one's key in its own. Circles are refused before; here they only come to an end.
  const encode = (one: ImageInputs, above: readonly string[]): ContentKey | undefined => {
    const { name } = one.image;
    const known = keys.get(name);
    if (known !== undefined || above.includes(name)) return known;
    const found: Digests = (reference) => {
      const parent = own(one, reference);
      if (parent === undefined) return digests.get(reference);
      const kept = options.keptKeys?.get(parent);
      if (kept !== undefined) return { digest: `key:${kept}`, isKnown: true, problem: undefined };
      const inputsOfParent = inputs.find(({ image }) => image.name === parent);
      const key = inputsOfParent && encode(inputsOfParent, [...above, name]);
      const isKnown = key?.unresolvedBases.length === 0;
      return { digest: key && `key:${key.key}`, isKnown, problem: undefined };
    };
    const key = encoder.encode(one, platformsOf(one.image), found);
    keys.set(name, key);
    return key;
  };
  for (const one of inputs) encode(one, []);
  return new Map(inputs.flatMap(({ image: { name } }) => [[name, keys.get(name)] as const]).filter(isDefined));
}

function isDefined(entry: readonly [string, ContentKey | undefined]): entry is readonly [string, ContentKey] {
  return entry[1] !== undefined;
}

async function resolveBases(
  inputs: readonly ImageInputs[],
  isOwn: (one: ImageInputs, reference: string) => boolean,
  baseDigest: BaseDigest,
): Promise<ReadonlyMap<string, Resolved>> {
  const references = new Set(
    inputs.flatMap((one) =>
      one.bases.map((base) => base.reference).filter((reference) => !isPinned(reference) && !isOwn(one, reference)),
    ),
  );
  const resolve = async (reference: string): Promise<readonly [string, Resolved]> => {
    try {
      const digest = await baseDigest(reference);
      return [reference, { digest, isKnown: digest !== undefined, problem: undefined }];
    } catch (thrown) {
      return [reference, { digest: undefined, isKnown: false, problem: message(thrown) }];
    }
  };
  return new Map(await Promise.all([...references].map(resolve)));
}
