import { cacheKind, overlap } from './cacheKinds';
import { couldUse, stageCache, type StageCache } from './cacheObstacles';
import { originOf, type Stages } from '../dockerfile/stages';
import type { Scope } from '../dockerfile/variables';
import { walkStages, type Step } from '../dockerfile/state';
import { pathWords, readMounts } from '../dockerfile/tokens';

/** A cache mount to add to a `RUN`. */
export interface CacheMount {
  readonly path: string;
  readonly sharing: 'locked' | 'shared';
  /** `uid:gid` */
  readonly owner: string;
  /** The image from outside that the stage starts from. */
  readonly base: string;
}

interface CacheDecision {
  /** By the offset in the text where they belong. */
  readonly mounts: ReadonlyMap<number, readonly CacheMount[]>;
  /** For people: where a cache could have been of use and is not mounted, and why. */
  readonly notes: readonly string[];
}

/** A folder of a stage that another place reads. */
interface Reading {
  readonly stage: number;
  readonly folder: string;
  readonly line: number;
}

/**
 * Decides which `RUN` gets which cache mount. A stage gets a cache on all of its `RUN`s or on none, and only where nobody can
 * tell the difference: the folder is not part of the image, nobody copies out of it, and the stages that start from this one have
 * the same cache. A compile cache is left out where a `RUN` surely compiles nothing, because it would keep others waiting.
 */
export function decideMounts(stages: Stages, target: number, cacheMounts: readonly string[]): CacheDecision {
  const walks = walkStages(stages);
  const readings = walks.flatMap((steps, index) => steps.flatMap((step) => readBy(step, stages, index)));
  const mounts = new Map<number, readonly CacheMount[]>();
  const notes: string[] = [];
  for (const path of [...cacheMounts].sort()) {
    const caches = walks.map((steps, index) => stageCache(steps, baseOf(stages, index), path));
    const obstacles = spread(stages, target, caches, readings);
    for (const [index, cache] of caches.entries()) {
      const stage = stages.stages[index];
      if (stage === undefined || !cache.used) continue;
      const obstacle = obstacles[index];
      if (obstacle !== undefined) {
        notes.push(
          `stage ${stage.label} (line ${stage.from.line}) is built without the shared ${cache.path}: ${obstacle}`,
        );
        continue;
      }
      const { role } = cacheKind(path);
      const mount: CacheMount = {
        path: cache.path,
        sharing: role === 'compile' ? 'locked' : 'shared',
        owner: cache.owner,
        base: baseOf(stages, index),
      };
      for (const { instruction } of walks[index] ?? []) {
        const { keyword, offset } = instruction;
        if (keyword !== 'RUN' || offset === undefined || (role === 'compile' && !couldUse(instruction, path))) continue;
        mounts.set(offset, [...(mounts.get(offset) ?? []), mount]);
      }
    }
  }
  return { mounts, notes };
}

/** Adds to the stages' own obstacles those that come from their neighbours, until nothing changes. */
function spread(
  { stages }: Stages,
  target: number,
  caches: readonly StageCache[],
  readings: readonly Reading[],
): readonly (string | undefined)[] {
  const obstacles = caches.map(({ obstacle, path }, index) => {
    if (index === target) return 'it is the image itself';
    const base = stages[index]?.base;
    if (base?.kind === 'image' && base.config === 'unknown') return `as whom ${base.reference} runs is not known`;
    const reading = readings.find(({ stage, folder }) => stage === index && overlap(folder, path));
    return reading === undefined ? obstacle : `line ${reading.line} reads ${reading.folder} of it`;
  });
  for (let changed = true; changed;) {
    changed = false;
    for (const [index, { base, label, from }] of stages.entries()) {
      if (base.kind !== 'stage') continue;
      const parent = base.index;
      if (obstacles[index] !== undefined && obstacles[parent] === undefined) {
        obstacles[parent] = `stage ${label} (line ${from.line}) starts from it`;
        changed = true;
      } else if (obstacles[index] === undefined && differs(caches[parent], caches[index], obstacles[parent])) {
        obstacles[index] = `it starts from stage ${stages[parent]?.label ?? ''}`;
        changed = true;
      }
    }
  }
  return obstacles;
}

/** Would a stage miss what the stage it starts from left in the folder? */
function differs(parent: StageCache | undefined, child: StageCache | undefined, obstacle: string | undefined): boolean {
  if (parent === undefined || child === undefined || !parent.used || !child.used) return false;
  return obstacle !== undefined || parent.path !== child.path || parent.owner !== child.owner;
}

/** The image from outside that a stage's chain of stages starts from. */
function baseOf(stages: Stages, index: number): string {
  const base = stages.stages[index]?.base;
  if (base?.kind === 'stage') return baseOf(stages, base.index);
  return base?.kind === 'image' ? base.reference : base?.kind === 'unknown' ? base.text : '';
}

/** What an instruction reads of other stages. A stage that can't be known could be any of them; an unknown folder is all of it. */
function readBy({ instruction, scope }: Step, { stages }: Stages, index: number): readonly Reading[] {
  const { keyword, flags, rest, line } = instruction;
  const from = flags.find(({ name }) => name === 'from')?.value ?? '';
  const sources: readonly (readonly [string, readonly string[]])[] =
    keyword === 'COPY'
      ? [[from, pathWords(rest).slice(0, -1)]]
      : keyword === 'RUN'
        ? (readMounts(flags) ?? []).map((mount) => [mount.from, [mount.source]] as const)
        : [];
  return sources.flatMap(([name, folders]) => {
    const origin = originOf(name, stages, index);
    const meant =
      origin.kind === 'unknown' ? stages.map((_, other) => other) : origin.kind === 'stage' ? [origin.index] : [];
    return meant.flatMap((stage) => folders.map((folder) => ({ stage, folder: staticFolder(folder, scope), line })));
  });
}

/** The part of a path that no pattern or unknown variable can change. */
function staticFolder(path: string, scope: Scope): string {
  const known = scope.expand(path) ?? path;
  const literal = known.slice(0, known.search(/[*?[$]|$/));
  const folder = literal.length < known.length ? literal.slice(0, literal.lastIndexOf('/') + 1) : literal;
  return folder.startsWith('/') ? folder : `/${folder}`;
}
