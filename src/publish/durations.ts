import { readManifest } from '../oci/manifest';
import { mapConcurrently } from '../system/mapConcurrently';
import type { Registry } from '../types';
import { storeNote } from './setArtifact';
import { setRepository, tookTag } from './tags';

/** An image, built for one platform or (undefined) all of its own at once. */
interface Timed {
  readonly image: string;
  readonly platform: string | undefined;
}

const noteType = 'application/vnd.kfp-images.took.v1+json';
const annotation = 'kfp-images.seconds';

/**
 * Notes what a build took, where no set can: a shard publishes none. The note of the build before is written over. What no tag names any more may
 * stay in a registry for good, so a note has two digits: equal ones are the same manifest, and there are only so many. Throws RegistryError, and
 * nothing depends on the note.
 */
export async function noteSeconds(
  registry: Registry,
  registryPath: string,
  { image, platform }: Timed,
  seconds: number,
): Promise<void> {
  const tenths = Math.round(seconds * 10) / 10;
  const value = String(Number(tenths.toPrecision(2)));
  await storeNote(registry, setRepository(registryPath), tookTag(image, platform), noteType, { [annotation]: value });
}

/** What the last builds took, in seconds; undefined where nobody noted it. Throws RegistryError. */
export async function notedSeconds(
  registry: Registry,
  registryPath: string,
  timed: readonly Timed[],
): Promise<readonly (number | undefined)[]> {
  return mapConcurrently(timed, async ({ image, platform }) => {
    const found = await registry.manifest(setRepository(registryPath), tookTag(image, platform));
    const text = found === undefined ? undefined : readManifest(found.bytes)?.annotations[annotation];
    return text !== undefined && /^\d{1,6}(\.\d)?$/.test(text) ? Number(text) : undefined;
  });
}
