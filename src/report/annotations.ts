import { posix } from 'node:path';
import type { BuildOutcome, SourcePosition } from '../types';

/**
 * A position as BuildKit gives it, for an annotation on the repository. BuildKit names a Dockerfile by its base name only, and
 * `Dockerfile` when it was read from standard input; here it becomes the image's own Dockerfile, below `directory`.
 * undefined: there is no position, or it is in no file of this repository.
 */
export function annotationPosition(
  at: SourcePosition | undefined,
  dockerfile: string | undefined,
  directory = '.',
): SourcePosition | undefined {
  if (at === undefined || !Number.isSafeInteger(at.line) || at.line < 1) return undefined;
  const isOwn = dockerfile !== undefined && (at.file === 'Dockerfile' || at.file === posix.basename(dockerfile));
  const inRepository = isOwn ? dockerfile : at.file;
  const path = posix.join(directory, inRepository);
  const leaves =
    [inRepository, directory].some((part) => posix.isAbsolute(part)) || path === '..' || path.startsWith('../');
  return leaves ? undefined : { ...at, file: path };
}

/** Where each image's Dockerfile is, and what its path starts at. */
export interface Sources {
  /** Dockerfile of each image, relative to the repository that is built. */
  readonly dockerfiles: ReadonlyMap<string, string>;
  /** From the repository that annotations are shown on (on a terminal: the current folder) to the one that is built. */
  readonly directory: string;
}

/** The outcome with its position in the image's own Dockerfile. */
export function atRepositoryPath(outcome: BuildOutcome, { dockerfiles, directory }: Sources): BuildOutcome {
  if (outcome.kind !== 'failed') return outcome;
  return { ...outcome, at: annotationPosition(outcome.at, dockerfiles.get(outcome.name), directory) };
}
