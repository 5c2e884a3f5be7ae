import { createHash } from 'node:crypto';
import { BuildError } from '../errors';
import type { Descriptor, Manifest, Registry } from '../types';
import { mapConcurrently } from '../system/mapConcurrently';
import { bindConfig, bindIndex, bindManifest, readBindable, type Replacement } from './bind';

/** The image that carries the digests of others. */
interface BoundImage extends Manifest {
  /** For people: what the bound image lacks of the unbound one. */
  readonly notes: readonly string[];
}

/** An index lists images; one that lists indexes that list indexes is none of ours. */
const deepest = 3;

/** What was read of a repository before, by its digest; undefined: it was not. */
export type KnownByDigest = (digest: string) => Manifest | undefined;

/** An image as it is to be, and what is to be put for it. */
interface Rewritten extends Descriptor {
  readonly bytes: Uint8Array;
  /** undefined: it stays, or it is an index. */
  readonly config: { readonly mediaType: string; readonly bytes: Uint8Array } | undefined;
  readonly children: readonly Rewritten[];
}

/**
 * Puts an image beside `digest` that has these environment variables too: the same layers, another configuration, by digest and
 * without a tag. Binding the same image to the same values gives the same digest, on any machine at any time.
 * Throws BuildError where the image can't be bound, RegistryError where the registry refuses. `isNew`: nobody had the image before, so none that is
 * bound is looked for.
 */
export async function bindImage(
  registry: Registry,
  repository: string,
  digest: string,
  env: Readonly<Record<string, string>>,
  known: KnownByDigest = () => undefined,
  isNew = false,
): Promise<BoundImage> {
  const notes: string[] = [];
  const bound = await rewritten({ registry, repository, env, known, notes }, digest, 1);
  const { mediaType, size, bytes } = bound;
  // What is there is not put again: a run in which nothing changed leaves no trace in the registry.
  const isThere =
    bound.digest === digest || (!isNew && (await registry.head(repository, bound.digest))?.digest === bound.digest);
  if (!isThere) await putAll(registry, repository, bound);
  return { mediaType, digest: bound.digest, size, bytes, notes };
}

interface Binding {
  readonly registry: Registry;
  readonly repository: string;
  readonly env: Readonly<Record<string, string>>;
  readonly known: KnownByDigest;
  readonly notes: string[];
}

async function rewritten(binding: Binding, digest: string, depth: number): Promise<Rewritten> {
  const { registry, repository, env, known, notes } = binding;
  const refuse = (why: string): BuildError =>
    new BuildError(
      `${repository}@${digest} can’t be bound to ${Object.keys(env).sort().join(', ') || 'nothing'}: ${why}. Build it again with rebuild: all.`,
    );
  const manifest = known(digest) ?? (await registry.manifest(repository, digest));
  if (manifest === undefined) throw refuse('the registry has no such image');
  const { mediaType } = manifest;
  const content = readBindable(manifest.bytes);
  if (content === undefined || depth > deepest) throw refuse(`it is not an image (${mediaType.slice(0, 100)})`);
  const old = content.config;
  if (old !== undefined) {
    const config = bindConfig(await registry.blob(repository, old.digest), env);
    if (config === undefined) throw refuse('its configuration can’t be read');
    // Bound to these already.
    if (descriptorOf(config).digest === old.digest) return { ...manifest, config: undefined, children: [] };
    const bytes = bindManifest(manifest.bytes, descriptorOf(config));
    return {
      mediaType,
      ...descriptorOf(bytes),
      bytes,
      config: { mediaType: old.mediaType, bytes: config },
      children: [],
    };
  }
  const images = content.children.filter(({ kind }) => kind !== 'attestation');
  for (const child of content.children.filter(({ kind }) => kind === 'attestation'))
    notes.push(`${child.digest} is left out of the bound image: it attests to the image before binding.`);
  if (images.length === 0) throw refuse('its index lists no image');
  const children = await mapConcurrently(images, (child) => rewritten(binding, child.digest, depth + 1));
  const replacements = new Map(images.map((image, index) => [image.digest, children[index] as Replacement]));
  const bytes = bindIndex(manifest.bytes, replacements);
  return { mediaType, ...descriptorOf(bytes), bytes, config: undefined, children };
}

/** Parts first. Nobody looks for what is new: the whole, which was not there, is put last. */
async function putAll(
  registry: Registry,
  repository: string,
  { digest, mediaType, bytes, config, children }: Rewritten,
): Promise<void> {
  await mapConcurrently(children, (child) => putAll(registry, repository, child));
  if (config !== undefined) await registry.putBlob(repository, config.mediaType, config.bytes, true);
  await registry.putManifest(repository, digest, mediaType, bytes);
}

function descriptorOf(bytes: Uint8Array): Replacement {
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
}
