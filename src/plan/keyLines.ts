import { createHash } from 'node:crypto';
import { isTemplated } from '../dockerfile/contextUse';
import type { BaseImage } from '../dockerfile/instructionUse';
import type { TreeEntry } from '../git/gitTree';
import { escapePath, unescapePath } from '../system/pathText';
import type { CatalogImage, ContentKey } from '../types';
import type { ImageInputs } from './imageInputs';
import { optionLines } from './optionLines';

/* The lines of content keys: how they are written, and what they say of base images. buildTree.ts reads which files they name. */

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

/** What is known of a base image; undefined: nobody was asked. */
export type Digests = (reference: string) => Resolved | undefined;

/** The digest of a base image, as far as it is known. */
export interface Resolved {
  readonly digest: string | undefined;
  /** False: the digest says nothing of what it stands for now. */
  readonly isKnown: boolean;
  readonly problem: string | undefined;
}

/** Makes lines; those of files are made once for all images. */
export class KeyEncoder {
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

/** A base image as a content key names it. */
export interface KeyedBase {
  /** As the Dockerfile has it, arguments filled in. */
  readonly reference: string;
  /** `sha256:…`, `pinned` or `unresolved`; of an image of the same set `key:…`. */
  readonly digest: string;
  readonly isOwn: boolean;
  /** That of `FROM --platform`. */
  readonly platform: string | undefined;
}

/** The base images that a content key names, in the order of its lines. */
export function keyedBases({ lines }: Pick<ContentKey, 'lines'>): readonly KeyedBase[] {
  return lines.flatMap((line) => {
    if (!line.startsWith('base ')) return [];
    const [reference = '', digest = '', platform] = line.slice('base '.length).split('\t').map(unescapePath);
    return [{ reference, digest, isOwn: digest.startsWith('key:'), platform }];
  });
}

/** Does a reference have a digest? */
export function isPinned(reference: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(reference);
}

function digest(lines: readonly string[]): string {
  const hash = createHash('sha256');
  // In slices: a whole context may be a hundred thousand lines.
  for (let at = 0; at < lines.length; at += 1000) hash.update(`${lines.slice(at, at + 1000).join('\n')}\n`, 'utf8');
  return hash.digest('hex');
}
