import { isAbsolute, join, relative } from 'node:path';
import { expandTemplate } from '../system/template';
import type { CatalogImage, Command } from '../types';
import type { Capabilities } from './capabilities';
import { rfc3339 } from './commitDate';

/** All that the arguments of one build depend on, besides the builder's abilities. */
export interface BuildRequest {
  readonly image: CatalogImage;
  /** `HOST/PATH/NAME`; without push a name of the local engine. */
  readonly repository: string;
  /** `key-…`, or `commit-…` without push. */
  readonly tag: string;
  readonly push: boolean;
  readonly platforms: readonly string[];
  /** 40 hex digits: the commit. */
  readonly revision: string;
  /** What templates of build arguments can name: `sha`, `short_sha`, `branch`, `date`. */
  readonly values: Readonly<Record<string, string>>;
  /** The commit's date, seconds since the epoch. */
  readonly date: number;
  /** Address of the repository, for the label; undefined: not known. */
  readonly source: string | undefined;
  readonly version: string;
  readonly cache: 'none' | 'registry' | 'gha';
  /** Does the Dockerfile declare `ARG SOURCE_DATE_EPOCH`? */
  readonly wantsEpoch: boolean;
  /** Base image as the Dockerfile has it → the same by digest: what the content key was made with is what is built on. */
  readonly baseImages: ReadonlyMap<string, string>;
  readonly places: BuildPlaces;
}

/** Where the build finds and leaves things. */
export interface BuildPlaces {
  /** The commit's files; the working directory of the build. */
  readonly tree: string;
  /** The Dockerfile to use: in the tree, or rewritten outside of it. Absolute, or relative to the tree. */
  readonly dockerfile: string;
  /** Written by buildx; must not exist before, as a failed build leaves an old one untouched. */
  readonly metadataFile: string;
  readonly dockerConfig: string;
}

/**
 * The one command that builds an image and, with push, pushes it under its content key. Paths are relative to the tree, so that a
 * dry run prints exactly this. https://docs.docker.com/reference/cli/docker/buildx/build/
 *
 * The commit's date goes to the exporter (`source-date-epoch`), not into the environment: as SOURCE_DATE_EPOCH it is part of every
 * WORKDIR and COPY, and each commit would build all steps anew. A Dockerfile that declares the argument gets it all the same.
 */
export function buildCommand(request: BuildRequest, able: Capabilities): Command {
  const { image, places, platforms, push, repository, tag } = request;
  const args = [
    'buildx',
    'build',
    `--progress=${able.rawProgress ? 'rawjson' : 'plain'}`,
    // Attestations hold times and arguments: digests would not repeat, and values would leak.
    '--provenance=false',
    '--sbom=false',
    ...['--platform', platforms.join(',')],
    ...['--file', toTree(places, places.dockerfile)],
    ...(image.target === undefined ? [] : ['--target', image.target]),
    ...Object.entries(buildArgs(request)).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...Object.entries(labels(request)).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    // https://docs.docker.com/build/concepts/context/#named-contexts
    ...[...request.baseImages].flatMap(([name, pinned]) => ['--build-context', `${name}=docker-image://${pinned}`]),
    ...cacheArgs(request, able),
    ...['--metadata-file', toTree(places, places.metadataFile)],
    ...['--output', output(`${repository}:${tag}`, push, request.date)],
    // With `./` it can be neither an option nor an address.
    image.context === '.' ? '.' : `./${image.context}`,
  ];
  return { command: 'docker', args, cwd: places.tree, env: environment(places), unset: ['SOURCE_DATE_EPOCH'] };
}

/** The image's build arguments with their templates filled in. */
export function buildArgs({ image, values, date, wantsEpoch }: BuildRequest): Readonly<Record<string, string>> {
  const own = Object.entries(image.buildArgs).map(([name, value]) => [name, expandTemplate(value, values)] as const);
  return Object.fromEntries(wantsEpoch ? [['SOURCE_DATE_EPOCH', String(date)], ...own] : own);
}

/** https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys */
function labels({ image, source, revision, version, date }: BuildRequest): Readonly<Record<string, string>> {
  const prefix = 'org.opencontainers.image';
  return {
    ...(source === undefined ? {} : { [`${prefix}.source`]: source }),
    [`${prefix}.revision`]: revision,
    [`${prefix}.created`]: rfc3339(date),
    [`${prefix}.version`]: version,
    [`${prefix}.title`]: image.name,
  };
}

/**
 * `store=false` leaves the image out of the engine's own store, where times can't be rewritten; the classic store ignores both, and
 * so do builders without one. https://docs.docker.com/build/exporters/image-registry/
 */
function output(name: string, push: boolean, date: number): string {
  const epoch = `source-date-epoch=${date}`;
  return push
    ? `type=image,name=${name},push=true,store=false,rewrite-timestamp=true,${epoch}`
    : `type=docker,name=${name},${epoch}`;
}

/** https://docs.docker.com/build/cache/backends/registry/, gha/. Whatever is wrong with a cache, the build goes on. */
function cacheArgs({ cache, image, repository }: BuildRequest, able: Capabilities): readonly string[] {
  if (cache === 'none') return [];
  const [from, to] =
    cache === 'registry'
      ? [
          `type=registry,ref=${repository}:buildcache`,
          // As an image manifest, which every registry takes.
          `type=registry,ref=${repository}:buildcache,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true`,
        ]
      : [
          `type=gha,scope=kfp-images-${image.name}`,
          `type=gha,scope=kfp-images-${image.name},mode=max,ignore-error=true`,
        ];
  return ['--cache-from', from, ...(able.exportsCache ? ['--cache-to', to] : [])];
}

function environment({ dockerConfig }: BuildPlaces): Readonly<Record<string, string>> {
  return {
    DOCKER_CONFIG: dockerConfig,
    // The tree is no repository, and what git says of the folder above it must not become a label.
    BUILDX_GIT_INFO: 'false',
    // Only digests are read from the metadata file.
    BUILDX_METADATA_PROVENANCE: 'disabled',
  };
}

function toTree({ tree }: BuildPlaces, path: string): string {
  return isAbsolute(path) ? relative(tree, path) : relative(tree, join(tree, path));
}
