import { EnvironmentError } from '../errors';
import type { Builder } from './builder';

/** What a builder can do, as far as the build's arguments depend on it. */
export interface Capabilities {
  /** `--progress=rawjson`, since buildx 0.13: https://docs.docker.com/reference/cli/docker/buildx/build/#progress */
  readonly rawProgress: boolean;
  /**
   * Sets the times of files to the commit's while it pushes, so that the same commit gives the same digest from nothing.
   * https://github.com/moby/buildkit/blob/master/docs/build-repro.md
   */
  readonly rewritesTimes: boolean;
  /** Can write a layer cache to a registry or to GitHub: https://docs.docker.com/build/cache/backends/ */
  readonly exportsCache: boolean;
  readonly multiPlatform: boolean;
  /** Keeps several platforms of one image in the engine. */
  readonly loadsMultiPlatform: boolean;
}

/** The engine's classic image store has neither of the newer abilities; all others have them. */
export function capabilitiesOf({ buildx: [major, minor], store }: Builder): Capabilities {
  const modern = store !== 'classic';
  return {
    rawProgress: major > 0 || minor >= 13,
    rewritesTimes: modern,
    exportsCache: modern,
    multiPlatform: modern,
    loadsMultiPlatform: store === 'containerd',
  };
}

/** What is asked of the builder. */
export interface BuilderWish {
  readonly platforms: readonly string[];
  readonly push: boolean;
  readonly cache: 'none' | 'registry' | 'gha';
}

/**
 * Can this builder do what is asked? Throws EnvironmentError with the mend where it can't; gives sentences for people where it
 * can only do part of it.
 */
export function checkBuilder(builder: Builder, { platforms, push, cache }: BuilderWish): readonly string[] {
  const able = capabilitiesOf(builder);
  const mend =
    'Turn on the containerd image store (https://docs.docker.com/engine/storage/containerd/), or create a builder: ' +
    '`docker buildx create --use`, in a workflow docker/setup-buildx-action.';
  if (platforms.length > 1 && !able.multiPlatform) {
    throw new EnvironmentError(
      `The Docker engine's classic image store can't hold several platforms (${platforms.join(', ')}). ${mend}`,
    );
  }
  if (platforms.length > 1 && !push && !able.loadsMultiPlatform) {
    throw new EnvironmentError(
      `Without push, images are loaded into the engine, and that holds one platform here, not ${platforms.join(', ')}. ` +
        'Choose one of the platforms, or turn on the containerd image store: https://docs.docker.com/engine/storage/containerd/',
    );
  }
  const foreign = builder.platforms.length === 0 ? [] : platforms.filter((each) => !builder.platforms.includes(each));
  return [
    ...(cache !== 'none' && !able.exportsCache
      ? [`This engine's classic image store can't write a build cache; cache: ${cache} only reads one. ${mend}`]
      : []),
    ...(push && !able.rewritesTimes
      ? [
          `This engine's classic image store can't set file times, so building the same commit again from nothing gives other digests. ${mend}`,
        ]
      : []),
    ...(foreign.length > 0
      ? [
          `This builder does not say that it can run ${foreign.join(', ')}. Building needs emulation for it, in a workflow docker/setup-qemu-action.`,
        ]
      : []),
  ];
}
