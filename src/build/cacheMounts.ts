import { cacheKind, overlap } from './cacheKinds';
import { couldUse, stageCache, type StageCache } from './cacheObstacles';
import { copyParts, runParts } from './dockerfileCopies';
import type { Instruction } from './dockerfileLines';
import { referredStage, type Stages } from './dockerfileStages';
import { expand } from './dockerfileVariables';
import { walkStages, type StageState } from './stageEvents';

/** A cache mount to add to a `RUN`. */
export interface CacheMount {
  readonly path: string;
  readonly sharing: 'locked' | 'shared';
  /** `uid:gid` */
  readonly owner: string;
}

export interface CacheDecision {
  readonly mounts: ReadonlyMap<Instruction, readonly CacheMount[]>;
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
export function decideMounts(
  stages: Stages,
  cacheMounts: readonly string[],
  buildArgs: Readonly<Record<string, string>>,
): CacheDecision {
  const walks = walkStages(stages, buildArgs);
  const readings = walks.flatMap((states) => states.flatMap((state) => readBy(state, stages)));
  const mounts = new Map<Instruction, readonly CacheMount[]>();
  const notes: string[] = [];
  for (const path of [...cacheMounts].sort()) {
    const caches = walks.map((states, index) => stageCache(states, stages.stages[index]?.base ?? '', path));
    const obstacles = spread(stages, caches, readings);
    for (const [index, cache] of caches.entries()) {
      const stage = stages.stages[index];
      if (stage === undefined || !cache.used) continue;
      const obstacle = obstacles[index];
      if (obstacle !== undefined) {
        notes.push(`stage ${stage.label} (line ${stage.line}) is built without the shared ${cache.path}: ${obstacle}`);
        continue;
      }
      const { role } = cacheKind(path);
      const mount: CacheMount = {
        path: cache.path,
        sharing: role === 'compile' ? 'locked' : 'shared',
        owner: cache.owner,
      };
      for (const { instruction } of walks[index] ?? []) {
        if (instruction.keyword !== 'RUN' || (role === 'compile' && !couldUse(instruction, path))) continue;
        mounts.set(instruction, [...(mounts.get(instruction) ?? []), mount]);
      }
    }
  }
  return { mounts, notes };
}

/** Adds to the stages' own obstacles those that come from their neighbours, until nothing changes. */
function spread(
  { stages, target }: Stages,
  caches: readonly StageCache[],
  readings: readonly Reading[],
): readonly (string | undefined)[] {
  const obstacles = caches.map(({ obstacle, path }, index) => {
    if (index === target) return 'it is the image itself';
    const reading = readings.find(({ stage, folder }) => stage === index && overlap(folder, path));
    return reading === undefined ? obstacle : `line ${reading.line} reads ${reading.folder} of it`;
  });
  for (let changed = true; changed;) {
    changed = false;
    for (const [index, { parent, label, line }] of stages.entries()) {
      if (parent === undefined) continue;
      if (obstacles[index] !== undefined && obstacles[parent] === undefined) {
        obstacles[parent] = `stage ${label} (line ${line}) starts from it`;
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

/** What an instruction reads of other stages. A stage that can't be told could be any of them; an unknown folder is all of it. */
function readBy({ instruction, variables }: StageState, stages: Stages): readonly Reading[] {
  const sources: (readonly [string | undefined, readonly (string | undefined)[]])[] =
    instruction.keyword === 'COPY'
      ? [[copyParts(instruction).from, copyParts(instruction).sources]]
      : instruction.keyword === 'RUN'
        ? (runParts(instruction).mounts ?? []).map((mount) => [mount.from, [mount.source]] as const)
        : [];
  return sources.flatMap(([from, folders]) => {
    if (from === undefined) return [];
    const name = expand(from, variables);
    const stage = name === undefined ? undefined : referredStage(stages.stages, name);
    const all = stages.stages.map((_, index) => index);
    const meant = name === undefined ? all : stage === undefined ? [] : [stage];
    return meant.flatMap((index) =>
      folders.map((folder) => ({ stage: index, folder: staticFolder(folder, variables), line: instruction.line })),
    );
  });
}

/** The part of a path that no pattern or unknown variable can change. */
function staticFolder(path: string | undefined, variables: StageState['variables']): string {
  const known = path === undefined ? '' : (expand(path, variables) ?? path);
  const literal = known.slice(0, known.search(/[*?[$]|$/));
  const folder = literal.length < known.length ? literal.slice(0, literal.lastIndexOf('/') + 1) : literal;
  return folder.startsWith('/') ? folder : `/${folder}`;
}
