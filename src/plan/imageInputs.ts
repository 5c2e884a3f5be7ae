import { CatalogError, SourceError } from '../errors';
import type { CatalogImage } from '../types';
import { ContextView } from '../dockerfile/contextView';
import { readBaseConfigs, type AskBaseConfig } from './baseConfigs';
import type { OwnImage } from './ownBases';
import {
  missingDockerfiles,
  missingFolders,
  unlistedMounts,
  unmatchedSources,
  unusedArguments,
  type CatalogMistake,
  type PositionOf,
} from './mistakes';
import { inputFiles, type Context, type Findings, type InputFiles } from './inputFiles';
import { readIgnoreRules } from '../dockerfile/ignoreRules';
import type { ParsedDockerfile } from '../dockerfile/instructions';
import type { BaseConfigs } from '../dockerfile/stages';
import type { BaseImage, DockerfileUse } from '../dockerfile/instructionUse';
import { builtBaseConfig, Dockerfiles, dockerfileUse } from '../dockerfile/contextUse';
import type { GitTree, TreeEntry } from '../git/gitTree';
import { GoInputs, type GoImage } from '../golang/goInputs';
import { ParsedFiles } from '../golang/parsedFiles';
import { normalise } from '../system/pathText';
import { containedPath } from '../git/links';
import { Texts } from '../git/texts';

/** Everything from git, and every base image, that decides the bits of one image. */
export interface ImageInputs {
  readonly image: CatalogImage;
  readonly dockerfile: TreeEntry;
  /** The .dockerignore in force. */
  readonly ignore: TreeEntry | undefined;
  readonly view: ContextView;
  readonly bases: readonly BaseImage[];
  /** Other contexts of the image that are folders of the repository. */
  readonly named: readonly NamedFolder[];
  /** Base images whose names only the build knows. */
  readonly unknownBases: readonly string[];
  /** Made when asked for: hundreds of images with thousands of files each need not be in memory together. */
  readonly files: () => InputFiles;
}

/** A folder that the Dockerfile can name as a context; each of its files counts. */
interface NamedFolder {
  readonly name: string;
  /** Where the catalog names a link, what that leads to. */
  readonly folder: string;
  readonly files: readonly TreeEntry[];
}

interface Draft {
  readonly image: CatalogImage;
  readonly dockerfile: TreeEntry;
  readonly ignore: TreeEntry | undefined;
}

/** As KeyOptions has them. */
interface ReaderOptions {
  readonly positionOf?: PositionOf | undefined;
  /** undefined: nobody looks into base images. */
  readonly baseConfig?: AskBaseConfig | undefined;
  readonly ownImage?: OwnImage | undefined;
}

type ParsedDraft = Draft & { readonly parsed: ParsedDockerfile };

/** Finds the inputs of images in one tree. Whatever images have in common is read and decided once. */
export class InputReader {
  readonly #tree: GitTree;
  readonly #positionOf: PositionOf;
  readonly #askBaseConfig: AskBaseConfig | undefined;
  readonly #ownImage: OwnImage | undefined;
  readonly #texts: Texts;
  readonly #dockerfiles = new Dockerfiles();
  readonly #parsed: ParsedFiles;
  readonly #contexts = new Map<string, Context>();

  constructor(tree: GitTree, { positionOf, baseConfig, ownImage }: ReaderOptions) {
    this.#tree = tree;
    this.#positionOf = positionOf ?? (() => undefined);
    this.#askBaseConfig = baseConfig;
    this.#ownImage = ownImage;
    this.#texts = new Texts(tree);
    this.#parsed = new ParsedFiles(tree);
  }

  /** SourceError when images have no Dockerfile, which names all of them; with `skipMissing` they are left out instead. */
  async read(
    images: readonly CatalogImage[],
    platformsOf: (image: CatalogImage) => readonly string[],
    skipMissing: boolean,
  ): Promise<readonly ImageInputs[]> {
    const drafts: Draft[] = [];
    const missing: CatalogImage[] = [];
    const mistakes: CatalogMistake[] = [];
    for (const image of images) {
      const wrong = missingFolders(image, this.#tree, this.#positionOf);
      mistakes.push(...wrong);
      if (wrong.length > 0) continue;
      const dockerfile = this.#file(image.dockerfile);
      if (dockerfile === undefined) missing.push(image);
      else drafts.push({ image, dockerfile, ignore: this.#ignoreFile(image) });
    }
    if (mistakes.length > 0 && !skipMissing) throw new CatalogError(mistakes);
    if (missing.length > 0 && !skipMissing)
      throw missingDockerfiles(
        missing,
        drafts.map(({ image }) => image),
        this.#tree,
      );
    await this.#texts.load(drafts.flatMap(({ dockerfile, ignore }) => [dockerfile, ...(ignore ? [ignore] : [])]));
    const parsed = await Promise.all(
      drafts.map(async (draft) => ({
        ...draft,
        parsed: this.#dockerfiles.parse(draft.dockerfile.oid, await this.#texts.of(draft.dockerfile)),
      })),
    );
    const usesOf = ({ parsed, image }: ParsedDraft, known?: BaseConfigs): readonly DockerfileUse[] =>
      platformsOf(image).map((platform) => useOf(parsed, image, platform, known));
    const ask = this.#askBaseConfig && this.#withOwn(this.#askBaseConfig, parsed, []);
    const known = ask && (await readBaseConfigs(ask, (sofar) => parsed.flatMap((draft) => usesOf(draft, sofar))));
    const analysed = [];
    for (const draft of parsed)
      analysed.push(await this.#analyse(draft, usesOf(draft, known), platformsOf(draft.image)));
    for (const context of this.#contexts.values()) {
      await context.go.expand(analysed.filter((one) => one.context === context).flatMap((one) => one.go));
    }
    return analysed.map(({ uses, go, context, mistakes: noted, ...draft }) => ({
      ...draft,
      view: context.view,
      named: this.#named(draft.image),
      bases: [...new Map(uses.flatMap((use) => use.bases).map((base) => [JSON.stringify(base), base])).values()],
      unknownBases: [...new Set(uses.flatMap((use) => use.unknownBases))],
      files: () => inputFiles({ uses, go, context, mistakes: noted, ...draft }),
    }));
  }

  /** An image of the catalog is not there yet: what it will be configured to is read from its own Dockerfile. */
  #withOwn(ask: AskBaseConfig, drafts: readonly ParsedDraft[], above: readonly string[]): AskBaseConfig {
    return async (reference, platform) => {
      const name = this.#ownImage?.(reference);
      if (name === undefined) return ask(reference, platform);
      const draft = drafts.find(({ image }) => image.name === name);
      if (draft === undefined || above.includes(name)) return undefined;
      const { parsed, image } = draft;
      const inner = this.#withOwn(ask, drafts, [...above, name]);
      const known = await readBaseConfigs(inner, (sofar) => [dockerfileUse(parsed, image, platform ?? '', sofar)]);
      return builtBaseConfig(parsed, image, platform ?? '', known);
    };
  }

  /** `<Dockerfile>.dockerignore` comes first: https://docs.docker.com/build/concepts/context/#filename-and-location */
  #ignoreFile(image: CatalogImage): TreeEntry | undefined {
    return this.#file(`${image.dockerfile}.dockerignore`) ?? this.#file(`${image.context}/.dockerignore`);
  }

  /** A file of the repository; where it is a link, what that leads to. SourceError: out of the repository. */
  #file(path: string): TreeEntry | undefined {
    return this.#tree.entry(this.#real(path));
  }

  /** No folder of this machine is ever given to a build, whatever links the commit holds. */
  #real(path: string): string {
    const real = containedPath(this.#tree, path);
    if (real !== undefined) return real;
    throw new SourceError(
      `${path} is a link, or is below one, that leads out of the repository in ${this.#tree.label}, so it is not read. ` +
        'Commit the files themselves, or a link to a path within the repository.',
    );
  }

  #named({ options }: CatalogImage): readonly NamedFolder[] {
    return Object.entries(options?.buildContexts ?? {}).flatMap(([name, context]) => {
      if (context.kind !== 'folder') return [];
      const folder = this.#real(context.path);
      return [
        { name, folder: folder === '' ? '.' : folder, files: new ContextView(this.#tree, folder, undefined).all },
      ];
    });
  }

  async #analyse(
    { parsed, ...draft }: ParsedDraft,
    uses: readonly DockerfileUse[],
    platforms: readonly string[],
  ): Promise<Analysed> {
    const { image, ignore } = draft;
    const context = await this.#context(this.#real(image.context), ignore);
    const go: GoImage[] = [];
    if (image.inputs.kind === 'go') {
      const folder = normalise(image.inputs.mainPackage);
      for (const [index, use] of uses.entries()) {
        if (use.everything !== 'image') go.push(await context.go.analyse(folder, use, platforms[index] ?? ''));
      }
    }
    const instructions = parsed.kind === 'unreadable' ? [] : parsed.instructions;
    const mistakes = [
      ...(image.unsetArguments ?? []),
      ...unlistedMounts(image, instructions, this.#positionOf),
      ...unusedArguments(image, instructions, this.#positionOf),
      ...unmatchedSources(image, context.view, uses),
    ];
    return { ...draft, context, uses, go, mistakes };
  }

  async #context(folder: string, ignore: TreeEntry | undefined): Promise<Context> {
    const key = `${folder}\0${ignore?.oid ?? ''}`;
    const known = this.#contexts.get(key);
    if (known !== undefined) return known;
    const text = ignore === undefined ? undefined : await this.#texts.of(ignore);
    const rules = text === undefined ? undefined : readIgnoreRules(text);
    const view = new ContextView(this.#tree, folder, typeof rules === 'string' ? undefined : rules);
    const problem = typeof rules === 'string' ? `${ignore?.path ?? ''} is not used: ${rules}` : undefined;
    const context = { view, go: new GoInputs(view, this.#texts, this.#parsed), problem };
    this.#contexts.set(key, context);
    return context;
  }
}

/** Throws SourceError with the Dockerfile's name. */
function useOf(parsed: ParsedDockerfile, image: CatalogImage, platform: string, known?: BaseConfigs): DockerfileUse {
  try {
    return dockerfileUse(parsed, image, platform, known);
  } catch (thrown) {
    if (!(thrown instanceof SourceError)) throw thrown;
    throw new SourceError(`The Dockerfile ${image.dockerfile} of ${image.name} is not read: ${thrown.message}`);
  }
}

/** A draft, and all that deciding its files needs. */
type Analysed = Draft & Findings;
