import { SourceError } from '../errors';
import type { CatalogImage } from '../types';
import { ContextView } from './dockerfile/contextView';
import { inputFiles, type Context, type Findings, type InputFiles } from './inputFiles';
import { readIgnoreRules } from './dockerfile/ignoreRules';
import type { BaseImage } from './dockerfile/useTypes';
import { Dockerfiles, dockerfileUse } from './dockerfileInputs';
import type { GitTree, TreeEntry } from './gitTree';
import { GoInputs, type GoImage } from './golang/goInputs';
import { ParsedFiles } from './golang/parsedFiles';
import { normalise } from './dockerfile/stagePath';
import { realPath } from './tree/links';
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
      const dockerfile = this.#file(image.dockerfile);
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
    return this.#file(`${image.dockerfile}.dockerignore`) ?? this.#file(`${image.context}/.dockerignore`);
  }

  /** A file of the repository; where it is a link, what that leads to. */
  #file(path: string): TreeEntry | undefined {
    const tree = this.#tree;
    const whole = { tree, folder: '', entry: (name: string) => tree.entry(name), path: (name: string) => name };
    return tree.entry(realPath(whole, normalise(path)).path);
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

/** A draft, and all that deciding its files needs. */
type Analysed = Draft & Findings;

function missingDockerfile(image: CatalogImage, tree: GitTree): SourceError {
  return new SourceError(
    `The image "${image.name}" has no Dockerfile at ${image.dockerfile} in ${tree.label}. ` +
      `Correct \`dockerfile\` in the catalog, or commit the file.`,
  );
}
