import { message, PublishError } from '../errors';
import type { Descriptor, Registry } from '../types';
import {
  configType,
  encodeSeed,
  layerType,
  mostLayers,
  readDiffIds,
  readSeed,
  seedRepository,
  seedTag,
  type Seed,
  type SeedFacts,
  type SeedLayer,
  type SeedSubject,
} from './cacheSeed';

/** What was found for one cache folder. */
export interface FoundSeed {
  /** The newest that can be used. */
  readonly seed: Seed | undefined;
  /** What the branch's own tag names, usable or not. */
  readonly own: string | undefined;
  /** For people: seeds that are not used, and why. */
  readonly notes: readonly string[];
}

/**
 * Looks for a folder's seed of these branches, the own one first. Each part of it is asked for, since a build that starts from half an image fails.
 * Never throws: a seed that can't be read is a note.
 */
export async function findSeed(
  registry: Registry,
  registryPath: string,
  subject: SeedSubject,
  branches: readonly string[],
  now: number,
): Promise<FoundSeed> {
  const repository = seedRepository(registryPath);
  const notes: string[] = [];
  const look = async (branch: string): Promise<{ readonly digest?: string; readonly seed?: Seed }> => {
    const tag = seedTag(subject, branch);
    const name = `The cache ${repository}:${tag}`;
    try {
      const manifest = await registry.manifest(repository, tag);
      if (manifest === undefined) return {};
      const { digest } = manifest;
      const seed = readSeed(manifest, subject, now);
      if (typeof seed === 'string') {
        notes.push(`${name} ${seed}: it is not used.`);
        return { digest };
      }
      if (await isWhole(registry, repository, seed)) return { digest, seed };
      notes.push(`${name} is not whole in the registry: it is not used.`);
      return { digest };
    } catch (thrown) {
      notes.push(`${name} can't be read, so it is not used: ${message(thrown)}`);
      const digest = (await registry.head(repository, tag).catch(() => undefined))?.digest;
      return digest === undefined ? {} : { digest };
    }
  };
  const found = await Promise.all([...new Set(branches)].map(look));
  const [seed] = found.flatMap((each) => each.seed ?? []).sort((a, b) => b.createdAt - a.createdAt);
  return { seed, own: found[0]?.digest, notes };
}

/** Is a seed with this digest in the registry, and of this folder? Never throws. */
export async function holdsSeed(
  registry: Registry,
  registryPath: string,
  digest: string,
  subject: SeedSubject,
  now: number,
): Promise<Seed | undefined> {
  const repository = seedRepository(registryPath);
  try {
    const manifest = await registry.manifest(repository, digest);
    const seed = manifest === undefined ? undefined : readSeed(manifest, subject, now);
    return typeof seed === 'object' ? seed : undefined;
  } catch {
    return undefined;
  }
}

async function isWhole(registry: Registry, repository: string, { config, layers }: Seed): Promise<boolean> {
  const there = await Promise.all([config, ...layers].map(({ digest }) => registry.hasBlob(repository, digest)));
  return there.every((each) => each);
}

/** A seed to be written. */
interface NewSeed {
  readonly facts: SeedFacts;
  readonly layer: Omit<SeedLayer, 'mediaType'> & { readonly file: string };
  /** What the layer is on; undefined: on nothing. */
  readonly below: Seed | undefined;
  /** What the branch's tag named when the run began. */
  readonly own: string | undefined;
}

/**
 * Writes a seed under its branch's tag. Where another run has written one meanwhile, that one stays: gives `other`. Parts first, the tag last, so
 * that a run that is killed leaves the seed before it. Throws RegistryError, and PublishError for what is below and can't be read.
 */
export async function storeSeed(
  registry: Registry,
  registryPath: string,
  { facts, layer, below, own }: NewSeed,
): Promise<Descriptor | 'other'> {
  const repository = seedRepository(registryPath);
  const tag = seedTag(facts.subject, facts.branch);
  const lower = below === undefined ? { layers: [], diffIds: [] } : await lowerLayers(registry, repository, below);
  const { file, digest, size, diffId } = layer;
  const descriptor = { mediaType: layerType, digest, size };
  await registry.putFile(repository, descriptor, file);
  const { config, manifest } = encodeSeed(facts, { ...descriptor, diffId }, lower);
  await registry.putBlob(repository, configType, config);
  const now = await registry.head(repository, tag);
  if (now?.digest !== own) return 'other';
  return registry.putManifest(repository, tag, manifest.mediaType, manifest.bytes);
}

async function lowerLayers(
  registry: Registry,
  repository: string,
  { config, layers, digest }: Seed,
): Promise<{ readonly layers: readonly Descriptor[]; readonly diffIds: readonly string[] }> {
  const diffIds = readDiffIds(await registry.blob(repository, config.digest), layers.length);
  if (diffIds === undefined) throw new PublishError(`The configuration of ${repository}@${digest} can't be read.`);
  return { layers, diffIds };
}

/** Has it so many layers that the next one has to take the place of all? */
export function isFull({ layers }: Seed): boolean {
  return layers.length >= mostLayers;
}
