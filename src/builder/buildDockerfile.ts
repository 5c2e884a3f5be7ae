import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BuildError } from '../errors';
import { throughContexts } from '../dockerfile/contextUse';
import type { BaseConfigs } from '../dockerfile/stages';
import type { Scratch } from '../system/scratch';
import type { CatalogImage } from '../types';
import { addCacheMounts, type Seeds, type UsedCache } from './rewriteDockerfile';
import { bindInDockerfile, type AddedLines } from './localBinding';
import { pinBases } from './pinnedBases';

/** The Dockerfile of one build. */
export interface PreparedDockerfile {
  /** The text with its cache mounts and some base images by digest; undefined: nothing changes, so the bytes stay as they are committed. */
  readonly rewritten: string | undefined;
  /** Where it has more lines than what is committed; undefined: it has as many. */
  readonly added?: AddedLines;
  /** Base images by digest, for named contexts. */
  readonly baseImages: ReadonlyMap<string, string>;
  /** Does it declare `ARG SOURCE_DATE_EPOCH`? */
  readonly wantsEpoch: boolean;
  /** For people: where the shared cache is not used, and why. */
  readonly notes: readonly string[];
  /** The shared caches that it mounts. */
  readonly caches: readonly UsedCache[];
}

/** What is known of an image beside its Dockerfile. */
export interface Surroundings {
  /** Base images as the Dockerfile has them → by digest. */
  readonly pins?: ReadonlyMap<string, string>;
  /** See nativeCode. */
  readonly native?: string | undefined;
  readonly baseConfig?: BaseConfigs | undefined;
  /** Variables that the image is to have, where they are not written into its configuration later. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What mounts start from. */
  readonly seeds?: Seeds;
}

/** Decides which Dockerfile a build gets: the repository's own, or one with its cache mounts. `buildArgs`: with templates filled in. */
export function prepareDockerfile(
  image: CatalogImage,
  text: string,
  buildArgs: Readonly<Record<string, string>>,
  namespace: string,
  { pins = new Map(), native, baseConfig: configs, variables = {}, seeds = new Map() }: Surroundings = {},
): PreparedDockerfile {
  const { cacheMounts, target } = image;
  const baseConfig = configs && throughContexts(configs, image.options?.buildContexts);
  const pinned = pinBases(text, buildArgs, pins);
  const mounted = addCacheMounts(pinned.text, { cacheMounts, target, buildArgs, namespace, native, baseConfig, seeds });
  const isBound = Object.keys(variables).length > 0;
  const bound = isBound ? bindInDockerfile(mounted.text, target, variables) : undefined;
  if (isBound && bound === undefined) {
    throw new BuildError(
      `${image.name} can't be bound to ${Object.keys(variables).join(', ')} in the local engine: ${image.dockerfile} ends in a way that no ENV can follow. Push it, so that it is bound in the registry, or correct the last line.`,
    );
  }
  const final = bound?.text ?? mounted.text;
  return {
    rewritten: final === text ? undefined : final,
    ...(bound === undefined ? {} : { added: bound.added }),
    baseImages: pinned.contexts,
    wantsEpoch: /^[ \t]*ARG[ \t][^\n]*\bSOURCE_DATE_EPOCH\b/im.test(text),
    notes: [...pinned.notes, ...mounted.notes],
    caches: mounted.caches,
  };
}

/**
 * Digest of the headers, native sources and libraries among the files of a build; undefined: there are none. Go's build cache does not
 * notice a changed one outside of the package's own folder (`#include "../inc/v.h"`, cgo's `-I` and libraries), so builds share a compile
 * cache only as long as these stay the same: https://pkg.go.dev/cmd/go#hdr-Build_and_test_caching
 */
export function nativeCode(files: readonly { readonly path: string; readonly oid: string }[]): string | undefined {
  const native = files.filter(({ path }) => /\.(h|hh|hpp|hxx|inc|c|cc|cpp|cxx|m|mm|s|S|sx|a|o|so)$/.test(path));
  if (native.length === 0) return undefined;
  const lines = native.map(({ path, oid }) => `${oid} ${path}\0`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 16);
}

/** Where the Dockerfile of a build is: outside of its tree, under the same base name, so that BuildKit's messages name it as ever. */
export function dockerfilePlace(
  folders: Scratch,
  { name, dockerfile }: Pick<CatalogImage, 'name' | 'dockerfile'>,
): string {
  return join(folders.dockerfiles, name, basename(dockerfile));
}

/**
 * Writes a Dockerfile to its place, with the ignore file in force beside it, where BuildKit looks first, so that nothing else counts:
 * https://docs.docker.com/build/concepts/context/#filename-and-location
 */
export async function writeDockerfile(
  scratch: Scratch,
  image: CatalogImage,
  text: string | Uint8Array,
  ignore: string | Uint8Array | undefined,
): Promise<void> {
  const file = dockerfilePlace(scratch, image);
  await mkdir(join(scratch.dockerfiles, image.name), { recursive: true });
  await writeFile(file, text);
  if (ignore !== undefined) await writeFile(`${file}.dockerignore`, ignore);
}
