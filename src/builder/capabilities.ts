import { EnvironmentError } from '../errors';
import type { Builder } from './builder';
import { isAtLeast, versionOf } from './buildxInspect';
import { checkNodes } from './silentNodes';

/** What a builder can do, as far as the build's arguments depend on it. */
export interface Capabilities {
  /**
   * Sets the times of files to the commit's while it pushes, so that the same commit gives the same digest from nothing.
   * https://github.com/moby/buildkit/blob/master/docs/build-repro.md
   */
  readonly rewritesTimes: boolean;
  /**
   * Takes `store=false`. With the engine's containerd image store buildx before 0.22 asks for a stored image all the same, and every push
   * fails: https://github.com/docker/buildx/releases/tag/v0.22.0
   */
  readonly bypassesStore: boolean;
  /** Can write a layer cache to a registry or to GitHub: https://docs.docker.com/build/cache/backends/ */
  readonly exportsCache: boolean;
  /** Pushes an image by digest alone, without a tag: buildx refuses that for its docker driver, whatever the store. */
  readonly pushesByDigest: boolean;
  readonly multiPlatform: boolean;
  /** Keeps several platforms of one image in the engine. */
  readonly loadsMultiPlatform: boolean;
}

/** The first BuildKit that knows `rewrite-timestamp`; older ones ignore it without a word: https://github.com/moby/buildkit/releases/tag/v0.13.0 */
export const oldestBuildKit = [0, 13] as const;

/** The engine's classic image store has none of the newer abilities. */
export function capabilitiesOf(builder: Builder): Capabilities {
  const { buildx, store, driver } = builder;
  const modern = store !== 'classic';
  const bypassesStore = store !== 'containerd' || isAtLeast(buildx, [0, 22]);
  return {
    rewritesTimes: modern && bypassesStore && oldNodes(builder).length === 0,
    bypassesStore,
    exportsCache: modern,
    pushesByDigest: driver !== 'docker',
    multiPlatform: modern,
    loadsMultiPlatform: store === 'containerd',
  };
}

/** Nodes whose BuildKit is older than what is supported, as `NAME (VERSION)`. */
export function oldNodes({ nodes }: Builder): readonly string[] {
  return nodes.flatMap((node) => {
    const version = versionOf(node);
    return version === undefined || isAtLeast(version, oldestBuildKit) ? [] : [`${node.name} (${node.version ?? ''})`];
  });
}

/** What is asked of the builder. */
interface BuilderWish {
  readonly platforms: readonly string[];
  readonly push: boolean;
  readonly cache: 'none' | 'registry' | 'gha';
  /** Are images to be written to files? */
  readonly files?: boolean;
  /** Is a scanner to look at them? */
  readonly scans?: boolean;
}

const betterBuilder =
  'Turn on the containerd image store (https://docs.docker.com/engine/storage/containerd/), or create a builder: ' +
  '`docker buildx create --use`, in a workflow docker/setup-buildx-action.';

/** Images of the classic store have Docker's media types, which this registry refuses. */
export function classicStoreRefused(host: string, refusal: string): EnvironmentError {
  return new EnvironmentError(
    `${host} refuses images with Docker's own media types, and the Docker engine's classic image store can't push others: ` +
      `nothing was built. ${betterBuilder}\n${refusal}`,
  );
}

/**
 * Can this builder do what is asked? Throws EnvironmentError with the fix where it can't; gives sentences for people where it
 * can only do part of it.
 */
export function checkBuilder(
  builder: Builder,
  { platforms, push, cache, files, scans }: BuilderWish,
): readonly string[] {
  const able = capabilitiesOf(builder);
  if (files === true && builder.store === 'classic') {
    throw new EnvironmentError(`This engine's classic image store can't write images to files. ${betterBuilder}`);
  }
  if (scans === true && builder.store === 'classic') {
    throw new EnvironmentError(
      `This engine's classic image store can't run a scanner (sbom: generator=…). ${betterBuilder}`,
    );
  }
  if (platforms.length > 1 && !able.multiPlatform) {
    throw new EnvironmentError(
      `The Docker engine's classic image store can't hold several platforms (${platforms.join(', ')}). ${betterBuilder}`,
    );
  }
  if (platforms.length > 1 && !push && !able.loadsMultiPlatform) {
    throw new EnvironmentError(
      `Without push, images are loaded into the engine, and that holds one platform here, not ${platforms.join(', ')}. ` +
        'Choose one of the platforms, or turn on the containerd image store: https://docs.docker.com/engine/storage/containerd/',
    );
  }
  const silent = checkNodes(builder, platforms);
  const foreign = builder.platforms.length === 0 ? [] : platforms.filter((each) => !builder.platforms.includes(each));
  return [
    ...silent,
    ...(cache !== 'none' && !able.exportsCache
      ? [
          `This engine's classic image store can't write a build cache; cache: ${cache} only reads one. ${betterBuilder}`,
        ]
      : []),
    ...(push && !able.rewritesTimes ? [timesKept(builder)] : []),
    ...(foreign.length > 0
      ? [
          `This builder does not say that it can run ${foreign.join(', ')}. Building needs emulation for it, in a workflow docker/setup-qemu-action.`,
        ]
      : []),
  ];
}

/** Why file times stay as they were when the build ran, and what to do. */
function timesKept(builder: Builder): string {
  const what = 'set file times, so building the same commit again from nothing gives other digests';
  const old = oldNodes(builder);
  const { store, name, buildx } = builder;
  if (store === 'classic') return `This engine's classic image store can't ${what}. ${betterBuilder}`;
  if (old.length > 0) {
    return `BuildKit of the builder ${name} can't ${what}: ${old.join(', ')} is older than ${oldestBuildKit.join('.')}. Update it.`;
  }
  return `buildx ${buildx.join('.')} can't ${what}, where the engine has the containerd image store. Update it to 0.22 or newer: https://github.com/docker/buildx#installing`;
}
