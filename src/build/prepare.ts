import { copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import type { Scratch } from '../system/scratch';
import type { CatalogImage } from '../types';
import { addCacheMounts } from './dockerfile';

/** The Dockerfile of one build. */
export interface PreparedDockerfile {
  /** Path in the repository, or text to write beside the tree. */
  readonly rewritten: string | undefined;
  /** Path for the build's arguments, relative to the tree. */
  readonly path: string;
  /** Does it declare `ARG SOURCE_DATE_EPOCH`? */
  readonly wantsEpoch: boolean;
  /** For people: where the shared cache is not used, and why. */
  readonly notes: readonly string[];
}

/**
 * Decides which Dockerfile a build gets: the repository's own, or one with its cache mounts, which then lies in the run's private folder
 * under the same base name, so that BuildKit's messages name it as ever. `buildArgs`: with templates filled in.
 */
export function prepareDockerfile(
  image: CatalogImage,
  text: string,
  buildArgs: Readonly<Record<string, string>>,
  namespace: string,
): PreparedDockerfile {
  const { cacheMounts, target, dockerfile, name } = image;
  const { text: rewritten, changed, notes } = addCacheMounts(text, { cacheMounts, target, buildArgs, namespace });
  return {
    rewritten: changed ? rewritten : undefined,
    path: changed ? `../dockerfiles/${name}/${basename(dockerfile)}` : dockerfile,
    wantsEpoch: /^[ \t]*ARG[ \t][^\n]*\bSOURCE_DATE_EPOCH\b/im.test(text),
    notes,
  };
}

/** Writes a rewritten Dockerfile to its place, with the ignore file that belongs to the original: BuildKit looks for it beside the one it is given. */
export async function writeDockerfile(
  scratch: Scratch,
  image: CatalogImage,
  { rewritten }: PreparedDockerfile,
  tree: string = scratch.tree,
): Promise<void> {
  if (rewritten === undefined) return;
  const folder = join(scratch.dockerfiles, image.name);
  const file = join(folder, basename(image.dockerfile));
  await mkdir(folder, { recursive: true });
  await writeFile(file, rewritten);
  // As a link it counts too, but nothing outside the commit does.
  const ignore = await realpath(join(tree, `${image.dockerfile}.dockerignore`)).catch(() => '');
  if (ignore.startsWith((await realpath(tree)) + sep)) await copyFile(ignore, `${file}.dockerignore`);
}
