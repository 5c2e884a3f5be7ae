import { expand, type Lookup } from './expand';
import type { Instruction } from './instructions';
import { originOf, readMounts, type Mount } from './reach';
import { Scope } from './scope';
import type { BaseImage, DockerfileUse, RunSite, Source } from './useTypes';
import { findStage, type BuildSettings, type Stage, type Stages } from './stages';
import { joinStage, normalise, trace, type Placement, type StagePath } from './stagePath';
import { pathWords, splitFlags } from './words';

interface StageState {
  readonly scope: Scope;
  readonly placements: Placement[];
  cwd: StagePath;
}

/** Follows the target's stages and notes what each instruction takes. Pure; linear in the instructions that count. */
export function readUse(stages: Stages, target: string | undefined, settings: BuildSettings): DockerfileUse {
  return new Evaluation(stages, settings).run(target);
}

class Evaluation {
  readonly #stages: readonly Stage[];
  readonly #globals: ReadonlyMap<string, string | undefined>;
  readonly #settings: BuildSettings;
  readonly #states = new Map<number, StageState>();
  readonly #inImage = new Set<number>();
  readonly #sources: Source[] = [];
  readonly #undecided: string[] = [];
  readonly #bases = new Map<string, BaseImage>();
  readonly #unknownBases: string[] = [];
  readonly #runs: RunSite[] = [];
  readonly #environment: (readonly [string, string | undefined])[] = [];
  readonly #notes: string[] = [];
  #everything: DockerfileUse['everything'] = 'no';
  #unknownStarts = 0;

  constructor(stages: Stages, settings: BuildSettings) {
    this.#stages = stages.stages;
    this.#globals = stages.globals;
    this.#settings = settings;
  }

  run(target: string | undefined): DockerfileUse {
    const wanted = target === undefined ? this.#stages.at(-1) : findStage(this.#stages, target);
    if (wanted === undefined) {
      this.#undecided.push(
        target === undefined ? 'the Dockerfile has no FROM' : `the Dockerfile has no stage "${target}"`,
      );
      for (const stage of this.#stages) this.#state(stage.index);
    } else {
      let at: Stage | undefined = wanted;
      while (at !== undefined) {
        this.#inImage.add(at.index);
        at = at.base.kind === 'stage' ? this.#stages[at.base.index] : undefined;
      }
      this.#state(wanted.index);
    }
    return {
      sources: this.#sources,
      everything: this.#everything,
      undecided: this.#undecided,
      bases: [...this.#bases.values()],
      unknownBases: this.#unknownBases,
      runs: this.#runs,
      environment: this.#environment,
      notes: this.#notes,
    };
  }

  /** What holds at the end of a stage; evaluated when first asked for, so stages nobody reaches never are. */
  #state(index: number): StageState | undefined {
    const known = this.#states.get(index);
    const stage = this.#stages[index];
    if (known !== undefined || stage === undefined) return known;
    const parent = stage.base.kind === 'stage' ? this.#state(stage.base.index) : undefined;
    const state: StageState = {
      scope: new Scope(parent?.scope, stage.base.kind !== 'scratch'),
      placements: [...(parent?.placements ?? [])],
      cwd: parent?.cwd ?? (stage.base.kind === 'scratch' ? '/' : this.#unknownStart()),
    };
    this.#states.set(index, state);
    if (stage.base.kind === 'image') this.#base(stage.base.reference, stage.base.platform);
    if (stage.base.kind === 'unknown') this.#unknownBases.push(stage.base.text);
    for (const instruction of stage.instructions) this.#instruction(stage, state, instruction);
    return state;
  }

  #instruction(stage: Stage, state: StageState, instruction: Instruction): void {
    const { lookup } = state.scope;
    const { keyword, rest } = instruction;
    if (keyword === 'ARG') state.scope.arg(rest, this.#settings, this.#globals);
    else if (keyword === 'ENV') this.#environment.push(...state.scope.env(rest));
    else if (keyword === 'WORKDIR') {
      const path = expand(rest.trim(), lookup);
      state.cwd = path === undefined ? this.#unknownStart() : joinStage(state.cwd, path);
    } else if (keyword === 'COPY' || keyword === 'ADD') {
      this.#copy(stage, state, instruction, lookup);
    } else if (keyword === 'RUN') {
      this.#run(stage, state, instruction, lookup);
    }
  }

  #copy(stage: Stage, state: StageState, instruction: Instruction, lookup: Lookup): void {
    const { line } = instruction;
    const { flags, rest } = splitFlags(instruction.rest);
    const words = pathWords(rest).filter((word) => !(instruction.heredocs.length > 0 && /^\d*<<-?[^<]/.test(word)));
    const destination = expand(words.at(-1) ?? '', lookup);
    const to = destination === undefined ? this.#unknownStart() : joinStage(state.cwd, destination);
    const from = flags.find((flag) => flag.name === 'from')?.value;
    for (const word of words.slice(0, -1)) {
      const path = expand(word, lookup);
      if (path === undefined) {
        this.#undecided.push(`line ${line}: ${instruction.keyword} ${word} is only known to the build`);
      } else if (from !== undefined) {
        this.#takeFrom(stage, from, path, line, lookup);
      } else if (instruction.keyword === 'ADD' && /^(https?:|git:|ssh:|git@|github\.com\/)/i.test(path)) {
        this.#notes.push(`line ${line}: what ADD ${path} downloads is not part of the key`);
      } else if (normalise(path) === '') {
        state.placements.push({ from: '', to });
        this.#copiesEverything(this.#inImage.has(stage.index));
      } else {
        this.#sources.push({ path: normalise(path), line });
      }
    }
    if (from !== undefined && words.length < 2) this.#takeFrom(stage, from, '/', line, lookup);
  }

  #run(stage: Stage, state: StageState, instruction: Instruction, lookup: Lookup): void {
    const placements = [...state.placements];
    for (const mount of readMounts(instruction.rest))
      this.#mount(stage, state, mount, instruction.line, placements, lookup);
    if (placements.length > 0)
      this.#runs.push({ instruction, cwd: state.cwd, lookup: state.scope.frozen(), placements });
  }

  #mount(stage: Stage, state: StageState, mount: Mount, line: number, placements: Placement[], lookup: Lookup): void {
    if (mount.type !== 'bind' && mount.from === undefined) return;
    const source = expand(mount.source, lookup);
    const target = expand(mount.target, lookup);
    if (source === undefined) {
      this.#undecided.push(`line ${line}: the mount of ${mount.source} is only known to the build`);
    } else if (mount.from !== undefined) {
      this.#takeFrom(stage, mount.from, source === '' ? '/' : source, line, lookup);
    } else if (normalise(source) === '') {
      // A mount is gone after its RUN, so it never makes the context part of the image.
      placements.push({ from: '', to: target === undefined ? this.#unknownStart() : joinStage(state.cwd, target) });
      this.#copiesEverything(false);
    } else {
      this.#sources.push({ path: normalise(source), line });
    }
  }

  /** COPY --from and mounts with `from`: what they take may have come from the context by `COPY . .`. */
  #takeFrom(stage: Stage, from: string, path: string, line: number, lookup: Lookup): void {
    const origin = originOf(from, this.#stages, stage.index, lookup);
    if (origin.kind === 'image') this.#base(origin.reference, undefined);
    if (origin.kind === 'unknown') this.#unknownBases.push(origin.text);
    if (origin.kind !== 'stage') return;
    for (const placement of this.#state(origin.index)?.placements ?? []) {
      const traced = trace(placement, joinStage('/', path));
      if (traced.kind === 'all') {
        this.#undecided.push(`line ${line}: ${path} of stage ${from} holds everything that was copied there`);
      } else {
        for (const found of traced.paths) this.#sources.push({ path: found, line });
      }
    }
  }

  #copiesEverything(intoImage: boolean): void {
    if (intoImage) this.#everything = 'image';
    else if (this.#everything === 'no') this.#everything = 'aside';
  }

  #base(reference: string, platform: string | undefined): void {
    this.#bases.set(`${reference} ${platform ?? ''}`, { reference, platform });
  }

  #unknownStart(): StagePath {
    this.#unknownStarts += 1;
    return `?${this.#unknownStarts}`;
  }
}
