import { watchSeeds } from '../builder/seedWatch';
import type { Scratch } from '../system/scratch';
import type { BuildEvent, BuildOutcome } from '../types';
import { writeBuildDockerfile, type BuildInputs } from './buildInputs';
import type { Caches } from './caches';

/** Builds with the Dockerfile that is there. */
export type BuildOnce = (observe: (event: BuildEvent) => void, signal: AbortSignal) => Promise<BuildOutcome>;

/**
 * Builds with cache mounts that start from seeds. Where that fails, and not by a command of the Dockerfile or the registry's refusal, no further
 * build starts from one, and this one is built without.
 */
export async function buildFromSeeds(
  own: BuildInputs,
  caches: Caches,
  scratch: Scratch,
  build: BuildOnce,
  signal: AbortSignal,
): Promise<BuildOutcome> {
  const seeds = caches.seeds();
  await writeBuildDockerfile(own, seeds, scratch);
  const unwatched = (): Promise<BuildOutcome> => build(() => undefined, signal);
  if (!own.dockerfile.caches.some(({ id }) => seeds.has(id))) return unwatched();
  const watch = watchSeeds('kfp-images-cache@', caches.pullMs(), signal);
  const built = await build(watch.event, watch.signal).finally(() => watch.end());
  const why = watch.gaveUp() ? 'the engine did not get it in time' : failureOf(built);
  if (why === undefined || signal.aborted) return built;
  caches.giveUp(why);
  await writeBuildDockerfile(own, new Map(), scratch);
  return unwatched();
}

/** Why a build failed, where that may be a seed's doing. */
function failureOf(outcome: BuildOutcome): string | undefined {
  if (outcome.kind !== 'failed') return undefined;
  if (/did not complete successfully: exit code|failed to push|push access denied/.test(outcome.message))
    return undefined;
  return outcome.message.split('\n', 1)[0] ?? '';
}
