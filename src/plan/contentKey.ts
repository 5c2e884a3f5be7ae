import { createHash } from 'node:crypto';
import { message } from '../errors';
import type { CatalogImage, ContentKey } from '../types';
import type { BaseImage } from '../dockerfile/use';
import { isTemplated } from '../dockerfile/contextUse';
import type { GitTree, TreeEntry } from '../git/gitTree';
import type { AskBaseConfig } from './baseConfigs';
import type { OwnImage } from './ownBases';
import { InputReader, type ImageInputs } from './imageInputs';
import type { PositionOf } from './mistakes';
import { optionLines } from './optionLines';
import { escapePath } from '../system/pathText';

/**
 * Version 2 of the encoding. Lines of text, UTF-8, each ended by a newline; the first is this one, the others are
 * sorted by their UTF-16 code units. Control characters, line separators and bytes that are not UTF-8 are `\xHH`, a
 * backslash is doubled. `⇥` is a tab.
 *
 * | line | meaning |
 * |---|---|
 * | `add-host NAME⇥ADDRESS` | a host name that the build can look up |
 * | `annotation NAME=TEXT` | as the catalog has it, placeholders not filled in |
 * | `arg NAME=VALUE` | build argument that is not templated; `{{env.NAME}}` is filled in |
 * | `base REFERENCE⇥DIGEST` | base image as written, arguments filled in; DIGEST is `pinned` where the reference has one, `unresolved` where nobody could tell |
 * | `base REFERENCE⇥key:KEY` | base image that is an image of the same set: its content key |
 * | `base REFERENCE⇥DIGEST⇥PLATFORM` | the same with `FROM --platform` |
 * | `context FOLDER` | path of the build context, `.` for the top |
 * | `dockerfile PATH⇥OID` | the Dockerfile |
 * | `file PATH⇥MODE OID` | an input: path in the repository, git's mode and object id |
 * | `folder PATH` | a folder that the Dockerfile copies and of which no file is an input |
 * | `ignore PATH⇥OID` | the .dockerignore in force |
 * | `inputs MODE⇥TEXT` | how the catalog declares the inputs: `dockerfile`, `context`, `go` with the main package, `paths` with a glob, one line for each |
 * | `label NAME=TEXT` | as the catalog has it, placeholders not filled in |
 * | `named NAME⇥KIND TEXT` | another context: `folder` of the repository (its files have lines of their own), `image`, `git` |
 * | `network MODE` | where the catalog gives one |
 * | `platform OS/ARCH` | one line for each |
 * | `secret ID`, `ssh ID` | what the build is given; never the value |
 * | `shm-size SIZE`, `ulimit NAME⇥LIMIT` | as the catalog has them |
 * | `target STAGE` | the stage that is built, where the catalog names one |
 * | `template NAME=TEXT` | build argument with a placeholder, as the catalog has it |
 * | `whole-context DIGEST⇥COUNT` | instead of `file` lines where every file of the context is an input: sha256 over those lines, encoded and sorted as here, without a first line |
 *
 * Not in it, because no bit of the image before binding depends on it: the commit's id, the values that placeholders
 * get, digests of bound images, repository names and deploy targets, cache mounts, time.
 */
const version = 'kfp-images content key 2';

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
  const encoder = new Encoder();
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

/** What an image is built for, sorted: its own platforms, else those of the run. */
export function platformsOfImage(
  { platforms }: Pick<CatalogImage, 'platforms'>,
  ofRun: readonly string[],
): readonly string[] {
  return [...new Set(platforms ?? ofRun)].sort();
}

function isDefined(entry: readonly [string, ContentKey | undefined]): entry is readonly [string, ContentKey] {
  return entry[1] !== undefined;
}

type Digests = (reference: string) => Resolved | undefined;

interface Resolved {
  readonly digest: string | undefined;
  /** False: the digest says nothing of what it stands for now. */
  readonly isKnown: boolean;
  readonly problem: string | undefined;
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

/** Makes lines; those of files are made once for all images. */
class Encoder {
  readonly #lines = new Map<TreeEntry, string>();
  readonly #contexts = new Map<ImageInputs['view'], { readonly line: string; readonly lines: readonly string[] }>();

  encode(inputs: ImageInputs, platforms: readonly string[], digests: Digests): ContentKey {
    const { image } = inputs;
    const { files, folders, notes } = inputs.files();
    const whole = files === undefined ? this.#context(inputs.view) : undefined;
    const besides = inputs.named.flatMap(({ files: own }) => own);
    const bases = baseLines(inputs, digests);
    const lines = [
      ...Object.entries(image.buildArgs).map(
        ([name, value]) => `${isTemplated(value) ? 'template' : 'arg'} ${escapePath(name)}=${escapePath(value)}`,
      ),
      ...declaration(image.inputs),
      ...optionLines(image.options, inputs.named),
      ...bases.lines,
      `context ${inputs.view.folder === '' ? '.' : escapePath(inputs.view.folder)}`,
      `dockerfile ${escapePath(inputs.dockerfile.path)}\t${inputs.dockerfile.oid}`,
      ...(inputs.ignore === undefined ? [] : [`ignore ${escapePath(inputs.ignore.path)}\t${inputs.ignore.oid}`]),
      ...folders.map((path) => `folder ${escapePath(path)}`),
      ...platforms.map((platform) => `platform ${escapePath(platform)}`),
      ...(image.target === undefined ? [] : [`target ${escapePath(image.target)}`]),
      ...(whole === undefined
        ? this.#files([...new Set([...(files ?? []), ...besides])])
        : [whole.line, ...this.#files(besides.filter((entry) => !inputs.view.sees(entry)))]),
    ].sort();
    const all = [version, ...lines];
    return {
      key: digest(all),
      lines: all,
      contextLines: whole?.lines ?? [],
      unresolvedBases: bases.unresolved,
      notes: [...notes, ...bases.notes],
    };
  }

  #context(view: ImageInputs['view']): { readonly line: string; readonly lines: readonly string[] } {
    const known = this.#contexts.get(view);
    if (known !== undefined) return known;
    const lines = this.#files([...view.all]).sort();
    const made = { line: `whole-context ${digest(lines)}\t${lines.length}`, lines };
    this.#contexts.set(view, made);
    return made;
  }

  /** In the tree's order, which is nearly that of the lines, so that sorting them costs little. */
  #files(entries: TreeEntry[]): string[] {
    return entries.sort((a, b) => a.index - b.index).map((entry) => this.#line(entry));
  }

  #line(entry: TreeEntry): string {
    const known = this.#lines.get(entry);
    if (known !== undefined) return known;
    const line = `file ${escapePath(entry.path)}\t${entry.mode} ${entry.oid}`;
    this.#lines.set(entry, line);
    return line;
  }
}

/** How the catalog says what the image is made from: two declarations never share an image. */
function declaration(inputs: CatalogImage['inputs']): readonly string[] {
  const globs = (all: readonly string[]): readonly string[] => all.map((glob) => `inputs paths\t${escapePath(glob)}`);
  switch (inputs.kind) {
    case 'dockerfile':
    case 'context':
      return [`inputs ${inputs.kind}`];
    case 'go':
      return [`inputs go\t${escapePath(inputs.mainPackage)}`, ...globs(inputs.paths)];
    case 'paths':
      return globs(inputs.globs);
  }
}

function baseLines(
  inputs: ImageInputs,
  digests: Digests,
): { readonly lines: readonly string[]; readonly unresolved: readonly string[]; readonly notes: readonly string[] } {
  const lines: string[] = [];
  const unresolved: string[] = [];
  const notes: string[] = [];
  for (const base of inputs.bases) {
    const found = isPinned(base.reference)
      ? { digest: 'pinned', isKnown: true, problem: undefined }
      : digests(base.reference);
    lines.push(baseLine(base, found?.digest ?? 'unresolved'));
    if (found?.isKnown === true) continue;
    unresolved.push(base.reference);
    const why = found?.problem === undefined ? '' : ` (${found.problem})`;
    notes.push(`the digest of base image ${base.reference} could not be found${why}, so it may have changed`);
  }
  for (const text of inputs.unknownBases) {
    unresolved.push(text);
    lines.push(`base ${escapePath(text)}\tunresolved`);
    notes.push(`base image ${text} is only known to the build, so it may have changed`);
  }
  return { lines, unresolved, notes };
}

function baseLine({ reference, platform }: BaseImage, known: string): string {
  const line = `base ${escapePath(reference)}\t${escapePath(known)}`;
  return platform === undefined ? line : `${line}\t${escapePath(platform)}`;
}

function isPinned(reference: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(reference);
}

function digest(lines: readonly string[]): string {
  const hash = createHash('sha256');
  // In slices: a whole context may be a hundred thousand lines.
  for (let at = 0; at < lines.length; at += 1000) hash.update(`${lines.slice(at, at + 1000).join('\n')}\n`, 'utf8');
  return hash.digest('hex');
}
