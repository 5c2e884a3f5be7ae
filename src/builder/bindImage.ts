import { createHash } from 'node:crypto';
import { BuildError } from '../errors';
import type { Descriptor, Manifest, Registry } from '../types';
import { bindConfig, bindIndex, bindManifest, readBindable, type Replacement } from './bind';

/** The image that carries the digests of others. */
interface BoundImage extends Descriptor {
  /** For people: what the bound image lacks of the unbound one. */
  readonly notes: readonly string[];
}

/** An index lists images; one that lists indexes that list indexes is none of ours. */
const deepest = 3;

/**
 * Puts an image beside `digest` that has these environment variables too: the same layers, another configuration, by digest and
 * without a tag. Binding the same image to the same values gives the same digest, on any machine at any time.
 * Throws BuildError where the image can't be bound, RegistryError where the registry refuses.
 */
export async function bindImage(
  registry: Registry,
  repository: string,
  digest: string,
  env: Readonly<Record<string, string>>,
): Promise<BoundImage> {
  const notes: string[] = [];
  const bound = await bindAny(registry, repository, digest, env, notes, 1);
  return { ...bound, notes };
}

async function bindAny(
  registry: Registry,
  repository: string,
  digest: string,
  env: Readonly<Record<string, string>>,
  notes: string[],
  depth: number,
): Promise<Descriptor> {
  const refuse = (why: string): BuildError =>
    new BuildError(
      `${repository}@${digest} can’t be bound to ${Object.keys(env).sort().join(', ')}: ${why}. Build it again with rebuild: all.`,
    );
  const manifest = await registry.manifest(repository, digest);
  if (manifest === undefined) throw refuse('the registry has no such image');
  const content = readBindable(manifest.bytes);
  if (content === undefined || depth > deepest)
    throw refuse(`it is not an image (${manifest.mediaType.slice(0, 100)})`);
  const old = content.config;
  if (old !== undefined) {
    const config = bindConfig(await registry.blob(repository, old.digest), env);
    if (config === undefined) throw refuse('its configuration can’t be read');
    // Bound to these already.
    if (descriptorOf(config).digest === old.digest) return manifest;
    await registry.putBlob(repository, old.mediaType, config);
    return put(registry, repository, manifest, bindManifest(manifest.bytes, descriptorOf(config)));
  }
  const replacements = new Map<string, Replacement>();
  for (const child of content.children) {
    if (child.kind === 'attestation') {
      notes.push(`${child.digest} is left out of the bound image: it attests to the image before binding.`);
    } else {
      replacements.set(child.digest, await bindAny(registry, repository, child.digest, env, notes, depth + 1));
    }
  }
  if (replacements.size === 0) throw refuse('its index lists no image');
  return put(registry, repository, manifest, bindIndex(manifest.bytes, replacements));
}

/** What is there is not put again: a run in which nothing changed leaves no trace in the registry. */
async function put(
  registry: Registry,
  repository: string,
  { mediaType }: Manifest,
  bytes: Uint8Array,
): Promise<Descriptor> {
  const { digest } = descriptorOf(bytes);
  const there = await registry.head(repository, digest);
  return there?.digest === digest ? there : registry.putManifest(repository, digest, mediaType, bytes);
}

function descriptorOf(bytes: Uint8Array): Replacement {
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
}
