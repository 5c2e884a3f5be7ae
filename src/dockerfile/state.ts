import type { Instruction } from './instructions';
import { joinStage, type StagePath } from './stagePath';
import { jsonWords } from './tokens';
import type { BaseConfig } from '../types';
import type { Base, Stage, Stages } from './stages';
import { foreignVariables, Scope, type Foreign } from './variables';

/** What holds where an instruction of a stage is. */
export interface StageState {
  readonly scope: Scope;
  readonly cwd: StagePath;
  /** As written; undefined: that of the base image. */
  readonly user: string | undefined;
  /** The words of SHELL; empty: that of the base image, most likely `/bin/sh -c`. */
  readonly shell: readonly string[];
}

/** Follows a stage's variables, working directory and user from instruction to instruction. */
export class StageWalk {
  readonly #stages: Stages;
  readonly #foreign: Foreign;
  #starts = 0;

  constructor(stages: Stages, foreign: Foreign = foreignVariables(stages)) {
    this.#stages = stages;
    this.#foreign = foreign;
  }

  /** `parent`: what held at the end of the stage that this one starts from. */
  start(stage: Stage, parent: StageState | undefined): StageState {
    if (parent !== undefined) return { ...parent, scope: parent.scope.inherited() };
    const config = configOf(stage.base);
    const foreign: Foreign = config === undefined ? this.#foreign : () => false;
    return {
      scope: new Scope(undefined, foreign, this.#stages.escape, config?.env),
      cwd: config === undefined ? this.unknownStart() : joinStage('/', config.workingDir),
      user: config === undefined || config.user === '' ? undefined : config.user,
      shell: [],
    };
  }

  /** What holds behind an instruction. `set`: gets what an ENV or ARG gives a value to. */
  after(
    state: StageState,
    { keyword, rest }: Instruction,
    set?: (values: readonly (readonly [string, string | undefined])[]) => void,
  ): StageState {
    if (keyword === 'ENV' || keyword === 'ARG') {
      const scope = state.scope.frozen();
      const values = keyword === 'ENV' ? scope.env(rest) : scope.arg(rest, this.#stages);
      set?.(values);
      return { ...state, scope };
    }
    if (keyword === 'WORKDIR') return { ...state, cwd: this.path(state, rest) };
    if (keyword === 'SHELL') return { ...state, shell: jsonWords(rest) ?? [] };
    if (keyword === 'USER') return { ...state, user: state.scope.expand(rest) ?? rest };
    return state;
  }

  /** A path in the stage, seen from its working directory. */
  path({ scope, cwd }: StageState, written: string): StagePath {
    const path = scope.expand(written);
    return path === undefined ? this.unknownStart() : joinStage(cwd, path);
  }

  /** A folder that nobody knows. */
  unknownStart(): StagePath {
    this.#starts += 1;
    return `?${this.#starts}`;
  }
}

const empty: BaseConfig = { env: [], onBuild: [], user: '', workingDir: '' };

/** What a stage starts with; undefined: nobody knows. */
function configOf(base: Base): BaseConfig | undefined {
  if (base.kind === 'scratch') return empty;
  return base.kind === 'image' && typeof base.config === 'object' ? base.config : undefined;
}

/** An instruction, and what holds where it is. */
export interface Step extends StageState {
  readonly instruction: Instruction;
}

/** Every instruction of every stage; a base image is taken not to set variables for which the Dockerfile has a default. */
export function walkStages(stages: Stages): readonly (readonly Step[])[] {
  const walk = new StageWalk(stages, (name, hasDefault) => !hasDefault && foreignVariables(stages)(name, hasDefault));
  const ends: StageState[] = [];
  return stages.stages.map((stage) => {
    let state = walk.start(stage, stage.base.kind === 'stage' ? ends[stage.base.index] : undefined);
    const steps = stage.instructions.map((instruction) => {
      const step = { ...state, instruction };
      state = walk.after(state, instruction);
      return step;
    });
    ends.push(state);
    return steps;
  });
}
