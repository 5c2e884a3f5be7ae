import { join } from 'node:path';
import type { CollectedLayer } from '../builder/cacheLayer';
import { collectCache, type DockerPorts } from '../builder/collectCache';
import type { MountSeed, UsedCache } from '../builder/rewriteDockerfile';
import { message } from '../errors';
import { seedFolder, seedRepository, type Seed, type SeedSubject } from '../publish/cacheSeed';
import { isFull, storeSeed } from '../publish/seedStore';
import { duration } from '../report/format';
import { recordGroup, type Scratch } from '../system/scratch';
import type { BuildOutcome } from '../types';
import type { Access } from './access';

/** What builds have added to cache folders, on its way into the registry. Disposing gives up what is not finished. */
export interface Saving extends AsyncDisposable {
  /** Writes it, once what the run is for is done. Never throws. */
  finish(): Promise<void>;
}

/** There is nothing to save. */
export const nothingSaved: Saving = {
  finish: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** A cache folder whose content is worth writing. */
interface SavedFolder {
  readonly cache: UsedCache;
  readonly subject: SeedSubject;
  readonly baseImages: ReadonlyMap<string, string>;
  /** What its mount started from. */
  readonly seed: Seed | undefined;
  readonly mount: MountSeed | undefined;
  /** What the branch's own tag named when the run began. */
  readonly own: string | undefined;
}

/** What saving needs to know of its run. */
export interface SavingRun {
  readonly access: Pick<Access, 'registry' | 'path'>;
  readonly signal: AbortSignal;
  readonly scratch: Scratch;
  readonly docker: DockerPorts;
  readonly branch: string;
  /** What building took, in seconds. */
  readonly took: number;
  /** When the builds began, milliseconds since the epoch. */
  readonly since: number;
  /** For people. */
  readonly tell: (note: string) => void;
}

/**
 * How long a run may wait for its seeds to be collected where building took `seconds`: half of what they have saved or will save. Whole
 * milliseconds.
 */
export function longestWriting(seconds: number): number {
  // AbortSignal.timeout() takes no fractions.
  return Math.max(60_000, Math.round(500 * seconds));
}

/** From the start of the first build to the end of the last, in seconds. */
export function buildSeconds(outcomes: readonly BuildOutcome[]): number {
  const timings = outcomes.flatMap((outcome) => (outcome.kind === 'built' ? [outcome.timing] : []));
  const starts = timings.flatMap(({ startedAt }) => startedAt ?? []);
  const ends = timings.flatMap(({ builtAt }) => builtAt ?? []);
  return starts.length === 0 ? 0 : (Math.max(...ends) - Math.min(...starts)) / 1000;
}

interface Collected {
  readonly extent: 'all' | 'new';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** undefined: there was nothing new. */
  readonly layer: CollectedLayer | undefined;
}

/**
 * Begins to collect what the folders hold now, one after the other, while the run goes on: publishing waits for the network, this for the builder.
 */
export function beginSaving(folders: readonly SavedFolder[], run: SavingRun): Saving {
  const { signal, tell } = run;
  const over = new AbortController();
  const failed = ({ cache }: SavedFolder, thrown: unknown): void => {
    if (!signal.aborted) tell(`${cache.path} was not written to the registry: ${message(thrown)}`);
  };
  const collecting = collectAll();
  return {
    finish: async () => {
      const limit = AbortSignal.timeout(longestWriting(run.took));
      limit.addEventListener('abort', () => over.abort(limit.reason));
      for (const { folder, result } of await collecting) {
        try {
          if (result instanceof Error) throw result;
          await store(folder, result, run);
        } catch (thrown) {
          failed(folder, thrown);
        }
      }
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await collecting;
    },
  };

  async function collectAll(): Promise<
    readonly { readonly folder: SavedFolder; readonly result: Collected | Error }[]
  > {
    const results = [];
    for (const [index, folder] of folders.entries()) {
      const result = await collect(folder, index, run, AbortSignal.any([signal, over.signal])).catch(
        (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(message(thrown))),
      );
      results.push({ folder, result });
    }
    return results;
  }
}

async function collect(
  folder: SavedFolder,
  index: number,
  { scratch, docker, since }: SavingRun,
  signal: AbortSignal,
): Promise<Collected> {
  const { cache, baseImages, seed, mount } = folder;
  const startedAt = Date.now();
  const extent = seed === undefined || isFull(seed) ? 'all' : 'new';
  const layer = await collectCache(
    { cache, seed: mount, extent, baseImages, folder: seedFolder, since },
    join(scratch.folder, `cache-${index}`),
    docker,
    (group) => recordGroup(scratch, group),
    signal,
  );
  return { extent, startedAt, endedAt: Date.now(), layer };
}

async function store(
  { subject, seed, own, cache }: SavedFolder,
  { extent, startedAt, endedAt, layer }: Collected,
  { access, branch, took, tell }: SavingRun,
): Promise<void> {
  if (layer === undefined) {
    if (extent === 'all') tell(`${cache.path} was not written to the registry: the builder had nothing in it.`);
    return;
  }
  const storedFrom = Date.now();
  const facts = { subject, branch, createdAt: startedAt, saves: Math.max(took, seed?.saves ?? 0) };
  const below = extent === 'new' ? seed : undefined;
  const stored = await storeSeed(access.registry, access.path.full, { facts, layer, below, own });
  const seconds = duration(endedAt - startedAt + Date.now() - storedFrom);
  tell(
    stored === 'other'
      ? `${cache.path} was not written to the registry: another run has just done so.`
      : `${cache.path} is in the registry for later builds: ${seedRepository(access.path.full)}@${stored.digest} (${Math.ceil(layer.size / 1e6)} MB, in ${seconds}).`,
  );
}
