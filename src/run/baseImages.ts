import { localImage } from '../docker/localImage';
import { baseConfigOf } from '../oci/imageConfig';
import type { BaseConfigs } from '../dockerfile/stages';
import { isDigest } from '../oci/names';
import { isAway } from '../oci/network';
import { parseImageReference } from '../oci/imageReference';
import type { AskBaseConfig } from '../plan/baseConfigs';
import { InterruptedError, message } from '../errors';
import type { BaseConfig, Log, Registry } from '../types';

/** The base images of a run: each looked up once, so that key and build use the same one. */
export interface BaseImages {
  /** `sha256:…` in its registry; `local:sha256:…` for one that only the engine here has; undefined: nobody knows. */
  digest(reference: string): Promise<string | undefined>;
  /** The configuration of what `digest` gave; a reference may have a digest itself. undefined: no registry is asked. */
  readonly config?: AskBaseConfig;
  /** What `config` has found. */
  readonly configs?: BaseConfigs;
  /** Reference as the Dockerfile has it → the same by digest, for those a registry answered: what a build is held to. */
  pins(): ReadonlyMap<string, string>;
}

/** What it means that a registry which is there did not answer. */
const follows = ' The content keys are others than those of a run that gets an answer.';

interface Found {
  readonly digest: string;
  /** undefined: it is in the engine here, with this configuration. */
  readonly repository: string | undefined;
  readonly local?: BaseConfig | undefined;
}

/**
 * Base images by their registries, else by the engine's own image store, which is what a build without a network uses. What a registry that is
 * there does not tell is warned of: the key of the same content is then another one. `registry` logs in with the logins of this machine.
 */
export function createBaseImages(registry: Registry | undefined, log: Log): BaseImages {
  const pins = new Map<string, string>();
  const ask = async (reference: string): Promise<Found | undefined> => {
    const { repository, tag, digest } = parseImageReference(reference);
    if (digest !== undefined && isDigest(digest)) return { digest, repository };
    let why: string | undefined;
    try {
      const found = await registry?.head(repository, tag);
      if (found !== undefined) {
        pins.set(reference, `${repository}@${found.digest}`);
        return { digest: found.digest, repository };
      }
    } catch (thrown) {
      why = reasonOf(thrown);
      log.debug(`base image ${reference}: ${message(thrown)}`);
    }
    const local = await localImage(reference);
    if (local !== undefined) {
      if (why !== undefined)
        log.warning(
          `The base image ${reference}: ${why} The one in the Docker engine here is taken instead.${follows}`,
        );
      return { digest: `local:${local.id}`, repository: undefined, local: local.config };
    }
    const nowhere = `The base image ${reference} can be found neither in its registry nor in the Docker engine here`;
    log.warning(`${nowhere}, so images built on it are rebuilt.${why === undefined ? '' : ` ${why}${follows}`}`);
    return undefined;
  };
  const found = once(ask);
  const known = new Map<string, BaseConfig | undefined>();
  const configured = once(async (reference: string, platform?: string): Promise<BaseConfig | undefined> => {
    const image = await found(reference);
    if (image?.repository === undefined) return image?.local;
    const { repository, digest } = image;
    let why: string | undefined;
    try {
      const config = registry && (await baseConfigOf(registry, repository, digest, platform));
      if (config !== undefined) return config;
    } catch (thrown) {
      why = reasonOf(thrown);
      log.debug(`configuration of base image ${reference}: ${message(thrown)}`);
    }
    const local = await localImage(`${repository}@${digest}`);
    if (local === undefined && why !== undefined) {
      log.warning(`The configuration of base image ${reference} can't be read: ${why}${follows}`);
    }
    return local?.config;
  });
  return {
    digest: async (reference) => (await found(reference))?.digest,
    ...(registry === undefined
      ? {}
      : {
          config: async (reference, platform) => {
            const config = await configured(reference, platform);
            known.set(JSON.stringify([reference, platform]), config);
            return config;
          },
          configs: (reference, platform) => known.get(JSON.stringify([reference, platform])),
        }),
    pins: () => pins,
  };
}

/**
 * Why a registry that is there did not answer; undefined: it is not there, or the run ends. Without a network the engine's images are what
 * counts: that is another thing.
 */
function reasonOf(thrown: unknown): string | undefined {
  return isAway(thrown) || thrown instanceof InterruptedError ? undefined : message(thrown);
}

/** The same answer to the same question. */
function once<A extends readonly (string | undefined)[], T>(
  ask: (...about: A) => Promise<T>,
): (...about: A) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (...about) => {
    const key = JSON.stringify(about);
    const answer = asked.get(key) ?? ask(...about);
    asked.set(key, answer);
    return answer;
  };
}
