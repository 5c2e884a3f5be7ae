import { createHash } from 'node:crypto';
import { digestOf } from '../oci/digest';
import { readManifest } from '../oci/manifest';
import { isDigest } from '../oci/names';
import { field, parseJson } from '../system/json';
import type { Descriptor, Manifest } from '../types';

/*
 * A cache seed is an image whose layers hold what one cache folder of builds held when they had ended: a later build on an empty machine
 * starts its cache mount from it. Its layers are on top of each other, the newest last.
 */

/** Where the seeds of a registry path are. */
export function seedRepository(registryPath: string): string {
  return `${registryPath}/kfp-images-cache`;
}

/** The folder of the image that a mount starts from. */
export const seedFolder = '/cache';

/** A cache folder, as far as its seeds may be shared. */
export interface SeedSubject {
  /** Where builds mount it. */
  readonly folder: string;
  /** `uid:gid` */
  readonly owner: string;
  /** Digest of native code, where the folder may only be shared among builds of the same. */
  readonly native: string | undefined;
  readonly platforms: readonly string[];
}

/** What a seed says of itself. */
export interface SeedFacts {
  readonly subject: SeedSubject;
  /** Of the run that wrote it. */
  readonly branch: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** What building took without it, in seconds. */
  readonly saves: number;
}

/** A seed that can be used. */
export interface Seed extends SeedFacts {
  readonly digest: string;
  readonly config: Descriptor;
  /** The lowest first. */
  readonly layers: readonly Descriptor[];
  /** Bytes of the layers, compressed. */
  readonly size: number;
}

/** When the seed with these annotations was made, milliseconds since the epoch; undefined: it is not one, or does not say. */
export function seedDate(annotations: Readonly<Record<string, string>>): number | undefined {
  const date = Date.parse(annotations['org.opencontainers.image.created'] ?? '');
  return annotations[`${prefix}.version`] === '1' && !Number.isNaN(date) ? date : undefined;
}

/** Too old for any build to start from it. */
export function isStale(createdAt: number, now: number): boolean {
  return now - createdAt > longestAgeMs;
}

/** Beyond these a seed is rewritten in one layer, or not used. */
export const mostLayers = 8;
const longestAgeMs = 30 * 24 * 3_600_000;
/** Pulling at this speed is expected: bytes a second. */
const pullSpeed = 50e6;

/** Of the parts of a seed. https://github.com/opencontainers/image-spec/blob/main/media-types.md */
export const layerType = 'application/vnd.oci.image.layer.v1.tar+zstd';
export const configType = 'application/vnd.oci.image.config.v1+json';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const prefix = 'kfp-images.cache';

/** The tag of a folder's seed of one branch: folder and platform for people, all of it in a digest. */
export function seedTag(subject: SeedSubject, branch: string): string {
  const plain = (text: string): string => text.replaceAll(/[^\w.]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '');
  const name = `${plain(subject.folder).slice(-50)}-${plain(subject.platforms.join('-')).slice(0, 50)}`;
  const mark = createHash('sha256')
    .update(JSON.stringify([identity(subject), branch]))
    .digest('hex');
  return `seed-${name}-${mark.slice(0, 16)}`;
}

/** Can it be a seed's tag? */
export function isSeedTag(tag: string): boolean {
  return /^seed-.+-[0-9a-f]{16}$/.test(tag);
}

function identity({ folder, owner, native, platforms }: SeedSubject): string {
  return JSON.stringify([folder, owner, native ?? '', [...platforms].sort()]);
}

/**
 * Reads what is at a seed's tag. A text: why it is not used; it is the end of a sentence that begins with its name. Pure.
 */
export function readSeed(manifest: Manifest, subject: SeedSubject, now: number): Seed | string {
  const content = readManifest(manifest.bytes);
  const { config, layers = [], annotations = {} } = content ?? {};
  const isImage = config?.mediaType === configType && content?.isComplete === true && layers.length > 0;
  if (!isImage || annotations[`${prefix}.version`] !== '1' || layers.some(({ mediaType }) => mediaType !== layerType)) {
    return 'is not a cache of kfp-images';
  }
  if (annotations[`${prefix}.of`] !== identity(subject)) return 'is of another folder or platform';
  const createdAt = Date.parse(annotations['org.opencontainers.image.created'] ?? '');
  const saves = Number(annotations[`${prefix}.saves`]);
  if (Number.isNaN(createdAt) || !(saves > 0)) return 'does not say when it was made, and for what';
  if (isStale(createdAt, now)) return `is ${Math.floor((now - createdAt) / 86_400_000)} days old`;
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  const pull = size / pullSpeed;
  if (pull > saves / 2) {
    return `has ${Math.round(size / 1e6)} MB, for which pulling takes about as long as what it saves (${Math.round(saves)} s)`;
  }
  const branch = annotations[`${prefix}.branch`] ?? '';
  return { subject, branch, createdAt, saves, digest: manifest.digest, config, layers, size };
}

/** A layer to be put into a seed. */
export interface SeedLayer extends Descriptor {
  /** Digest of its bytes before compression. */
  readonly diffId: string;
}

/** Digests of layers before compression, by an image's configuration; undefined: it does not say. */
export function readDiffIds(config: Uint8Array, layers: number): readonly string[] | undefined {
  const ids = field(field(parseJson(config), 'rootfs'), 'diff_ids');
  const isWhole =
    Array.isArray(ids) && ids.length === layers && ids.every((id) => typeof id === 'string' && isDigest(id));
  return isWhole ? (ids as readonly string[]) : undefined;
}

/**
 * Configuration and manifest of a seed. `below`: what it is on. https://github.com/opencontainers/image-spec/blob/main/config.md
 */
export function encodeSeed(
  facts: SeedFacts,
  layer: SeedLayer,
  below: { readonly layers: readonly Descriptor[]; readonly diffIds: readonly string[] },
): { readonly config: Uint8Array; readonly manifest: Manifest } {
  const { subject, branch, createdAt, saves } = facts;
  const [os = 'linux', architecture = 'amd64', variant] = subject.platforms[0]?.split('/') ?? [];
  const created = new Date(createdAt).toISOString();
  const config = Buffer.from(
    JSON.stringify({
      created,
      architecture,
      os,
      ...(variant === undefined ? {} : { variant }),
      config: {},
      rootfs: { type: 'layers', diff_ids: [...below.diffIds, layer.diffId] },
    }),
  );
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: configType, digest: digestOf(config), size: config.length },
      layers: [...below.layers, { mediaType: layerType, digest: layer.digest, size: layer.size }],
      annotations: {
        'org.opencontainers.image.created': created,
        'org.opencontainers.image.title': `Build cache of ${subject.folder}`,
        [`${prefix}.version`]: '1',
        [`${prefix}.of`]: identity(subject),
        [`${prefix}.branch`]: branch,
        [`${prefix}.saves`]: String(Math.round(saves)),
      },
    }),
  );
  return { config, manifest: { mediaType: manifestType, digest: digestOf(bytes), size: bytes.length, bytes } };
}
