import { SourceError } from '../errors';
import type { CatalogImage } from '../types';
import { ContextView } from './dockerfile/contextView';
import { readIgnoreRules } from './dockerfile/ignoreRules';
import type { BaseImage, DockerfileUse } from './dockerfile/useTypes';
import { Dockerfiles, dockerfileUse } from './dockerfileInputs';
import type { GitTree, TreeEntry } from './gitTree';
import { GoInputs, type GoImage } from './golang/goInputs';
import { ParsedFiles } from './golang/parsedFiles';
import { normalise } from './dockerfile/stagePath';
import { Texts } from './tree/texts';

/** Everything from git, and every base image, that decides the bits of one image. */
export interface ImageInputs {
  readonly image: CatalogImage;
  readonly dockerfile: TreeEntry;
  /** The .dockerignore in force. */
  readonly ignore: TreeEntry | undefined;
  readonly view: ContextView;
  readonly bases: readonly BaseImage[];
  /** Base images whose names only the build knows. */
  readonly unknownBases: readonly string[];
  /** Made when asked for: hundreds of images with thousands of files each need not be in memory together. */
  readonly files: () => InputFiles;
}

export interface InputFiles {
  /** Undefined: `view.all`, the whole context. */
  readonly files: ReadonlySet<TreeEntry> | undefined;
  readonly notes: readonly string[];
}

/** One context with its ignore rules, shared by every image that is built from it. */
interface Context {
  readonly view: ContextView;
  readonly go: GoInputs;
  readonly problem: string | undefined;
}

interface Draft {
  readonly image: CatalogImage;
  readonly dockerfile: TreeEntry;
  readonly ignore: TreeEntry | undefined;
}

/** Finds the inputs of images in one tree. Whatever images have in common is read and decided once. */
export class InputReader {
  readonly #tree: GitTree;
  readonly #texts: Texts;
  readonly #dockerfiles = new Dockerfiles();
  readonly #parsed: ParsedFiles;
  readonly #contexts = new Map<string, Context>();

  constructor(tree: GitTree) {
    this.#tree = tree;
    this.#texts = new Texts(tree);
    this.#parsed = new ParsedFiles(tree);
  }

  /** SourceError when an image has no Dockerfile; with `skipMissing` it is left out instead. */
  async read(
    images: readonly CatalogImage[],
    platforms: readonly string[],
    skipMissing: boolean,
  ): Promise<readonly ImageInputs[]> {
    const drafts: Draft[] = [];
    for (const image of images) {
      const dockerfile = this.#tree.entry(normalise(image.dockerfile));
      if (dockerfile === undefined && !skipMissing) throw missingDockerfile(image, this.#tree);
      if (dockerfile !== undefined) drafts.push({ image, dockerfile, ignore: this.#ignoreFile(image) });
    }
    await this.#texts.load(drafts.flatMap(({ dockerfile, ignore }) => [dockerfile, ...(ignore ? [ignore] : [])]));
    const analysed = [];
    for (const draft of drafts) analysed.push(await this.#analyse(draft, platforms));
    for (const context of this.#contexts.values()) {
      await context.go.expand(analysed.filter((one) => one.context === context).flatMap((one) => one.go));
    }
    return analysed.map(({ uses, go, context, ...draft }) => ({
      ...draft,
      view: context.view,
      bases: [...new Map(uses.flatMap((use) => use.bases).map((base) => [JSON.stringify(base), base])).values()],
      unknownBases: [...new Set(uses.flatMap((use) => use.unknownBases))],
      files: () => inputFiles({ uses, go, context, ...draft }),
    }));
  }

  /** `<Dockerfile>.dockerignore` comes first: https://docs.docker.com/build/concepts/context/#filename-and-location */
  #ignoreFile(image: CatalogImage): TreeEntry | undefined {
    const own = this.#tree.entry(`${normalise(image.dockerfile)}.dockerignore`);
    return own ?? this.#tree.entry(normalise(`${image.context}/.dockerignore`));
  }

  async #analyse(draft: Draft, platforms: readonly string[]): Promise<Analysed> {
    const { image, dockerfile, ignore } = draft;
    const context = await this.#context(image.context, ignore);
    const parsed = this.#dockerfiles.parse(dockerfile.oid, await this.#texts.of(dockerfile));
    const uses = platforms.map((platform) => dockerfileUse(parsed, image, platform));
    const go: GoImage[] = [];
    if (image.inputs.kind === 'go') {
      const folder = normalise(image.inputs.mainPackage);
      for (const [index, use] of uses.entries()) {
        if (use.everything !== 'image') go.push(await context.go.analyse(folder, use, platforms[index] ?? ''));
      }
    }
    return { ...draft, context, uses, go };
  }

  async #context(folder: string, ignore: TreeEntry | undefined): Promise<Context> {
    const key = `${normalise(folder)}\0${ignore?.oid ?? ''}`;
    const known = this.#contexts.get(key);
    if (known !== undefined) return known;
    const text = ignore === undefined ? undefined : await this.#texts.of(ignore);
    const rules = text === undefined ? undefined : readIgnoreRules(text);
    const view = new ContextView(this.#tree, folder, typeof rules === 'string' ? undefined : rules);
    const problem = typeof rules === 'string' ? `${ignore?.path ?? ''} is not heeded: ${rules}` : undefined;
    const context = { view, go: new GoInputs(view, this.#texts, this.#parsed), problem };
    this.#contexts.set(key, context);
    return context;
  }
}

/** Reasons that a note lists. */
const shown = 5;

interface Analysed extends Draft {
  readonly context: Context;
  readonly uses: readonly DockerfileUse[];
  /** One for each platform, where the image is Go. */
  readonly go: readonly GoImage[];
}

function inputFiles({ image, context, uses, go }: Analysed): InputFiles {
  const { view } = context;
  const notes = new Set(uses.flatMap((use) => use.notes));
  if (context.problem !== undefined) notes.add(context.problem);
  const reasons = new Set(wholeContextReasons(image, uses, go));
  let files: Set<TreeEntry> | undefined;
  if (reasons.size > 0) {
    for (const reason of [...reasons].slice(0, shown)) notes.add(`the whole context is an input: ${reason}`);
    if (reasons.size > shown) notes.add(`… and ${reasons.size - shown} more reasons`);
  } else if (image.inputs.kind !== 'dockerfile' || uses.every((use) => use.everything === 'no')) {
    files = new Set(uses.flatMap((use) => use.sources).flatMap((source) => view.source(source.path)));
    if (image.inputs.kind === 'go') for (const entry of globbed(view, image.inputs.paths, notes)) files.add(entry);
    if (image.inputs.kind === 'paths') {
      const found = globbed(view, image.inputs.globs, notes);
      if (found.length === 0) notes.add('inputs.paths matches no file');
      for (const entry of found) files.add(entry);
      if (uses.some((use) => use.everything === 'image')) {
        notes.add(`${image.dockerfile} copies files into the image that inputs.paths leaves out`);
      }
    }
    for (const one of go) {
      const found = context.go.files(one);
      for (const entry of found.files) files.add(entry);
      for (const path of found.unreadable) notes.add(`${path} can't be read as Go: all of its folder is an input`);
    }
  }
  for (const entry of files ?? view.all) {
    if (entry.mode === '160000') notes.add(`${entry.path} is a submodule: the build sees an empty folder`);
  }
  return { files, notes: [...notes] };
}

/** Why more can't be said than that everything counts; none: `COPY . .` of a plain image is no doubt, but its meaning. */
function wholeContextReasons(
  image: CatalogImage,
  uses: readonly DockerfileUse[],
  go: readonly GoImage[],
): readonly string[] {
  const undecided = uses.flatMap((use) => use.undecided.map((reason) => `${image.dockerfile}, ${reason}`));
  if (image.inputs.kind !== 'go') return undecided;
  const inImage = uses.some((use) => use.everything === 'image')
    ? [`${image.dockerfile} copies all of it into the image itself, not only into a stage that builds`]
    : [];
  const open = go.flatMap((one) => one.undecided.map((reason) => `${image.dockerfile}, ${reason}`));
  return [...undecided, ...inImage, ...open];
}

/** Patterns of `inputs.paths` read as those of a .dockerignore do, so `!` takes back. */
function globbed(view: ContextView, globs: readonly string[], notes: Set<string>): readonly TreeEntry[] {
  if (globs.length === 0) return [];
  const rules = readIgnoreRules(globs.join('\n'));
  if (typeof rules === 'string') {
    notes.add(`the whole context is an input: inputs.paths, ${rules}`);
    return view.all;
  }
  const others = new ContextView(view.tree, '', rules);
  const found = view.all.filter((entry) => !others.sees(entry));
  return found;
}

function missingDockerfile(image: CatalogImage, tree: GitTree): SourceError {
  return new SourceError(
    `The image "${image.name}" has no Dockerfile at ${image.dockerfile} in ${tree.label}. ` +
      `Correct \`dockerfile\` in the catalog, or commit the file.`,
  );
}
