import { setTimeout as sleep } from 'node:timers/promises';
import { PublishError, message } from '../errors';
import { openAttachments } from '../oci/attachments';
import { checkImage } from '../oci/imageCheck';
import { readManifest } from '../oci/manifest';
import type { Log, Registry } from '../types';
import { separateSboms } from './attest/sbom';
import { putTag, readTag, type TagAt } from './putTag';

/** What takes in an image that was built. */
interface BuiltImagePorts {
  readonly registry: Registry;
  /** Calls go to their end even when the run is stopped. */
  readonly uncancellable: Registry;
  readonly log: Pick<Log, 'debug'>;
}

/**
 * What was pushed, by the registry's own word, under the tags of its key at once: should the run fail, the next one finds it. Publishing puts that of its content
 * too, and says what fails. What a scanner said (`isScanned`) is attached to the image then, not listed beside it.
 * Gives its digest; undefined: the registry does not have it. RegistryError, PublishError.
 */
export async function takeBuilt(
  { registry, uncancellable, log }: BuiltImagePorts,
  at: {
    readonly repository: string;
    /** The one that it was pushed under, if any, is the first. */
    readonly tags: readonly string[];
    readonly said: string;
    readonly isScanned: boolean;
  },
): Promise<string | undefined> {
  const { repository, tags, isScanned, said } = at;
  const pushed = await pushedDigest(registry, { repository, tag: tags[0] ?? '', said });
  if (pushed === undefined) return undefined;
  const ports = { registry: uncancellable, attachments: openAttachments(uncancellable) };
  const digest = isScanned ? await separateSboms(ports, repository, pushed) : pushed;
  for (const tag of tags) {
    await tagKey(registry, { repository, tag, digest }).catch((error: unknown) => log.debug(message(error)));
  }
  return digest;
}

/** Milliseconds between looks: some registries show what they took only moments later. */
const looks = [0, 200, 1000] as const;

/**
 * The digest under which the registry has what buildx says it pushed (`said`). Where the engine's classic image store is shared, another build
 * that gives the image's name to its own in between makes buildx say the digest of the configuration, or of an image that was never pushed:
 * then what the tag of the content key names counts, which has the same content whoever pushed it. undefined: the registry has neither.
 * Throws RegistryError.
 */
export async function pushedDigest(
  registry: Registry,
  { repository, tag, said }: { readonly repository: string; readonly tag: string; readonly said: string },
): Promise<string | undefined> {
  for (const wait of looks) {
    if (wait > 0) await sleep(wait);
    if (await isImage(registry, repository, said)) return said;
    const tagged = await registry.manifest(repository, tag);
    if (tagged !== undefined && readManifest(tagged.bytes) !== undefined) return tagged.digest;
  }
  return undefined;
}

async function isImage(registry: Registry, repository: string, digest: string): Promise<boolean> {
  const found = await registry.manifest(repository, digest);
  return found !== undefined && readManifest(found.bytes) !== undefined;
}

/**
 * Lets the tag of a content key name what was built, so that a later run finds it. Where it names a whole image already (two runs built it at
 * once, or it was built again) that one is as good, and stays: another run may be about to publish it, and some registries delete what no tag
 * names. Throws PublishError when the image is not there, RegistryError.
 */
export async function tagKey(registry: Registry, at: TagAt): Promise<void> {
  const named = await readTag(registry, at.repository, at.tag);
  if (named?.digest === at.digest || (named !== undefined && (await isWhole(registry, at.repository, named.digest))))
    return;
  await putTag(registry, at);
}

async function isWhole(registry: Registry, repository: string, digest: string): Promise<boolean> {
  try {
    await checkImage(registry, repository, digest);
    return true;
  } catch (error) {
    if (error instanceof PublishError) return false;
    throw error;
  }
}
