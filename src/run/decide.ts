import { SourceError } from '../errors';
import { imagePlatforms } from '../oci/imageConfig';
import { imageRepository } from '../google/registryPath';
import { normalPlatform } from '../plan/basePlatforms';
import { buildTreeOf } from '../plan/buildTree';
import { contentKeys } from '../plan/contentKey';
import { withBound } from '../plan/graph';
import { makePlan, type Since } from '../plan/plan';
import { ownImages, withOwnBases, type OwnImage } from '../plan/ownBases';
import { platformsOfImage } from '../plan/platforms';
import { commitTag, keyTag, rebuildTag } from '../publish/tags';
import { lastSeconds, lookUp, publishedKeys, reusable, type RegistryState, type SoughtImage } from '../publish/lookUp';
import { mapConcurrently } from '../system/mapConcurrently';
import type { CatalogImage, ContentKey, Inputs, Plan, Registry, Selection } from '../types';
import type { Access } from './access';
import type { BaseImages } from './baseImages';
import { compareWith, compareWithPublished, type Compared } from './comparison';
import { areWhole, partsOf, type Part } from './platformParts';
import type { Source } from './source';

/** So many unusable files of an image are named. */
const shown = 5;

/** An image of the plan, and what the registry has of it. */
export interface FoundImage extends SoughtImage {
  /** The digest that is taken where it is not built; undefined: it is not there, or in parts. */
  readonly reusable: string | undefined;
  /** What its last real build took; undefined: no set tells. */
  readonly seconds: number | undefined;
}

/** What was decided, and all it was decided from. */
export interface Decision {
  readonly plan: Plan;
  readonly keys: ReadonlyMap<string, ContentKey>;
  /** The images of the plan by their names, in its order; empty without a registry. */
  readonly images: ReadonlyMap<string, FoundImage>;
  /** undefined: no registry was asked. */
  readonly state: RegistryState | undefined;
  /** Image → what it is for each of its platforms, where it has several and is not there as a whole. */
  readonly parts: ReadonlyMap<string, readonly Part[]>;
  /** Images of this commit's published set in whose place this run publishes others. */
  readonly replaced: readonly string[];
  /** What its shards have built is found by this mark; undefined: by content. */
  readonly mark: string | undefined;
  /** Which base images are images of the plan. */
  readonly ownImage: OwnImage | undefined;
}

/** What a decision is made of. */
export interface Question {
  readonly source: Source;
  readonly selection: Selection;
  readonly inputs: Pick<Inputs, 'platforms' | 'rebuild'>;
  /** Where images go, and who can say what is there; undefined: no registry to ask. */
  readonly target: Pick<Access, 'path' | 'registry'> | undefined;
  /** The run is a part of a rebuild of everything on several runners: nothing counts as built but what was built under this mark. */
  readonly mark?: string | undefined;
  /** Compare with this revision instead of asking the registry. */
  readonly since?: string | undefined;
  /** Registry path by which Dockerfiles name images of this catalog; undefined: there is none. */
  readonly ownPath?: string | undefined;
  /** Without `config` nobody looks into base images. */
  readonly bases: Pick<BaseImages, 'digest'> & Partial<Pick<BaseImages, 'config'>>;
}

/**
 * Which images are built, which are reused, and why. Reads git and, with a target, the registry in one parallel round; changes nothing.
 * Throws SourceError (a Dockerfile is missing, a revision is not here), RegistryError (unreachable, no login, no such repository) and UsageError
 * (a repository's name is too long).
 */
export async function decide(question: Question): Promise<Decision> {
  const { source, selection, inputs, target, bases, mark } = question;
  const { platforms } = inputs;
  const all = mark !== undefined || inputs.rebuild === 'all';
  const tagOf = (key: string): string => tagOfBuilt(mark, key);
  const ownImage =
    question.ownPath === undefined
      ? undefined
      : ownImages(source.catalog, question.ownPath, [commitTag(source.commit)]);
  const catalog =
    ownImage === undefined
      ? source.catalog
      : await withOwnBases(source.catalog, selection.images, source.tree, platforms, ownImage);
  const images = withBound(catalog, selection.images).flatMap((name) => catalog.images.get(name) ?? []);
  const baseDigest = (reference: string): Promise<string | undefined> => bases.digest(reference);
  const baseConfig = bases.config;
  const platformsOf = (name: string): readonly string[] => platformsOfImage(catalog.images.get(name) ?? {}, platforms);
  const look = async (keptKeys: ReadonlyMap<string, string>) => {
    const keys = await contentKeys(images, source.tree, {
      platforms,
      baseDigest,
      baseConfig,
      ownImage,
      keptKeys,
      positionOf: catalog.positionOf,
    });
    refuseUnusable(source.unusable, keys);
    const now = images.flatMap(({ name, repository }): SoughtImage[] => {
      const key = keys.get(name)?.key;
      return key === undefined || target === undefined
        ? []
        : [{ name, repository: imageRepository(target.path, repository), key }];
    });
    const state = target && (await lookUp(target.registry, target.path.full, now, source.commit, tagOf));
    // A work tree is not a commit, whatever is published for the one that it started from.
    const standing =
      state === undefined || source.workspace !== undefined ? new Map<string, string>() : publishedKeys(state, now);
    const differing = now.filter(({ name, key }) => standing.has(name) && standing.get(name) !== key);
    const lacking = target && state ? await lackingPlatforms(differing, state, target.registry, platformsOf) : [];
    const published = new Map([...standing].filter(([name]) => !lacking.includes(name)));
    return { keys, now, state, published, lacking };
  };
  const first = await look(new Map());
  // What is built on an image that stays as it was published has that one's key in its own, not the one of now.
  const kept = all ? new Map<string, string>() : keptBases(images, first.keys, first.published);
  const { keys, now, state, published, lacking } = kept.size === 0 ? first : await look(kept);
  const replaced = all ? [...published.keys(), ...lacking] : lacking;
  const sought = all ? now : now.map((image) => ({ ...image, key: published.get(image.name) ?? image.key }));
  // What is built on another image of the set is built after it, by the same run.
  const absent = images.filter(({ name, builtOn }) => builtOn === undefined && state?.keyed.has(name) !== true);
  const parts =
    target === undefined || (all && mark === undefined)
      ? new Map<string, never>()
      : await partsOf(absent, { source, platforms, baseDigest, baseConfig, tagOf, target });
  const compared = { source, images, platforms, baseDigest, baseConfig, ownImage };
  // A rebuild needs no explanation.
  const explained = all ? undefined : state;
  const since = await comparison(question, compared, sought, explained, parts);
  const plan = makePlan({
    commit: source.commit,
    selection,
    catalog,
    keys,
    rebuild: all ? 'all' : 'changed',
    isMarked: mark !== undefined,
    published,
    ...(state === undefined ? {} : { registry: presence(sought, state, parts) }),
    ...(since === undefined ? {} : { since }),
  });
  const found = new Map(
    sought.map((image) => {
      // In a rebuild what is published already does not count.
      const known = state && (mark === undefined ? reusable(state, image) : state.keyed.get(image.name));
      return [image.name, { ...image, reusable: known, seconds: lastSeconds(state, image.name) }] as const;
    }),
  );
  return { plan, keys, images: found, state, parts, replaced, mark, ownImage };
}

/** The tag that names what was built of a key, in a rebuild under a mark or without. */
export function tagOfBuilt(mark: string | undefined, key: string): string {
  return mark === undefined ? keyTag(key) : rebuildTag(mark, key);
}

/** Which of these images are published for this commit without a platform that they are to have now: asked for with others than then. */
async function lackingPlatforms(
  images: readonly SoughtImage[],
  { published }: RegistryState,
  registry: Registry,
  platformsOf: (name: string) => readonly string[],
): Promise<readonly string[]> {
  const found = await mapConcurrently(images, async ({ name, repository }) => {
    const digest = published.get(name);
    const listed = digest === undefined ? undefined : await imagePlatforms(registry, repository, digest);
    const has = listed?.map(normalPlatform);
    return has === undefined || platformsOf(name).every((platform) => has.includes(normalPlatform(platform)))
      ? []
      : [name];
  });
  return found.flat();
}

/** Images that others are built on and that stay as they are published, with another key than that of now. */
function keptBases(
  images: readonly CatalogImage[],
  keys: ReadonlyMap<string, ContentKey>,
  published: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const bases = new Set(images.flatMap(({ builtOn = [] }) => builtOn));
  return new Map([...published].filter(([name, key]) => bases.has(name) && keys.get(name)?.key !== key));
}

/** What a plan is explained against. With a registry it is only worth the look when something is to be built. */
async function comparison(
  { since, target }: Question,
  compared: Compared,
  sought: readonly SoughtImage[],
  state: RegistryState | undefined,
  parts: Decision['parts'],
): Promise<Since | undefined> {
  if (since !== undefined) return compareWith(compared, since);
  if (target === undefined || state === undefined) return undefined;
  if (sought.every(({ name }) => state.keyed.has(name) || areWhole(parts.get(name)))) return undefined;
  return compareWithPublished(compared, state, target.registry, target.path.full);
}

function presence(
  sought: readonly SoughtImage[],
  { keyed }: RegistryState,
  parts: Decision['parts'],
): ReadonlyMap<string, 'present' | 'in-parts' | 'absent'> {
  return new Map(
    sought.map(({ name }) => [name, keyed.has(name) ? 'present' : areWhole(parts.get(name)) ? 'in-parts' : 'absent']),
  );
}

/**
 * Refuses images that would be built from files which are not what they seem: a Git LFS pointer, an empty folder for a submodule, what a
 * filter has not decoded, a credential. SourceError that names image, file and what to do.
 */
function refuseUnusable(
  unusable: ReadonlyMap<string, string>,
  keys: ReadonlyMap<string, Pick<ContentKey, 'lines' | 'contextLines'>>,
): void {
  if (unusable.size === 0) return;
  const mistakes = [...keys].flatMap(([name, key]) => {
    const { files, dockerfile, ignore } = buildTreeOf(key);
    const paths = new Set([
      dockerfile.path,
      ...(ignore === undefined ? [] : [ignore.path]),
      ...files.map(({ path }) => path),
    ]);
    const found = [...paths].flatMap((path) => unusable.get(path) ?? []);
    const more = found.length > shown ? [`  … and ${String(found.length - shown)} more`] : [];
    return found.length === 0
      ? []
      : [`Image ${name} can't be built:`, ...found.slice(0, shown).map((why) => `  ${why}.`), ...more];
  });
  if (mistakes.length > 0) throw new SourceError(mistakes.join('\n'));
}
