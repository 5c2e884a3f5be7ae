import { posix } from 'node:path';
import { words, type Instruction } from './dockerfileLines';
import { argumentsOf, type Stages } from './dockerfileStages';
import { expand, unquote, type Variables } from './dockerfileVariables';

/** The state in which an instruction of a stage runs. */
export interface StageState {
  readonly instruction: Instruction;
  readonly variables: Variables;
  /** undefined: that of the base image, or not known. */
  readonly workdir: string | undefined;
  /** As written; undefined: that of the base image. */
  readonly user: string | undefined;
}

interface Running {
  readonly variables: Map<string, string | undefined>;
  workdir: string | undefined;
  user: string | undefined;
}

/**
 * For each stage its instructions, each with the variables, working directory and user that hold there, as far as the Dockerfile
 * says. What the stage it starts from has set is kept, except its `ARG`s.
 */
export function walkStages(
  { stages, globals }: Stages,
  buildArgs: Readonly<Record<string, string>>,
): readonly (readonly StageState[])[] {
  const ends: Running[] = [];
  return stages.map(({ parent, instructions }) => {
    const start = parent === undefined ? undefined : ends[parent];
    const environment = new Map(start?.variables);
    const now: Running = { variables: new Map(environment), workdir: start?.workdir, user: start?.user };
    const states = instructions.map((instruction) => {
      const state = { instruction, variables: new Map(now.variables), workdir: now.workdir, user: now.user };
      apply(instruction, now, environment, globals, buildArgs);
      return state;
    });
    ends.push({ ...now, variables: environment });
    return states;
  });
}

function apply(
  instruction: Instruction,
  now: Running,
  environment: Map<string, string | undefined>,
  globals: Variables,
  buildArgs: Readonly<Record<string, string>>,
): void {
  if (instruction.keyword === 'ENV') {
    for (const [name, value] of environmentOf(instruction, now.variables)) {
      environment.set(name, value);
      now.variables.set(name, value);
    }
  } else if (instruction.keyword === 'ARG') {
    for (const [name, value] of argumentsOf(instruction, new Map([...globals, ...now.variables]), buildArgs)) {
      // An ENV of the same name wins.
      if (!environment.has(name)) now.variables.set(name, value);
    }
  } else if (instruction.keyword === 'WORKDIR') {
    now.workdir = below(now.workdir, expand(instruction.text, now.variables));
  } else if (instruction.keyword === 'USER') {
    now.user = expand(instruction.text, now.variables) ?? instruction.text;
  }
}

/** `ENV A=b C="d e"`, or the old form `ENV A b c`. */
function environmentOf({ text }: Instruction, known: Variables): readonly (readonly [string, string | undefined])[] {
  const [first = '', ...rest] = words(text);
  if (!first.includes('=')) return [[unquote(first), expand(rest.join(' '), known)]];
  return [first, ...rest].map((word) => {
    const equals = word.indexOf('=');
    return [unquote(word.slice(0, equals)), expand(word.slice(equals + 1), known)];
  });
}

function below(folder: string | undefined, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  if (path.startsWith('/')) return posix.normalize(path);
  return folder === undefined ? undefined : posix.resolve(folder, path);
}
