import { heredocMarks } from './heredocMarks';
import { unknownPart } from './wordLexer';
import type { Instruction } from './instructions';
import { hasWildcard } from './pattern';
import { joinStage, overlaysOf, pivotOf, trace, type Overlay, type Placement, type StagePath } from './stagePath';
import { findStage, originOf, type Base, type Stage, type Stages } from './stages';
import type { Scope } from './variables';
import { StageWalk, type StageState } from './state';
import { pathWords, readMounts, type Mount } from './tokens';
import { SourceError } from '../errors';
import { bounds } from '../system/bounds';
import { normalise } from '../system/pathText';

/** Something that the Dockerfile takes from the context by its name; wildcards are still in it. */
export interface Source {
  readonly path: string;
  readonly line: number;
  /** It lands only in a stage that the image is not made of: of a folder, only what the RUNs there read need count. */
  readonly aside: boolean;
  /** It may have got where another stage is copied from; whether it is there nobody can say. */
  readonly traced?: boolean;
}

/** A RUN of a stage that holds files of the context but is not the image: what it reads of them has still to be found out. */
export interface RunSite {
  readonly instruction: Instruction;
  readonly cwd: StagePath;
  readonly scope: Scope;
  readonly placements: readonly Placement[];
  /** Where in the stage there may be files from elsewhere: other stages and images, downloads, here-documents. */
  readonly overlays: readonly Overlay[];
  /** The words of SHELL; empty: that of the base image. */
  readonly shell: readonly string[];
}

export interface BaseImage {
  readonly reference: string;
  readonly platform: string | undefined;
}

/** What a Dockerfile takes from its context and from registries, for one target, one platform and one set of arguments. */
export interface DockerfileUse {
  readonly sources: readonly Source[];
  /** Is all of the context copied (`COPY . .`): into the image itself, or only into stages it takes something from? */
  readonly everything: 'no' | 'aside' | 'image';
  /** Why more can't be said than that the whole context counts. */
  readonly undecided: readonly string[];
  readonly bases: readonly BaseImage[];
  readonly unknownBases: readonly string[];
  readonly runs: readonly RunSite[];
  /** Every ENV and ARG of reached stages; undefined value: known to the build only. */
  readonly environment: readonly (readonly [string, string | undefined])[];
  readonly notes: readonly string[];
}

const { sources: most } = bounds.dockerfile;

interface Built {
  readonly placements: Placement[];
  readonly overlays: Overlay[];
  readonly end: StageState;
}

/** Follows the target's stages and notes what each instruction takes. Pure; linear in the instructions that count. */
export function readUse(stages: Stages, target: string | undefined): DockerfileUse {
  return new Evaluation(stages).run(target);
}

class Evaluation {
  readonly #stages: readonly Stage[];
  readonly #walk: StageWalk;
  readonly #built = new Map<number, Built>();
  readonly #inImage = new Set<number>();
  readonly #sources: Source[] = [];
  readonly #undecided: string[] = [];
  readonly #bases = new Map<string, BaseImage>();
  readonly #unknownBases: string[] = [];
  readonly #runs: RunSite[] = [];
  readonly #environment: (readonly [string, string | undefined])[] = [];
  readonly #notes: string[] = [];
  #everything: DockerfileUse['everything'] = 'no';
  #traced = 0;

  constructor(stages: Stages) {
    this.#stages = stages.stages;
    this.#walk = new StageWalk(stages);
  }

  run(target: string | undefined): DockerfileUse {
    const wanted = target === undefined ? this.#stages.at(-1) : findStage(this.#stages, target);
    if (wanted === undefined) {
      this.#undecided.push(
        target === undefined ? 'the Dockerfile has no FROM' : `the Dockerfile has no stage "${target}"`,
      );
      for (const stage of this.#stages) this.#build(stage.index);
    } else {
      let at: Stage | undefined = wanted;
      while (at !== undefined) {
        this.#inImage.add(at.index);
        at = at.base.kind === 'stage' ? this.#stages[at.base.index] : undefined;
      }
      this.#build(wanted.index);
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
  #build(index: number): Built | undefined {
    const known = this.#built.get(index);
    const stage = this.#stages[index];
    if (known !== undefined || stage === undefined) return known;
    const parent = stage.base.kind === 'stage' ? this.#build(stage.base.index) : undefined;
    if (stage.base.kind === 'image') this.#startsFrom(stage.base);
    if (stage.base.kind === 'unknown') {
      this.#unknownBases.push(stage.base.text);
      if (index > 0) this.#undecided.push(`line ${stage.from.line}: FROM ${stage.base.text} may be any stage`);
    }
    const placements = [...(parent?.placements ?? [])];
    const overlays = [...(parent?.overlays ?? [])];
    let state = this.#walk.start(stage, parent?.end);
    for (const instruction of stage.instructions) {
      const { keyword } = instruction;
      if (keyword === 'COPY' || keyword === 'ADD') this.#copy(stage, state, instruction, placements, overlays);
      else if (keyword === 'RUN') this.#run(stage, state, instruction, placements, overlays);
      state = this.#walk.after(state, instruction, (values) => this.#environment.push(...values));
    }
    const built = { placements, overlays, end: state };
    this.#built.set(index, built);
    return built;
  }

  #startsFrom({ reference, platform, config }: Base & { readonly kind: 'image' }): void {
    this.#base(reference, platform);
    if (config === 'unknown') {
      this.#undecided.push(
        `base image ${reference} could not be looked up, so what it copies by ONBUILD can't be determined`,
      );
    } else if (config !== undefined) this.#environment.push(...config.env);
  }

  #copy(stage: Stage, state: StageState, instruction: Instruction, placements: Placement[], overlays: Overlay[]): void {
    const { line, keyword, rest, flags } = instruction;
    const words = pathWords(rest);
    const to = this.#walk.path(state, words.at(-1) ?? '');
    const from = flags.find((flag) => flag.name === 'from')?.value ?? '';
    const parents = flags.some((flag) => flag.name === 'parents' && flag.value !== 'false');
    for (const word of words.slice(0, -1)) {
      const [heredoc] = heredocMarks(word);
      if (heredoc !== undefined) {
        overlays.push({ to, line }, { to: joinStage(to, heredoc.name), line });
        continue;
      }
      const path = knownPath(state.scope.expandPartly(word));
      if (path === undefined) {
        this.#undecided.push(`line ${line}: ${keyword} ${word} is only known to the build`);
      } else if (from !== '') {
        this.#takeFrom(stage, from, path, line);
        overlays.push(...overlaysOf(path, to, line));
      } else if (normalise(path) === '') {
        placements.push({ from: '', to });
        this.#copiesEverything(this.#inImage.has(stage.index));
      } else {
        const download = keyword === 'ADD' && /^(https?|git|ssh):\/\/|^[\w-]+@[\w.-]+:/.test(path);
        if (download) {
          this.#notes.push(`line ${line}: what ADD ${path} downloads is not part of the key`);
          overlays.push(...overlaysOf(path, to, line));
        } else
          this.#take(
            normalise(path),
            line,
            { to, parents, ...pivotOf(path) },
            this.#inImage.has(stage.index) ? undefined : placements,
          );
      }
    }
    if (from !== '' && words.length < 2) this.#takeFrom(stage, from, '/', line);
  }

  #run(
    stage: Stage,
    state: StageState,
    instruction: Instruction,
    copied: readonly Placement[],
    over: readonly Overlay[],
  ): void {
    const placements = [...copied];
    const overlays = [...over];
    const mounts = readMounts(instruction.flags);
    if (mounts === undefined) this.#undecided.push(`line ${instruction.line}: a mount that is not understood`);
    for (const mount of mounts ?? []) {
      this.#mount(stage, state, mount, instruction.line, placements);
      if (mount.from !== '') overlays.push({ to: this.#walk.path(state, mount.target), line: instruction.line });
    }
    if (placements.length > 0) {
      const { cwd, scope, shell } = state;
      this.#runs.push({ instruction, cwd, scope, shell, placements, overlays });
    }
  }

  #mount(stage: Stage, state: StageState, mount: Mount, line: number, placements: Placement[]): void {
    const { scope } = state;
    const type = scope.expand(mount.type)?.toLowerCase();
    if (mount.from === '' && type !== 'bind' && type !== undefined) return;
    const source = knownPath(scope.expandPartly(mount.source));
    if (source === undefined) {
      this.#undecided.push(`line ${line}: the mount of ${mount.source} is only known to the build`);
    } else if (mount.from !== '') {
      this.#takeFrom(stage, mount.from, source === '' ? '/' : source, line);
    } else if (normalise(source) === '') {
      // A mount is gone after its RUN, so it never makes the context part of the image.
      placements.push({ from: '', to: this.#walk.path(state, mount.target) });
      this.#copiesEverything(false);
    } else {
      this.#take(normalise(source), line, { to: this.#walk.path(state, mount.target) }, placements);
    }
  }

  /** `placements`: of the stage where it lands; undefined: that is the image. */
  #take(path: string, line: number, where: Omit<Placement, 'from'>, placements: Placement[] | undefined): void {
    this.#addSource({ path, line, aside: placements !== undefined });
    placements?.push({ ...where, from: path });
  }

  /** COPY --from and mounts with `from`: what they take may have come from the context. */
  #takeFrom(stage: Stage, from: string, path: string, line: number): void {
    const origin = originOf(from, this.#stages, stage.index);
    if (origin.kind === 'image') this.#base(origin.reference, undefined);
    if (origin.kind === 'unknown') this.#unknownBases.push(origin.text);
    if (origin.kind !== 'stage') return;
    for (const placement of this.#build(origin.index)?.placements ?? []) {
      this.#traced += 1;
      if (this.#traced > 100 * most) throw tooMany();
      const traced = trace(placement, joinStage('/', path));
      if (traced.kind === 'all' && placement.from === '') {
        this.#undecided.push(`line ${line}: ${path} of stage ${from} holds everything that was copied there`);
      } else if (traced.kind === 'paths' && traced.paths.length === 0) {
        continue;
      } else if (traced.kind === 'all' || hasWildcard(placement.from) || placement.parents === true) {
        this.#addSource({ path: placement.from, line, aside: false, traced: true });
      } else {
        for (const found of traced.paths) this.#addSource({ path: found, line, aside: false, traced: true });
      }
    }
  }

  #addSource(source: Source): void {
    this.#sources.push(source);
    if (this.#sources.length > most) throw tooMany();
  }

  #copiesEverything(intoImage: boolean): void {
    if (intoImage) this.#everything = 'image';
    else if (this.#everything === 'no') this.#everything = 'aside';
  }

  #base(reference: string, platform: string | undefined): void {
    this.#bases.set(`${reference} ${platform ?? ''}`, { reference, platform });
  }
}

function tooMany(): SourceError {
  return new SourceError(`it takes more than ${String(most)} files and folders by name`);
}

/** A path as a pattern, where any text may stand for what only the build knows, folders and `..` among it. undefined: it may be anything. */
function knownPath(path: string | undefined): string | undefined {
  if (path?.includes(unknownPart) !== true) return path;
  const known = path.slice(path.lastIndexOf(unknownPart) + 1).replace(/^.*(^|\/)\.\.(?=\/|$)/, '');
  return normalise(known) === '' ? undefined : `**${known}`;
}
