import { createHash } from 'node:crypto';
import { UsageError } from '../errors';
import type { LockedImage, LockFile } from '../types';

/** `REPOSITORY@sha256:…`: how an image is named on a cluster. A tag can move, a digest can't. */
export function pinned({ repository, digest }: LockedImage): string {
  return `${repository}@${digest}`;
}

/** An image of a set; undefined: the set has none of that name. */
export function imageOf(lock: LockFile, name: string): LockedImage | undefined {
  return Object.hasOwn(lock.images, name) ? lock.images[name] : undefined;
}

/** The id of a set, `sha256:…`: the same images of the same commit give the same id, whatever else the lock file says. */
export function setId(lock: LockFile): string {
  const lines = Object.entries(lock.images).map(([name, image]) => `${name} ${pinned(image)}`);
  return `sha256:${createHash('sha256')
    .update([lock.commit, ...lines.sort()].join('\n'))
    .digest('hex')}`;
}

/** The variables that an image carries for the images it binds, as published. */
export interface BakedVariables {
  readonly image: string;
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Refuses a set that was put together from several commits: what an image names of another one must be what the set has. The apiserver
 * writes the flags that driver and launcher are started with, and an unknown flag ends them at once
 * (https://github.com/kubeflow/pipelines/issues/9076). Throws UsageError.
 */
export function refuseSkew(
  lock: LockFile,
  binds: ReadonlyMap<string, Readonly<Record<string, string>>>,
  baked: readonly BakedVariables[],
): void {
  for (const { image, variables } of baked) {
    for (const [variable, bound] of Object.entries(binds.get(image) ?? {})) {
      const says = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
      const locked = imageOf(lock, bound);
      if (says === undefined || locked === undefined || says.endsWith(`@${locked.digest}`)) continue;
      throw new UsageError(
        `The set of commit ${lock.commit} is mixed: its ${image} was published with ${variable}=${says}, but its ${bound} is ` +
          `${pinned(locked)}. Runs fail when ${image} and ${bound} are not of one commit. Deploy a set as it was published ` +
          `(--commit SHA), or build ${image} again.`,
      );
    }
  }
}
