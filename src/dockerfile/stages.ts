import type { BaseConfig } from '../types';
import { expand, expandPartly, type Lookup } from './expand';
import { parseDockerfile, type Instruction } from './instructions';
import { assignments, envAssignments } from './tokens';

/** What a stage starts from. */
export type Base =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'stage'; readonly index: number }
  | {
      readonly kind: 'image';
      readonly reference: string;
      readonly platform: string | undefined;
      /** undefined: it was not looked up; `unknown`: nobody could tell. */
      readonly config?: BaseConfig | 'unknown' | undefined;
    }
  /** Its name can't be known before the build. */
  | { readonly kind: 'unknown'; readonly text: string };

export interface Stage {
  readonly index: number;
  /** Lower case, as stage names are compared. */
  readonly name: string | undefined;
  /** `builder` as written, or the number of the stage where it has no name. */
  readonly label: string;
  readonly base: Base;
  /** What ONBUILD of the stage it starts from sets off comes first. */
  readonly instructions: readonly Instruction[];
  readonly from: Instruction;
}

/** What a build gets from outside: `--build-arg` and the platform it is for. */
export interface BuildSettings {
  /** Undefined value: templated, so it is only known when the image is built. */
  readonly buildArgs: ReadonlyMap<string, string | undefined>;
  /** `linux/arm64/v8`; undefined: any. */
  readonly platform: string | undefined;
  /** What base images set and do by themselves, where somebody looked. */
  readonly baseConfig?: BaseConfigs | undefined;
}

/** Gives the configuration of a base image for a platform (undefined: only the builder knows which); undefined: nobody could tell. */
export type BaseConfigs = (reference: string, platform: string | undefined) => BaseConfig | undefined;

/** Stages in the file's order, and the ARGs before the first of them. */
export interface Stages {
  readonly stages: readonly Stage[];
  /** ARG before the first FROM, and what the builder declares by itself; undefined: not known before the build. */
  readonly globals: Values;
  readonly settings: BuildSettings;
  readonly escape: string;
  /** The first instruction that stands before every FROM and is not an ARG. */
  readonly misplaced: Instruction | undefined;
}

export type Values = ReadonlyMap<string, string | undefined>;

/** Cuts instructions into stages: https://docs.docker.com/build/building/multi-stage/ */
export function readStages(instructions: readonly Instruction[], escape: string, settings: BuildSettings): Stages {
  const globals = new Map(builderArguments(settings));
  const lookup: Lookup = (name) => (globals.has(name) ? globals.get(name) : null);
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  let misplaced: Instruction | undefined;
  for (const instruction of instructions) {
    const last = stages.at(-1);
    if (instruction.keyword === 'FROM') {
      const base = readBase(instruction, stages, lookup, escape, settings);
      const parent = base.kind === 'stage' ? (stages[base.index]?.instructions ?? []) : [];
      const { name, label } = nameOf(instruction, stages.length);
      stages.push({
        index: stages.length,
        name,
        label,
        base,
        instructions: [...parent.flatMap(({ trigger }) => trigger ?? []), ...triggersOf(base, instruction)],
        from: instruction,
      });
    } else if (last !== undefined) last.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') declare(globals, instruction.rest, settings, lookup, escape);
    else misplaced ??= instruction;
  }
  return { stages, globals, settings, escape, misplaced };
}

/** What ONBUILD of the base image sets off, at the line of its FROM. One that can't be read is an instruction that nobody knows. */
function triggersOf(base: Base, { line }: Instruction): readonly Instruction[] {
  if (base.kind !== 'image' || typeof base.config !== 'object') return [];
  return base.config.onBuild.flatMap((text) => {
    const parsed = parseDockerfile(text);
    const found = parsed.kind === 'parsed' ? parsed.instructions : [];
    return found.map((instruction) => ({ ...instruction, line, offset: undefined, trigger: undefined }));
  });
}

function nameOf({ rest }: Instruction, index: number): { readonly name: string | undefined; readonly label: string } {
  const [, as = '', name = ''] = rest.split(/[\t\v\f\r ]+/);
  const named = as.toLowerCase() === 'as' && name !== '';
  return named ? { name: name.toLowerCase(), label: name } : { name: undefined, label: String(index) };
}

function readBase(
  from: Instruction,
  before: readonly Stage[],
  lookup: Lookup,
  escape: string,
  { baseConfig: configs, platform: target }: BuildSettings,
): Base {
  const [image = ''] = from.rest.split(/[\t\v\f\r ]+/, 1);
  const reference = expand(image, lookup, escape);
  if (reference === undefined || reference === '') return { kind: 'unknown', text: image };
  const stage = findStage(before, reference, false);
  if (stage !== undefined) return { kind: 'stage', index: stage.index };
  if (reference === 'scratch') return { kind: 'scratch' };
  const written = from.flags.find((flag) => flag.name === 'platform')?.value;
  // BUILDPLATFORM is the builder's own and stays a word; the index digest of the reference covers every platform.
  const platform = written === undefined ? undefined : (expand(written, lookup, escape) ?? written);
  // In a word that only the builder knows, a `$` is left.
  const known = platform?.includes('$') === true ? undefined : (platform ?? target);
  const config = configs === undefined ? undefined : (configs(reference, known) ?? 'unknown');
  return { kind: 'image', reference, platform, config };
}

/** A stage by name or, where that is allowed (not in FROM), by number; the latest of a name counts. */
export function findStage(stages: readonly Stage[], name: string, byNumber = true): Stage | undefined {
  const wanted = name.toLowerCase();
  const named = stages.findLast((stage) => stage.name === wanted);
  if (named !== undefined || !byNumber || !/^\+?\d{1,6}$/.test(name)) return named;
  return stages[Number(name)];
}

/** Where COPY --from or a mount reads: the context, a stage, an image of another name, or something only the build knows. */
export type Origin =
  | { readonly kind: 'context' | 'scratch' }
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'unknown'; readonly text: string };

/** Resolves a `from`, in which BuildKit knows no variables. Only stages before this one can be meant. */
export function originOf(from: string, stages: readonly Stage[], before: number): Origin {
  if (from === '') return { kind: 'context' };
  const name = expand(from, () => undefined);
  if (name === undefined || name === '') return { kind: 'unknown', text: from };
  const stage = findStage(stages.slice(0, before), name);
  if (stage !== undefined) return { kind: 'stage', index: stage.index };
  return name === 'scratch' ? { kind: 'scratch' } : { kind: 'image', reference: name };
}

/** May a variable that the Dockerfile does not set come from a base image, which isn't looked into? */
export type Foreign = (name: string, hasDefault: boolean) => boolean;

/**
 * Any may; but of one that is declared before the first FROM and used without being declared again, an oversight is far more
 * likely than a base image that sets it, unless it is what base images do set.
 */
export function foreignVariables({ globals, settings }: Stages): Foreign {
  const builders = builderArguments(settings);
  return (name) => !globals.has(name) || builders.has(name) || /VERSION|PATH$/.test(name);
}

/** The variables of one stage, as its instructions change them. */
export class Scope {
  readonly #values: Map<string, string | undefined>;
  /** Those that ENV set, which become part of the image. */
  readonly #env: Map<string, string | undefined>;
  #foreign: Foreign;
  /** Was a variable set whose name is not known? */
  #isOpen: boolean;
  readonly #escape: string;

  /** `env`: of the base image, where a stage starts from one. */
  constructor(parent: Scope | undefined, foreign: Foreign, escape: string, env: BaseConfig['env'] = []) {
    this.#values = new Map(parent === undefined ? env : parent.#values);
    this.#env = new Map(parent === undefined ? env : parent.#env);
    this.#foreign = parent === undefined ? foreign : parent.#foreign;
    this.#isOpen = parent !== undefined && parent.#isOpen;
    this.#escape = escape;
  }

  /** What a stage starts with that starts from this one's end: ARGs too, but ENV has the last word, that of a base image as well. */
  inherited(): Scope {
    const scope = this.frozen();
    for (const name of this.#values.keys()) {
      if (name === 'PATH' || (this.#foreign(name, false) && /VERSION|PATH$/.test(name)))
        scope.#values.set(name, undefined);
    }
    for (const [name, value] of this.#env) scope.#values.set(name, value);
    return scope;
  }

  readonly lookup: Lookup = (name, hasDefault = false) => {
    if (this.#values.has(name)) return this.#values.get(name);
    return name === 'PATH' || this.#foreign(name, hasDefault) ? undefined : null;
  };

  /** What the Dockerfile itself sets; null: nothing. */
  readonly own: Lookup = (name) => (this.#values.has(name) ? this.#values.get(name) : null);

  readonly expand = (word: string): string | undefined => expand(word, this.lookup, this.#escape);

  /** With `unknownPart` for what only the build knows. */
  readonly expandPartly = (word: string): string | undefined => expandPartly(word, this.lookup, this.#escape);

  /** What has become part of the image; undefined: the value of one is only known to the build. */
  environment(): BaseConfig['env'] | undefined {
    const all = [...this.#env].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    return all.length === this.#env.size && !this.#isOpen ? all : undefined;
  }

  /** As things stand now; what later instructions change does not reach back. */
  frozen(): Scope {
    return new Scope(this, this.#foreign, this.#escape);
  }

  arg(rest: string, { settings, globals }: Stages): readonly (readonly [string, string | undefined])[] {
    return declare(this.#values, rest, settings, this.lookup, this.#escape, globals);
  }

  /** Gives what was set. */
  env(rest: string): readonly (readonly [string, string | undefined])[] {
    // All of one ENV see the values from before it.
    const set = envAssignments(rest, this.#escape).map(
      ({ name, value = '' }) => [this.expand(name), this.expand(value)] as const,
    );
    for (const [name, value] of set) {
      if (name !== undefined) {
        this.#values.set(name, value);
        this.#env.set(name, value);
      } else {
        // Any variable may have changed.
        this.#values.clear();
        this.#foreign = () => true;
        this.#isOpen = true;
      }
    }
    return set.flatMap(([name, value]) => (name === undefined ? [] : [[name, value] as const]));
  }
}

/**
 * ARG: what `--build-arg` says wins over the default written here, that over an ARG before the first FROM; without any of them
 * nothing changes. Each sees those before it. Gives what was set.
 */
function declare(
  values: Map<string, string | undefined>,
  rest: string,
  settings: BuildSettings,
  lookup: Lookup,
  escape: string,
  globals: Values = new Map(),
): readonly (readonly [string, string | undefined])[] {
  const set: (readonly [string, string | undefined])[] = [];
  for (const { name, value } of assignments(rest, escape)) {
    if (settings.buildArgs.has(name)) set.push([name, settings.buildArgs.get(name)]);
    // The engine's client passes these on by itself.
    else if (/^((HTTPS?|FTP|NO|ALL)_PROXY|SOURCE_DATE_EPOCH)$/i.test(name)) set.push([name, undefined]);
    else if (value !== undefined) set.push([name, expand(value, lookup, escape)]);
    else if (globals.has(name)) set.push([name, globals.get(name)]);
    else continue;
    values.set(...(set.at(-1) ?? ['', undefined]));
  }
  return set;
}

/** https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
function builderArguments({ platform, buildArgs }: BuildSettings): Values {
  const [os, architecture, variant = ''] = platform?.split('/') ?? [];
  const known: readonly (readonly [string, string | undefined])[] = [
    ...['PLATFORM', 'OS', 'OSVERSION', 'ARCH', 'VARIANT'].map((name) => [`BUILD${name}`, undefined] as const),
    ['TARGETPLATFORM', platform],
    ['TARGETOS', os],
    ['TARGETOSVERSION', undefined],
    ['TARGETARCH', architecture],
    ['TARGETVARIANT', platform === undefined ? undefined : variant],
    ['TARGETSTAGE', undefined],
  ];
  return new Map(known.map(([name, value]) => [name, buildArgs.has(name) ? buildArgs.get(name) : value]));
}
