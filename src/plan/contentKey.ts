import { createHash } from 'node:crypto';
import { message } from '../errors';
import type { CatalogImage, ContentKey } from '../types';
import type { BaseImage } from './dockerfile/useTypes';
import { isTemplated } from './dockerfileInputs';
import type { GitTree, TreeEntry } from './gitTree';
import { InputReader, type ImageInputs } from './imageInputs';
import { escapePath } from '../system/pathText';

/**
 * Version 1 of the encoding. Lines of text, UTF-8, each ended by a newline; the first is this one, the others are
 * sorted by their UTF-16 code units. Control characters, line separators and bytes that are no UTF-8 are `\xHH`, a
 * backslash is doubled. `⇥` is a tab.
 *
 * | line | meaning |
 * |---|---|
 * | `arg NAME=VALUE` | build argument that is not templated |
 * | `base REFERENCE⇥DIGEST` | base image as written, arguments filled in; DIGEST is `pinned` where the reference has one, `unresolved` where nobody could tell |
 * | `base REFERENCE⇥DIGEST⇥PLATFORM` | the same with `FROM --platform` |
 * | `context FOLDER` | path of the build context, `.` for the top |
 * | `dockerfile PATH⇥OID` | the Dockerfile |
 * | `file PATH⇥MODE OID` | an input: path in the repository, git's mode and object id |
 * | `ignore PATH⇥OID` | the .dockerignore in force |
 * | `platform OS/ARCH` | one line for each |
 * | `target STAGE` | the stage that is built, where the catalog names one |
 * | `whole-context DIGEST⇥COUNT` | instead of `file` lines where every file of the context is an input: sha256 over those lines, encoded and sorted as here, without a first line |
 *
 * Not in it, because no bit of the image before binding depends on it: the commit's id, templated build arguments,
 * digests of bound images, repository names and deploy targets, cache mounts, time.
 */
const version = 'kfp-images content key 1';

/** Gives the digest (`sha256:…`) that a base image's reference has now; undefined or rejected: it can't be told. */
export type BaseDigest = (reference: string) => Promise<string | undefined> | string | undefined;

/** Asks for each reference once, however many key runs (this commit's and the compared one's) need it. */
export function askOnce(baseDigest: BaseDigest): BaseDigest {
  const asked = new Map<string, ReturnType<BaseDigest>>();
  return (reference) => {
    if (!asked.has(reference)) asked.set(reference, baseDigest(reference));
    return asked.get(reference);
  };
}

export interface KeyOptions {
  readonly platforms: readonly string[];
  /** Asked once for each reference that is not pinned. */
  readonly baseDigest: BaseDigest;
  /** Leave out images whose Dockerfile is not there, instead of failing: for a commit that is only compared with. */
  readonly skipMissing?: boolean;
}

/**
 * The content keys of `images` in one tree, by name, in the given order.
 * SourceError: an image has no Dockerfile (unless `skipMissing`), or an object can't be read.
 */
export async function contentKeys(
  images: readonly CatalogImage[],
  tree: GitTree,
  options: KeyOptions,
): Promise<ReadonlyMap<string, ContentKey>> {
  const platforms = [...new Set(options.platforms)].sort();
  const inputs = await new InputReader(tree).read(images, platforms, options.skipMissing === true);
  const digests = await resolveBases(inputs, options.baseDigest);
  const encoder = new Encoder();
  return new Map(inputs.map((one) => [one.image.name, encoder.encode(one, platforms, digests)]));
}

interface Resolved {
  readonly digest: string | undefined;
  readonly problem: string | undefined;
}

async function resolveBases(
  inputs: readonly ImageInputs[],
  baseDigest: BaseDigest,
): Promise<ReadonlyMap<string, Resolved>> {
  const references = new Set(
    inputs.flatMap((one) => one.bases.map((base) => base.reference).filter((reference) => !isPinned(reference))),
  );
  const resolve = async (reference: string): Promise<readonly [string, Resolved]> => {
    try {
      return [reference, { digest: await baseDigest(reference), problem: undefined }];
    } catch (thrown) {
      return [reference, { digest: undefined, problem: message(thrown) }];
    }
  };
  return new Map(await Promise.all([...references].map(resolve)));
}

/** Makes lines; those of files are made once for all images. */
class Encoder {
  readonly #lines = new Map<TreeEntry, string>();
  readonly #contexts = new Map<ImageInputs['view'], { readonly line: string; readonly lines: readonly string[] }>();

  encode(inputs: ImageInputs, platforms: readonly string[], digests: ReadonlyMap<string, Resolved>): ContentKey {
    const { image } = inputs;
    const { files, notes } = inputs.files();
    const whole = files === undefined ? this.#context(inputs.view) : undefined;
    const bases = baseLines(inputs, digests);
    const lines = [
      ...Object.entries(image.buildArgs)
        .filter(([, value]) => !isTemplated(value))
        .map(([name, value]) => `arg ${escapePath(name)}=${escapePath(value)}`),
      ...bases.lines,
      `context ${inputs.view.folder === '' ? '.' : escapePath(inputs.view.folder)}`,
      `dockerfile ${escapePath(inputs.dockerfile.path)}\t${inputs.dockerfile.oid}`,
      ...(inputs.ignore === undefined ? [] : [`ignore ${escapePath(inputs.ignore.path)}\t${inputs.ignore.oid}`]),
      ...platforms.map((platform) => `platform ${escapePath(platform)}`),
      ...(image.target === undefined ? [] : [`target ${escapePath(image.target)}`]),
      ...(whole === undefined ? this.#files([...(files ?? [])]) : [whole.line]),
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

function baseLines(
  inputs: ImageInputs,
  digests: ReadonlyMap<string, Resolved>,
): { readonly lines: readonly string[]; readonly unresolved: readonly string[]; readonly notes: readonly string[] } {
  const lines: string[] = [];
  const unresolved: string[] = [];
  const notes: string[] = [];
  for (const base of inputs.bases) {
    const found = digests.get(base.reference);
    const known = isPinned(base.reference) ? 'pinned' : found?.digest;
    lines.push(baseLine(base, known ?? 'unresolved'));
    if (known !== undefined) continue;
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
