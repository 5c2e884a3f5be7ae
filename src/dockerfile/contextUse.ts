import { SourceError } from '../errors';
import { parseImageReference } from '../oci/imageReference';
import { bounds } from '../system/bounds';
import type { BaseConfig, CatalogImage, NamedContext } from '../types';
import { builtConfig } from './builtConfig';
import { parseDockerfile, type Instruction, type ParsedDockerfile } from './instructions';
import { readStages, type BaseConfigs } from './stages';
import { quotedWords } from './tokens';
import { readUse, type DockerfileUse } from './instructionUse';

/**
 * What a Dockerfile takes from its context and from registries, for one image and platform. Pure. Of a text that can't be read it says so,
 * and that everything may be taken; SourceError where it is more than anybody wrote, which a build would not survive either.
 * `baseConfig`: where base images were looked into.
 */
export function dockerfileUse(
  parsed: ParsedDockerfile,
  image: Pick<CatalogImage, 'target' | 'buildArgs' | 'options'>,
  platform: string,
  baseConfig?: BaseConfigs,
): DockerfileUse {
  if (parsed.kind === 'unreadable') return unreadable(parsed.reason);
  const { instructions, escape } = parsed;
  const most = bounds.dockerfile;
  notMore(instructions.length, most.instructions, 'instructions');
  notMore(variablesIn(instructions), most.variables, 'variables in ARG and ENV');
  const contexts = image.options?.buildContexts;
  const settings = {
    buildArgs: knownArguments(image.buildArgs),
    platform,
    baseConfig: baseConfig && throughContexts(baseConfig, contexts),
  };
  const stages = readStages(instructions, escape, settings);
  notMore(stages.stages.length, most.stages, 'stages');
  const evaluated = stages.stages.reduce((sum, stage) => sum + stage.instructions.length, 0);
  notMore(evaluated, most.evaluated, 'instructions with those that ONBUILD adds');
  const use = withNamedContexts(readUse(stages, image.target), byFullName(contexts));
  // https://docs.docker.com/build/buildkit/frontend/: the argument wins over the file.
  const syntax = image.buildArgs['BUILDKIT_SYNTAX'] ?? parsed.syntax;
  if (syntax === undefined || isDockersOwn(syntax)) return use;
  return { ...use, undecided: [...use.undecided, `it is read by another frontend than Docker's: ${syntax}`] };
}

/** The configuration that an image will have, as far as a build on it is concerned; undefined: only its build knows. */
export function builtBaseConfig(
  parsed: ParsedDockerfile,
  image: Pick<CatalogImage, 'target' | 'buildArgs' | 'options'>,
  platform: string,
  baseConfig: BaseConfigs,
): BaseConfig | undefined {
  if (parsed.kind === 'unreadable') return undefined;
  const settings = {
    buildArgs: knownArguments(image.buildArgs),
    platform,
    baseConfig: throughContexts(baseConfig, image.options?.buildContexts),
  };
  return builtConfig(readStages(parsed.instructions, parsed.escape, settings), image.target);
}

type Contexts = Readonly<Record<string, NamedContext>>;

/**
 * The configurations of what named contexts put in the place of base images: of an image its own, of a folder or a repository none, because
 * those set nothing.
 */
export function throughContexts(configs: BaseConfigs, contexts: Contexts | undefined): BaseConfigs {
  const named = byFullName(contexts);
  if (named.size === 0) return configs;
  return (reference, platform) => {
    const context = named.get(spelledOut(reference));
    if (context === undefined) return configs(reference, platform);
    return context.kind === 'image' ? configs(context.reference, platform) : emptyConfig;
  };
}

const emptyConfig: BaseConfig = { env: [], onBuild: [], user: '', workingDir: '' };

/** A named context takes the place of an image of its name: https://docs.docker.com/build/concepts/context/#named-contexts */
function withNamedContexts(use: DockerfileUse, named: ReadonlyMap<string, NamedContext>): DockerfileUse {
  if (named.size === 0) return use;
  const bases = use.bases.flatMap((base) => {
    const context = named.get(spelledOut(base.reference));
    if (context === undefined) return [base];
    return context.kind === 'image' ? [{ ...base, reference: context.reference }] : [];
  });
  return { ...use, bases };
}

function byFullName(contexts: Contexts = {}): ReadonlyMap<string, NamedContext> {
  return new Map(Object.entries(contexts).map(([name, context]) => [spelledOut(name), context]));
}

function spelledOut(reference: string): string {
  if (reference.includes('@')) return reference;
  const { repository, tag } = parseImageReference(reference);
  return `${repository}:${tag}`;
}

/** Reads each Dockerfile text once. */
export class Dockerfiles {
  readonly #parsed = new Map<string, ParsedDockerfile>();

  /** `oid`: the object the text comes from. */
  parse(oid: string, text: string | undefined): ParsedDockerfile {
    const known = this.#parsed.get(oid);
    if (known !== undefined) return known;
    const parsed: ParsedDockerfile =
      text === undefined ? { kind: 'unreadable', reason: 'it is not text' } : parseDockerfile(text);
    this.#parsed.set(oid, parsed);
    return parsed;
  }
}

/** Is a build argument's value filled in at build time (`{{sha}}`)? Such arguments stay out of the content key. */
export function isTemplated(value: string): boolean {
  return value.includes('{{');
}

function notMore(count: number, most: number, what: string): void {
  if (count > most) throw new SourceError(`it has more than ${String(most)} ${what}`);
}

/** Each instruction behind them sees them all, so instructions × variables is the work. */
function variablesIn(instructions: readonly Instruction[]): number {
  return instructions.reduce((sum, instruction) => {
    const { keyword, rest } = instruction.trigger ?? instruction;
    return keyword === 'ARG' || keyword === 'ENV' ? sum + quotedWords(rest).length : sum;
  }, 0);
}

export function knownArguments(buildArgs: Readonly<Record<string, string>>): ReadonlyMap<string, string | undefined> {
  return new Map(Object.entries(buildArgs).map(([name, value]) => [name, isTemplated(value) ? undefined : value]));
}

function unreadable(reason: string): DockerfileUse {
  return {
    sources: [],
    everything: 'no',
    undecided: [reason],
    bases: [],
    unknownBases: ['of a Dockerfile that can not be read'],
    runs: [],
    environment: [],
    notes: [],
  };
}

/** https://docs.docker.com/build/buildkit/frontend/: other frontends may read the file in their own way. */
function isDockersOwn(syntax: string): boolean {
  return /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/.test(syntax);
}
