import { field, parseJson } from '../system/json';
import type { Descriptor, Manifest, Registry } from '../types';
import { isDigest } from './names';

/** One entry of an index. An attestation says something of another entry; the others are images, or indexes of them. */
export interface IndexEntry extends Descriptor {
  readonly kind: 'image' | 'attestation';
  /** `linux/arm64/v8`; undefined: it does not say. */
  readonly platform: string | undefined;
}

/** What a manifest or index says. https://github.com/opencontainers/image-spec/blob/main/manifest.md, image-index.md */
export interface ManifestContent {
  /** Its own word on its type, which its digest covers, unlike a registry's header. */
  readonly mediaType: string | undefined;
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
  /** Of an index: what it lists. */
  readonly children: readonly IndexEntry[];
  /** False: something that it lists could not be read, so it is not in the fields above. */
  readonly isComplete: boolean;
  /** Digest of what it is attached to. */
  readonly subject: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** More entries than any image has: the rest is not looked at. */
const mostEntries = 1000;

/** Reads a manifest or index in its OCI or Docker form. undefined: it is neither. Never throws. */
export function readManifest(bytes: Uint8Array): ManifestContent | undefined {
  const json = parseJson(bytes);
  const config = descriptor(field(json, 'config'));
  const [manifests, parts] = [list(field(json, 'manifests')), list(field(json, 'layers'))];
  const children = manifests.flatMap((entry) => indexEntry(entry) ?? []);
  if (config === undefined && !Array.isArray(field(json, 'manifests'))) return undefined;
  const layers = parts.flatMap((entry) => descriptor(entry) ?? []);
  const [mediaType, subject] = [field(json, 'mediaType'), field(field(json, 'subject'), 'digest')];
  const annotations = Object.entries(field(json, 'annotations') ?? {});
  return {
    mediaType: typeof mediaType === 'string' ? mediaType : undefined,
    config,
    layers,
    children,
    isComplete:
      children.length === manifests.length && layers.length === parts.length && manifests.length < mostEntries,
    subject: typeof subject === 'string' && isDigest(subject) ? subject : undefined,
    annotations: Object.fromEntries(
      annotations.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
  };
}

/** What of an image's configuration matters here. https://github.com/opencontainers/image-spec/blob/main/config.md */
interface ImageConfig {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
}

/** Configurations are small; a huge one is not read. */
const longestConfig = 4 * 2 ** 20;

/**
 * The configuration of an image; of an index that of its first image. undefined: it has none that can be read. Throws RegistryError.
 */
export async function readImageConfig(
  registry: Registry,
  repository: string,
  manifest: Manifest,
): Promise<ImageConfig | undefined> {
  const content = readManifest(manifest.bytes);
  const child = content?.children.find(({ kind }) => kind === 'image');
  const image = child === undefined ? manifest : await registry.manifest(repository, child.digest);
  const config = image === undefined ? undefined : readManifest(image.bytes)?.config;
  if (config === undefined || config.size > longestConfig) return undefined;
  if (!(await registry.hasBlob(repository, config.digest))) return undefined;
  const own = field(parseJson(await registry.blob(repository, config.digest)), 'config');
  const env = list(field(own, 'Env')).flatMap((line) => {
    const at = typeof line === 'string' ? line.indexOf('=') : -1;
    return typeof line === 'string' && at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
  });
  return { labels: Object.fromEntries(Object.entries(field(own, 'Labels') ?? {})), env: Object.fromEntries(env) };
}

/** BuildKit lists attestations so: https://docs.docker.com/build/metadata/attestations/attestation-storage/ */
function indexEntry(entry: unknown): IndexEntry | undefined {
  const known = descriptor(entry);
  const isAttestation =
    field(field(entry, 'platform'), 'os') === 'unknown' ||
    field(field(entry, 'annotations'), 'vnd.docker.reference.type') === 'attestation-manifest';
  return (
    known && {
      ...known,
      kind: isAttestation ? 'attestation' : 'image',
      platform: platformOf(field(entry, 'platform')),
    }
  );
}

/**
 * `linux/arm64/v8`, of an index's entry or an image's configuration, which have the same three fields; undefined: it does not say.
 * https://github.com/opencontainers/image-spec/blob/main/config.md
 */
export function platformOf(json: unknown): string | undefined {
  const parts = ['os', 'architecture', 'variant'].map((name) => field(json, name));
  const known = parts.filter((part) => typeof part === 'string' && part !== '');
  return known.length < 2 ? undefined : known.join('/');
}

/** What an index lists images for. */
export function listedPlatforms({ children }: ManifestContent): readonly string[] {
  return children.flatMap(({ kind, platform }) => (kind === 'image' && platform !== undefined ? [platform] : []));
}

function descriptor(value: unknown): Descriptor | undefined {
  const [mediaType, digest, size] = [field(value, 'mediaType'), field(value, 'digest'), field(value, 'size')];
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number') return undefined;
  return isDigest(digest) ? { mediaType, digest, size } : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, mostEntries) : [];
}
