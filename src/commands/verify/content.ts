import { imageOf } from '../../deploy/release';
import { parseImageReference } from '../../oci/imageReference';
import { contentKeys } from '../../plan/contentKey';
import { withBound } from '../../plan/graph';
import { keyedBases } from '../../plan/keyLines';
import { ownImages, withOwnBases } from '../../plan/ownBases';
import type { VerifiedSubject } from '../../publish/attest/verify';
import { commitTag } from '../../publish/tags';
import { pushedName, type Access } from '../../run/access';
import { createBaseImages } from '../../run/baseImages';
import type { Source } from '../../run/source';
import type { ContentKey, LockFile, Log } from '../../types';
import type { PublishedPlatform } from './published';

/** What an image of a set was made from. */
export interface Content {
  readonly key: ContentKey;
  readonly pins: ReadonlyMap<string, string>;
  /** Base images of which nobody knew the digest or the configuration when the published image was built. */
  readonly unknownBases: readonly string[];
}

/** Of which image of which set. */
interface ContentQuestion {
  readonly lock: LockFile;
  readonly access: Access;
  /** What of the set is attested. */
  readonly subjects: readonly VerifiedSubject[];
  readonly log: Log;
  readonly source: Source;
  readonly subject: VerifiedSubject;
  readonly name: string;
}

/** The image's content key at the set's commit, and its base images by digest: as its provenance has them, else as they are now. */
export async function contentOf(
  { lock, access, subjects, log, source, subject, name }: ContentQuestion,
  published: readonly PublishedPlatform[],
): Promise<Content> {
  const own = subject.provenance?.bases ?? new Map<string, string>();
  // An image of the set that this one is built on has its base images in its own provenance.
  const known = new Map([...subjects.flatMap((each) => [...(each.provenance?.bases ?? [])]), ...own]);
  const bases = createBaseImages(access.bestEffort, log);
  const baseDigest = (reference: string): Promise<string | undefined> => {
    const digest = known.get(reference);
    return digest === undefined ? bases.digest(reference) : Promise.resolve(digest);
  };
  const ask = bases.config;
  const baseConfig =
    ask &&
    ((reference: string, platform?: string) => {
      const digest = known.get(reference);
      const then = digest === undefined ? reference : `${parseImageReference(reference).repository}@${digest}`;
      return ask(then, platform);
    });
  const said = subject.provenance?.platforms ?? [];
  const platforms = said.length > 0 ? said : published.map(({ platform }) => platform);
  const ownImage = ownImages(source.catalog, lock.registryPath, [commitTag(lock.commit)]);
  const catalog = await withOwnBases(source.catalog, [name], source.tree, platforms, ownImage);
  const images = withBound(catalog, [name]).flatMap((each) => catalog.images.get(each) ?? []);
  const keyBy = async (digestOf: typeof baseDigest, configOf: typeof baseConfig): Promise<ContentKey> => {
    const options = { platforms, baseDigest: digestOf, baseConfig: configOf, ownImage };
    const keys = await contentKeys(images, source.tree, options);
    const found = keys.get(name);
    if (found === undefined) throw new Error(`${name} has no content key`);
    return found;
  };
  const locked = imageOf(lock, name)?.key;
  const now = await keyBy(baseDigest, baseConfig);
  // What a registry did not tell then is not in the key: a base image's digest, its configuration, or both.
  const references = keyedBases(now).flatMap(({ reference, isOwn }) => (isOwn ? [] : [reference]));
  const found =
    now.key === locked || subject.provenance === undefined
      ? undefined
      : await firstOf(untold([...new Set(references)]), async ({ isBlind, configless }) => {
          const key = await keyBy(
            isBlind ? (reference) => Promise.resolve(own.get(reference)) : baseDigest,
            async (reference, platform) =>
              configless.includes(reference) || (isBlind && !own.has(reference))
                ? undefined
                : baseConfig?.(reference, platform),
          );
          return key.key === locked ? { key, isBlind, configless } : undefined;
        });
  const key = found?.key ?? now;
  const pinnedThen = [...known].map(([reference, digest]) => {
    return [reference, `${parseImageReference(reference).repository}@${digest}`] as const;
  });
  // Of this very set, as it was before binding.
  const baseImages = keyedBases(key);
  const ofSet = baseImages.flatMap(({ reference, isOwn }) => {
    const base = isOwn ? ownImage(reference) : undefined;
    const found = subjects.find((each) => base !== undefined && each.name === base);
    if (found === undefined) return [];
    const unbound = found.provenance?.subjects.find((each) => each !== found.digest) ?? found.digest;
    return [[reference, `${pushedName(access, found.repository)}@${unbound}`] as const];
  });
  const named = [...bases.pins(), ...pinnedThen].filter(([reference]) =>
    baseImages.some((base) => base.reference === reference),
  );
  return { key, pins: new Map([...named, ...ofSet]), unknownBases: unknownIn(found) };
}

/** What a registry may not have said then. */
interface Untold {
  /** Only the digests that the provenance names. */
  readonly isBlind: boolean;
  /** Base images without their configuration. */
  readonly configless: readonly string[];
}

/** So many base images are taken one by one; of more, all or none. */
const mostApart = 4;

/** Everything that a registry may not have said then, the least first. */
function untold(references: readonly string[]): readonly Untold[] {
  const apart = references.length <= mostApart ? references : [];
  const some = apart.reduce<readonly (readonly string[])[]>(
    (sets, reference) => [...sets, ...sets.map((set) => [...set, reference])],
    [[]],
  );
  const sets = apart === references ? some : [[], references];
  return [true, false].flatMap((isBlind) => sets.map((configless) => ({ isBlind, configless })));
}

async function firstOf<T, R>(items: readonly T[], of: (item: T) => Promise<R | undefined>): Promise<R | undefined> {
  for (const item of items) {
    const found = await of(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function unknownIn(found: (Untold & { readonly key: ContentKey }) | undefined): readonly string[] {
  if (found === undefined) return [];
  return [...new Set([...(found.isBlind ? found.key.unresolvedBases : []), ...found.configless])];
}
