import type { BaseConfig } from '../types';
import { findStage, type Stages } from './stages';
import { StageWalk, type StageState } from './state';

/**
 * The configuration that an image gets which is built from these stages, as far as a build on it is concerned. undefined: not all of it is
 * known before it is built.
 */
export function builtConfig(stages: Stages, target: string | undefined): BaseConfig | undefined {
  const wanted = target === undefined ? stages.stages.at(-1) : findStage(stages.stages, target);
  const end = wanted && endOf(stages, wanted.index);
  const env = end?.scope.environment();
  const onBuild = (wanted?.instructions ?? []).filter(({ keyword }) => keyword === 'ONBUILD');
  const isKnown = end?.cwd.startsWith('/') === true && onBuild.every(({ heredocs }) => heredocs.length === 0);
  if (env === undefined || !isKnown || end.user?.includes('$') === true) return undefined;
  return { env, onBuild: onBuild.map(({ rest }) => rest), user: end.user ?? '', workingDir: end.cwd };
}

/** What holds at the end of a stage; undefined: nobody knows what its base image sets. */
function endOf(stages: Stages, index: number): StageState | undefined {
  const stage = stages.stages[index];
  if (stage === undefined || stage.base.kind === 'unknown') return undefined;
  if (stage.base.kind === 'image' && typeof stage.base.config !== 'object') return undefined;
  const parent = stage.base.kind === 'stage' ? endOf(stages, stage.base.index) : undefined;
  if (stage.base.kind === 'stage' && parent === undefined) return undefined;
  const walk = new StageWalk(stages);
  return stage.instructions.reduce((state, instruction) => walk.after(state, instruction), walk.start(stage, parent));
}
