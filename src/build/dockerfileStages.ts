import { words, type DockerfileLines, type Instruction } from './dockerfileLines';
import { expand, type Variables } from './dockerfileVariables';

export interface Stage {
  /** `builder`, or the number of the stage where it has no name. */
  readonly label: string;
  readonly line: number;
  /** The stage it starts from; undefined: an image from outside. */
  readonly parent: number | undefined;
  /** The image from outside that the chain of stages starts from. */
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

export interface Stages {
  readonly stages: readonly Stage[];
  /** Index of the stage that becomes the image. */
  readonly target: number;
  /** `ARG`s before the first `FROM`, with the build's arguments. */
  readonly globals: Variables;
}

/**
 * The stages of a Dockerfile, with what each starts from. A text instead: why that can't be told (the build will say more).
 * https://docs.docker.com/reference/dockerfile/#from
 */
export function readStages(
  lines: DockerfileLines,
  target: string | undefined,
  buildArgs: Readonly<Record<string, string>>,
): Stages | string {
  if (lines.problem !== undefined) return lines.problem;
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  const globals = new Map<string, string | undefined>();
  for (const instruction of lines.instructions) {
    const current = stages.at(-1);
    if (instruction.keyword === 'FROM') {
      const [reference = '', as, name] = words(instruction.text).filter((word) => !word.startsWith('--'));
      const base = expand(reference, globals) ?? outside(reference);
      if (base === undefined) return `line ${instruction.line}: ${reference} can't be resolved`;
      const parent = findStage(stages, base);
      stages.push({
        label: as?.toLowerCase() === 'as' && name !== undefined ? name : String(stages.length),
        line: instruction.line,
        parent,
        base: parent === undefined ? base : (stages[parent]?.base ?? base),
        instructions: [],
      });
    } else if (current !== undefined) {
      current.instructions.push(instruction);
    } else if (instruction.keyword === 'ARG') {
      for (const [key, value] of argumentsOf(instruction, globals, buildArgs)) globals.set(key, value);
    } else {
      return `line ${instruction.line}: ${instruction.keyword} before FROM`;
    }
  }
  const last = stages.length - 1;
  const index = target === undefined ? last : (findStage(stages, target) ?? stageNumber(target, stages.length));
  if (index === undefined || index < 0) return target === undefined ? 'no FROM' : `no stage ${target}`;
  return { stages, target: index, globals };
}

/** Index of the stage that `--from` names, by name or number; undefined: it is an image or a context from outside. */
export function referredStage(stages: readonly Stage[], from: string): number | undefined {
  return findStage(stages, from) ?? stageNumber(from, stages.length);
}

/** What an `ARG` declares: the build's argument, else its default; undefined where neither is known. */
export function argumentsOf(
  { text }: Instruction,
  known: Variables,
  buildArgs: Readonly<Record<string, string>>,
): readonly (readonly [string, string | undefined])[] {
  return words(text).map((word) => {
    const equals = word.indexOf('=');
    const name = equals === -1 ? word : word.slice(0, equals);
    if (Object.hasOwn(buildArgs, name)) return [name, buildArgs[name]];
    return [name, equals === -1 ? known.get(name) : expand(word.slice(equals + 1), known)];
  });
}

/** A stage's name has no colon and no slash: with one of them it is an image from outside, whatever its variables hold. */
function outside(reference: string): string | undefined {
  const literal = reference.replaceAll(/\$\{[^{}$]*\}/g, '');
  return /[:/]/.test(literal) && !literal.includes('{') ? reference : undefined;
}

/** Names are compared without case; a later stage hides an earlier one of the same name. */
function findStage(stages: readonly Stage[], name: string): number | undefined {
  const found = stages.findLastIndex(({ label }) => !/^\d+$/.test(label) && label.toLowerCase() === name.toLowerCase());
  return found === -1 ? undefined : found;
}

function stageNumber(text: string, count: number): number | undefined {
  return /^\d{1,4}$/.test(text) && Number(text) < count ? Number(text) : undefined;
}
