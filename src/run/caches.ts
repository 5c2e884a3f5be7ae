import type { MountSeed, Seeds, UsedCache } from '../builder/rewriteDockerfile';
import { replacingImages } from '../builder/options';
import type { LocalMounts } from '../builder/localMounts';
import { platformsOfImage } from '../plan/platforms';
import { findSeed, holdsSeed, type FoundSeed } from '../publish/seedStore';
import { seedFolder, seedRepository, type Seed, type SeedSubject } from '../publish/cacheSeed';
import { duration } from '../report/format';
import type { BuildOutcome } from '../types';
import type { Access } from './access';
import type { BuildInputs } from './buildInputs';
import { beginSaving, buildSeconds, nothingSaved, type Saving, type SavingRun } from './cacheSaving';
import type { RunPorts } from './ports';
import type { Work } from './work';

/** What the builds of a run get from the caches that the registry holds, and give to them. */
export interface Caches {
  /** What mounts start from. Empty once a seed has failed a build. */
  seeds(): Seeds;
  /** A build failed, and not by a command of its Dockerfile: from now on no mount starts from a seed. */
  giveUp(why: string): void;
  /** So long pulling what mounts start from may take, in milliseconds: far longer than it does. */
  pullMs(): number;
  /** All builds have ended well: begins to collect what they have added. */
  begin(outcomes: readonly BuildOutcome[]): Saving;
  /** For people: what the caches gave, and what became of them. */
  readonly notes: readonly string[];
}

/** What caches are collected with, and what is said of them. */
type CachesPorts = Pick<SavingRun, 'scratch' | 'docker' | 'signal'> & Pick<RunPorts, 'log'>;

/** A cache folder of this run. */
interface Folder {
  readonly cache: UsedCache;
  readonly subject: SeedSubject;
  readonly baseImages: ReadonlyMap<string, string>;
  /** Of what the registry has; undefined: the builder has the folder already, so nothing was looked for. */
  readonly found: FoundSeed | undefined;
  /** What the mount starts from. */
  readonly seed: Seed | undefined;
}

/** Not worth a seed: building without it takes less. Seconds. */
const leastSeconds = 3;
/** A seed is written again when building with it took this part of what it saves. */
const worthWriting = 0.2;

/** None are used: without a registry, or with `cache: none`. */
export const noCaches: Caches = {
  seeds: () => new Map(),
  giveUp: () => undefined,
  pullMs: () => 0,
  begin: () => nothingSaved,
  notes: [],
};

/**
 * Finds out what the cache mounts of these builds can start from. What the builder holds itself is better than anything from a registry; only for
 * what it lacks is the registry asked. `ask`: what the builder holds; where there are no mounts nobody asks. Never throws.
 */
export async function openCaches(
  work: Work,
  access: Access,
  builds: ReadonlyMap<string, BuildInputs>,
  ask: () => Promise<LocalMounts>,
  ports: CachesPorts,
): Promise<Caches> {
  const { inputs, branch, defaultBranch } = work;
  const used = new Map<string, Pick<Folder, 'cache' | 'baseImages'> & { readonly platforms: readonly string[] }>();
  for (const { image, dockerfile } of builds.values()) {
    for (const cache of dockerfile.caches) {
      if (!used.has(cache.id))
        used.set(cache.id, {
          cache,
          baseImages: new Map([...dockerfile.baseImages, ...replacingImages(image, dockerfile.baseImages)]),
          platforms: platformsOfImage(image, inputs.platforms),
        });
    }
  }
  if (used.size === 0) return noCaches;
  const mounts = await ask();
  const branches = [branch, defaultBranch].filter((each) => each !== undefined);
  const folders = await Promise.all(
    [...used.values()].map(async ({ cache, baseImages, platforms }): Promise<Folder> => {
      const subject: SeedSubject = { folder: cache.path, owner: cache.owner, native: cache.native, platforms };
      const about = { cache, subject, baseImages };
      const local = await localSeed(mounts, cache.id, access, subject);
      if (local !== undefined) return { ...about, found: undefined, seed: local };
      if (mounts.has(cache.id) || branches.length === 0) return { ...about, found: undefined, seed: undefined };
      const found = await findSeed(access.registry, access.path.full, subject, branches, Date.now());
      return { ...about, found, seed: found.seed };
    }),
  );
  return new RunCaches(work, access, folders, ports);
}

/** The seed that this builder's mount started from, as long as the registry has it: BuildKit asks for it each time. */
async function localSeed(
  mounts: LocalMounts,
  id: string,
  { registry, path }: Access,
  subject: SeedSubject,
): Promise<Seed | undefined> {
  const name = `${seedRepository(path.full)}@`;
  for (const image of mounts.seeds(id)) {
    if (!image.startsWith(name)) continue;
    const seed = await holdsSeed(registry, path.full, image.slice(name.length), subject, Date.now());
    if (seed !== undefined) return seed;
  }
  return undefined;
}

class RunCaches implements Caches {
  readonly notes: string[] = [];
  readonly #work: Work;
  readonly #access: Access;
  readonly #folders: readonly Folder[];
  readonly #ports: CachesPorts;
  readonly #startedAt = Date.now();
  #isGivenUp = false;

  constructor(work: Work, access: Access, folders: readonly Folder[], ports: CachesPorts) {
    this.#work = work;
    this.#access = access;
    this.#folders = folders;
    this.#ports = ports;
    for (const { cache, found, seed } of folders) {
      for (const note of found?.notes ?? []) this.#tell(note);
      if (seed === undefined || found === undefined) continue;
      const age = duration(Math.max(0, this.#startedAt - seed.createdAt));
      this.#tell(
        `${cache.path} starts from ${this.#name(seed)} (of ${seed.branch}, ${age} old, ${Math.ceil(seed.size / 1e6)} MB).`,
      );
    }
  }

  seeds(): Seeds {
    if (this.#isGivenUp) return new Map();
    return new Map(
      this.#folders.flatMap(({ cache, seed }) => {
        const start = this.#mountSeed(seed);
        return start === undefined ? [] : [[cache.id, start] as const];
      }),
    );
  }

  pullMs(): number {
    const bytes = this.#folders.reduce((sum, { seed }) => sum + (seed?.size ?? 0), 0);
    return 60_000 + bytes / 5_000;
  }

  giveUp(why: string): void {
    if (!this.#isGivenUp) this.#tell(`A cache of the registry could not be used, so this run builds without: ${why}`);
    this.#isGivenUp = true;
  }

  begin(outcomes: readonly BuildOutcome[]): Saving {
    const { branch, source } = this.#work;
    const took = buildSeconds(outcomes);
    if (source.workspace !== undefined) return nothingSaved;
    if (branch === undefined) {
      if (this.#folders.length > 0 && took >= leastSeconds)
        this.#tell(
          'No cache is written for later builds: caches belong to branches, and this commit was checked out on none.',
        );
      return nothingSaved;
    }
    const folders = this.#folders.flatMap((folder) => {
      const usable = this.#isGivenUp ? undefined : folder.seed;
      // What the builder held before this run was not looked for: who starts empty has been served by others.
      const least = Math.max(leastSeconds, (usable?.saves ?? 0) * worthWriting);
      if (folder.found === undefined || took < least) return [];
      return [{ ...folder, own: folder.found.own, seed: usable, mount: this.#mountSeed(usable) }];
    });
    return beginSaving(folders, {
      ...this.#ports,
      access: this.#access,
      branch,
      took,
      since: this.#startedAt,
      tell: (note) => this.#tell(note),
    });
  }

  #mountSeed(seed: Seed | undefined): MountSeed | undefined {
    return seed === undefined ? undefined : { image: this.#name(seed), source: seedFolder };
  }

  #name({ digest }: Seed): string {
    return `${seedRepository(this.#access.path.full)}@${digest}`;
  }

  #tell(note: string): void {
    this.notes.push(note);
    this.#ports.log.info(note);
  }
}
