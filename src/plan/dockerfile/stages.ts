import { expand, type Lookup } from './expand';
import type { Instruction } from './instructions';
import { assignments, splitFlags } from './words';

/** What a stage starts from. */
export type Base =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'image'; readonly reference: string; readonly platform: string | undefined }
  /** Its name can't be known before the build. */
  | { readonly kind: 'unknown'; readonly text: string };

export interface Stage {
  readonly index: number;
  /** Lower case, as stage names are compared. */
  readonly name: string | undefined;
  readonly base: Base;
  readonly instructions: readonly Instruction[];
  readonly line: number;
}

/** What a build is told from outside: `--build-arg` and the platform it is for. */
export interface BuildSettings {
  /** Undefined value: templated, so it is only known when the image is built. */
  readonly buildArgs: ReadonlyMap<string, string | undefined>;
  /** `linux/arm64/v8` */
  readonly platform: string;
}

/** Stages in the file's order, and the ARGs before the first of them. */
export interface Stages {
  readonly stages: readonly Stage[];
  /** ARG before the first FROM → value; undefined: not known before the build. */
  readonly globals: ReadonlyMap<string, string | undefined>;
}

/** Cuts instructions into stages: https://docs.docker.com/build/building/multi-stage/ */
export function readStages(instructions: readonly Instruction[], settings: BuildSettings): Stages {
  const globals = new Map<string, string | undefined>();
  const lookup: Lookup = (name) =>
    globals.has(name) ? globals.get(name) : (platformArgument(name, settings.platform) ?? unset(name));
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const instruction of instructions) {
    const last = stages.at(-1);
    if (instruction.keyword === 'FROM') stages.push(openStage(instruction, stages, lookup));
    else if (last !== undefined) last.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') declare(globals, instruction.rest, settings, lookup);
  }
  return { stages, globals };
}

function openStage(
  from: Instruction,
  before: readonly Stage[],
  lookup: Lookup,
): Stage & { readonly instructions: Instruction[] } {
  const { flags, rest } = splitFlags(from.rest);
  const [image = '', as = '', name = ''] = rest.split(/\s+/);
  const platform = flags.find((flag) => flag.name === 'platform')?.value;
  return {
    index: before.length,
    name: as.toLowerCase() === 'as' && name !== '' ? name.toLowerCase() : undefined,
    base: readBase(image, platform, before, lookup),
    instructions: [],
    line: from.line,
  };
}

function readBase(image: string, platform: string | undefined, before: readonly Stage[], lookup: Lookup): Base {
  const reference = expand(image, lookup);
  if (reference === undefined || reference === '') return { kind: 'unknown', text: image };
  const stage = findStage(before, reference, false);
  if (stage !== undefined) return { kind: 'stage', index: stage.index };
  if (reference === 'scratch') return { kind: 'scratch' };
  return {
    kind: 'image',
    reference,
    // BUILDPLATFORM is the builder's own and stays a word; the index digest of the reference covers every platform.
    platform: platform === undefined ? undefined : (expand(platform, lookup) ?? platform),
  };
}

/** A stage by name or, where that is allowed (not in FROM), by number; the latest of a name counts. */
export function findStage(stages: readonly Stage[], name: string, byNumber = true): Stage | undefined {
  const wanted = name.toLowerCase();
  const named = stages.findLast((stage) => stage.name === wanted);
  if (named !== undefined || !byNumber || !/^\d{1,6}$/.test(name)) return named;
  return stages[Number(name)];
}

/** ARG: what the build is told wins over the default written here. */
export function declare(
  values: Map<string, string | undefined>,
  rest: string,
  settings: BuildSettings,
  lookup: Lookup,
  inherited: ReadonlyMap<string, string | undefined> = new Map(),
): void {
  for (const { name, value } of assignments(rest)) {
    if (settings.buildArgs.has(name)) values.set(name, settings.buildArgs.get(name));
    else if (value !== undefined) values.set(name, expand(value, lookup));
    else if (inherited.has(name)) values.set(name, inherited.get(name));
    else values.set(name, platformArgument(name, settings.platform) ?? unset(name));
  }
}

/** https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
function platformArgument(name: string, platform: string): string | undefined {
  const [os, architecture, variant] = platform.split('/');
  if (name === 'TARGETPLATFORM') return platform;
  if (name === 'TARGETOS') return os;
  if (name === 'TARGETARCH') return architecture;
  if (name === 'TARGETVARIANT') return variant ?? '';
  return undefined;
}

/** A declared argument without any value is empty, but for those that only the builder knows. */
function unset(name: string): string | undefined {
  return /^(BUILD(PLATFORM|OS|ARCH|VARIANT)|TARGETSTAGE|HTTPS?_PROXY|FTP_PROXY|NO_PROXY|ALL_PROXY)$/i.test(name)
    ? undefined
    : '';
}
