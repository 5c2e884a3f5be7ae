import type { BaseConfigs } from '../dockerfile/stages';
import type { DockerfileUse } from '../dockerfile/instructionUse';
import type { BaseConfig } from '../types';

/** Asks for the configuration of a base image for a platform; undefined: it can't be determined. */
export type AskBaseConfig = (reference: string, platform: string | undefined) => Promise<BaseConfig | undefined>;

/** A base image's ONBUILD may copy from one that was not seen before; nobody goes on so for long. */
const mostRounds = 4;

/**
 * Reads the configuration of every base image that Dockerfiles start from, all at once. `uses`: what the Dockerfiles take by what is known
 * so far; asked again until nothing new comes.
 */
export async function readBaseConfigs(
  ask: AskBaseConfig,
  uses: (known: BaseConfigs) => readonly DockerfileUse[],
): Promise<BaseConfigs> {
  const asked = new Map<string, BaseConfig | undefined>();
  for (let round = 0; round < mostRounds; round++) {
    const missing = new Map<string, readonly [string, string | undefined]>();
    const bases = uses((reference, platform) => {
      const key = JSON.stringify([reference, platform]);
      if (!asked.has(key)) missing.set(key, [reference, platform]);
      return asked.get(key);
    }).flatMap((use) => use.bases);
    // Of stages that nobody reaches nothing is asked.
    const wanted = [...missing].filter(([, [reference]]) => bases.some((base) => base.reference === reference));
    if (wanted.length === 0) break;
    await Promise.all(wanted.map(async ([key, about]) => asked.set(key, await ask(...about))));
  }
  return (reference, platform) => asked.get(JSON.stringify([reference, platform]));
}
