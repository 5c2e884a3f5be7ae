import { isAbsolute, join, relative } from 'node:path';
import { githubCacheVariables } from '../system/childEnvironment';
import { expandTemplate } from '../system/template';
import type { CatalogImage, Command } from '../types';
import type { Capabilities } from './capabilities';
import { rfc3339 } from './commitDate';
import {
  field,
  filledIn,
  isUncached,
  optionArgs,
  secretEnvironment,
  type Destination,
  type GivenSecrets,
} from './options';

/** All that the arguments of one build depend on, besides the builder's abilities. */
export interface BuildRequest {
  readonly image: CatalogImage;
  /** `HOST/PATH/NAME`; without push a name of the local engine. */
  readonly repository: string;
  /** `key-…`, where the builder does not push by digest; without push `commit-…`. */
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
  /** Name of a buildx builder; undefined: the one that docker takes. */
  readonly builder?: string | undefined;
  /** Does the Dockerfile declare `ARG SOURCE_DATE_EPOCH`? */
  readonly wantsEpoch: boolean;
  /** Base image as the Dockerfile has it → the same by digest: what the content key was made with is what is built on. */
  readonly baseImages: ReadonlyMap<string, string>;
  /** Other contexts that are folders of the tree: name → folder. */
  readonly contexts?: ReadonlyMap<string, string>;
  /** What secrets and agents of the catalog stand for. */
  readonly given?: GivenSecrets;
  /** No layer of an earlier build is used. */
  readonly noCache?: boolean;
  /** Without push: where the image goes instead of only into the engine. */
  readonly destinations?: readonly Destination[];
  /** The registry speaks http, though it is not on this machine. */
  readonly plainHttp?: boolean;
  /** An image that scans what was built; undefined: nothing does. */
  readonly scanner?: string | undefined;
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
 * WORKDIR and COPY, and each commit would rebuild all steps. A Dockerfile that declares the argument gets it all the same.
 */
export function buildCommand(request: BuildRequest, able: Capabilities): Command {
  const { image, places, platforms } = request;
  const args = [
    'buildx',
    'build',
    ...(request.builder === undefined ? [] : ['--builder', request.builder]),
    '--progress=rawjson',
    // Attestations hold times and arguments: digests would not repeat, and values would leak.
    '--provenance=false',
    // What a scanner says is taken out of the index once it is pushed. https://docs.docker.com/build/metadata/attestations/sbom/
    request.scanner === undefined ? '--sbom=false' : `--sbom=generator=${request.scanner}`,
    ...['--platform', platforms.join(',')],
    ...['--file', toTree(places, places.dockerfile)],
    ...(image.target === undefined ? [] : ['--target', image.target]),
    ...Object.entries(buildArgs(request)).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...Object.entries(labels(request)).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    // https://docs.docker.com/build/concepts/context/#named-contexts
    ...[...request.baseImages].flatMap(([name, pinned]) => ['--build-context', `${name}=docker-image://${pinned}`]),
    ...optionArgs(request),
    ...cacheArgs(request, able),
    ...['--metadata-file', toTree(places, places.metadataFile)],
    ...outputs(request, able).flatMap((each) => ['--output', each]),
    // With `./` it can be neither an option nor an address.
    image.context === '.' ? '.' : `./${image.context}`,
  ];
  const command = {
    command: 'docker',
    args,
    cwd: places.tree,
    env: { ...environment(places), ...secretEnvironment(request) },
    unset: ['SOURCE_DATE_EPOCH'],
  };
  // The runner's own tokens go to docker only where its cache is used.
  return request.cache === 'gha' ? { ...command, needs: githubCacheVariables } : command;
}

/** The image's build arguments with their templates filled in. */
export function buildArgs({ image, values, date, wantsEpoch }: BuildRequest): Readonly<Record<string, string>> {
  const own = Object.entries(image.buildArgs).map(([name, value]) => [name, expandTemplate(value, values)] as const);
  return Object.fromEntries(wantsEpoch ? [['SOURCE_DATE_EPOCH', String(date)], ...own] : own);
}

/** https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys */
function labels({ image, source, revision, version, date, values }: BuildRequest): Readonly<Record<string, string>> {
  const prefix = 'org.opencontainers.image';
  return {
    ...(source === undefined ? {} : { [`${prefix}.source`]: source }),
    [`${prefix}.revision`]: revision,
    [`${prefix}.created`]: rfc3339(date),
    [`${prefix}.version`]: version,
    [`${prefix}.title`]: image.name,
    ...filledIn(image.options?.labels ?? {}, values),
  };
}

/**
 * `store=false` leaves the image out of the engine's own store, where times can't be rewritten. `oci-mediatypes=true`: some registries
 * refuse Docker's own types, and zstd layers have no name among these. The classic store ignores all of these, and builders without a
 * store the first. By digest alone, where that can be done: the tag of a content key may name what another run is about to publish, and
 * some registries delete that at once when the tag moves. https://docs.docker.com/build/exporters/image-registry/
 */
function outputs(
  { repository, tag, push, date, destinations, plainHttp }: BuildRequest,
  able: Capabilities,
): readonly string[] {
  const epoch = `source-date-epoch=${date}`;
  if (!push) {
    const name = `name=${repository}:${tag}`;
    return (destinations ?? [{ type: 'docker' }]).map(({ type, file }) =>
      [`type=${type}`, ...(file === undefined ? [] : [field('dest', file)]), name, epoch].join(','),
    );
  }
  const target = able.pushesByDigest ? `${repository},push-by-digest=true` : `${repository}:${tag}`;
  const beside = able.bypassesStore
    ? ',store=false,oci-mediatypes=true,rewrite-timestamp=true'
    : ',oci-mediatypes=true';
  return [`type=image,name=${target},push=true${insecure(plainHttp)}${beside},${epoch}`];
}

/** https://docs.docker.com/build/cache/backends/registry/, gha/. Whatever is wrong with a cache, the build goes on. */
function cacheArgs(
  { cache, image, repository, noCache, plainHttp }: BuildRequest,
  able: Capabilities,
): readonly string[] {
  if (cache === 'none') return [];
  const [from, to] =
    cache === 'registry'
      ? [
          `type=registry,ref=${repository}:buildcache${insecure(plainHttp)}`,
          // As an image manifest, which every registry takes.
          `type=registry,ref=${repository}:buildcache${insecure(plainHttp)},mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true`,
        ]
      : [
          `type=gha,scope=kfp-images-${image.name}`,
          `type=gha,scope=kfp-images-${image.name},mode=max,ignore-error=true`,
        ];
  return [
    ...(isUncached({ image, ...(noCache === undefined ? {} : { noCache }) }) ? [] : ['--cache-from', from]),
    ...(able.exportsCache ? ['--cache-to', to] : []),
  ];
}

function environment({ dockerConfig }: BuildPlaces): Readonly<Record<string, string>> {
  return {
    DOCKER_CONFIG: dockerConfig,
    // The tree is not a repository, and what git says of the folder above it must not become a label.
    BUILDX_GIT_INFO: 'false',
    // Only digests are read from the metadata file.
    BUILDX_METADATA_PROVENANCE: 'disabled',
  };
}

function toTree({ tree }: BuildPlaces, path: string): string {
  return isAbsolute(path) ? relative(tree, path) : relative(tree, join(tree, path));
}

/** Lets BuildKit push by http. The engine's classic store pushes by itself, and asks its own configuration. */
function insecure(plainHttp: boolean | undefined): string {
  return plainHttp === true ? ',registry.insecure=true' : '';
}
