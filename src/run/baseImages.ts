import { localImage } from '../build/localImage';
import { parseImageReference } from '../publish/imageReference';
import { message } from '../errors';
import type { Log, Registry } from '../types';

/** The base images of a run that no Dockerfile pins: each looked up once, so that key and build use the same one. */
export interface BaseImages {
  /** `sha256:…` in its registry; `local:sha256:…` for one that only the engine here has; undefined: nobody knows. */
  digest(reference: string): Promise<string | undefined>;
  /** Reference as the Dockerfile has it → the same by digest, for those a registry answered: what a build is held to. */
  pins(): ReadonlyMap<string, string>;
}

/**
 * Base images by their registries, asked without retries worth waiting for; else by the engine's own image store, which is what a build
 * without a network uses. `registry` logs in with the logins of this machine.
 */
export function createBaseImages(registry: Registry | undefined, log: Log): BaseImages {
  const asked = new Map<string, Promise<string | undefined>>();
  const pins = new Map<string, string>();
  const ask = async (reference: string): Promise<string | undefined> => {
    const { repository, tag } = parseImageReference(reference);
    try {
      const found = await registry?.head(repository, tag);
      if (found !== undefined) {
        pins.set(reference, `${repository}@${found.digest}`);
        return found.digest;
      }
    } catch (thrown) {
      log.debug(`base image ${reference}: ${message(thrown)}`);
    }
    const local = await localImage(reference);
    if (local !== undefined) return `local:${local}`;
    log.warning(
      `The base image ${reference} can be found neither in its registry nor in the Docker engine here, so images built on it are built anew.`,
    );
    return undefined;
  };
  return {
    digest(reference) {
      let answer = asked.get(reference);
      if (answer === undefined) asked.set(reference, (answer = ask(reference)));
      return answer;
    },
    pins: () => pins,
  };
}
