import type { BaseConfig } from '../types';
import { expand } from './expand';
import type { Lookup } from './wordLexer';
import { parseDockerfile, type Instruction } from './instructions';
import { builderArguments, declare, type GivenVariables, type Globals } from './variables';

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

/** What a build gets from outside, and what is known of its base images. */
export interface BuildSettings extends GivenVariables {
  /** What base images set and do by themselves, where somebody looked. */
  readonly baseConfig?: BaseConfigs | undefined;
}

/** Gives the configuration of a base image for a platform (undefined: only the builder knows which); undefined: nobody could tell. */
export type BaseConfigs = (reference: string, platform: string | undefined) => BaseConfig | undefined;

/** Stages in the file's order, and the ARGs before the first of them. */
export interface Stages extends Globals {
  readonly stages: readonly Stage[];
  readonly settings: BuildSettings;
  readonly escape: string;
  /** The first instruction that is before every FROM and is not an ARG. */
  readonly misplaced: Instruction | undefined;
}

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
