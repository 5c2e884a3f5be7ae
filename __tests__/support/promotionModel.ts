import { relationOf } from '../../src/publish/ancestry';
import { promote, type Promotion } from '../../src/publish/promotion/promote';
import { digestAt } from '../../src/publish/promotion/decision';
import { lockOf } from '../../src/publish/publishSet';
import { readSet, storeSet, type StoredSet } from '../../src/publish/setArtifact';
import { commitTag, setRepository } from '../../src/publish/tags';
import type { Registry } from '../../src/types';
import type { Choice, Ending, Model } from './interleavings';
import { memoryRegistry, Storage, type MemoryOptions } from './memoryRegistry';
import { buildTinyRelease, commitId, history, silent } from './releaseSets';

export const path = 'registry.test/p/r';
export const sets = setRepository(path);
/** base ← old ← mid ← new is the line; side forks off it at old. */
const isAncestor = history({ old: ['base'], mid: ['old'], new: ['mid'], side: ['old'] });

export interface Run {
  readonly commit: string;
  /** Image → the commit whose content it has; where it is the same as before it is the same image. */
  readonly images: Readonly<Record<string, string>>;
  readonly override?: boolean;
}

export interface Scenario {
  /** What `latest` names everywhere before. */
  readonly standing?: Run;
  readonly runs: readonly Run[];
  readonly options?: MemoryOptions;
}

export interface Promotions extends Model {
  readonly storage: Storage;
  readonly standing: StoredSet | undefined;
  readonly published: readonly StoredSet[];
  readonly overrides: readonly boolean[];
  promote(set: StoredSet, override: boolean, registry: Registry, signal: AbortSignal): Promise<Promotion>;
}

/** Every commit's set is complete in the registry; only `latest` is to be moved. */
export async function makeModel(scenario: Scenario): Promise<Promotions> {
  return (await modelMaker(scenario))();
}

/** The same, prepared once: each model that is made of it is a copy. */
export async function modelMaker({ standing, runs, options }: Scenario): Promise<() => Promise<Promotions>> {
  const prepared = new Storage(options);
  const { before, published } = await prepare(prepared, standing, runs);
  return () => {
    const storage = new Storage(options);
    for (const kind of ['tags', 'manifests', 'blobs'] as const) {
      for (const [name, value] of prepared[kind]) (storage[kind] as Map<string, unknown>).set(name, value);
    }
    return Promise.resolve(modelOn(storage, runs, before, published));
  };
}

interface Prepared {
  readonly before: StoredSet | undefined;
  readonly published: readonly StoredSet[];
}

async function prepare(storage: Storage, standing: Run | undefined, runs: readonly Run[]): Promise<Prepared> {
  const registry = memoryRegistry(storage);
  const publishSet = async (run: Run): Promise<StoredSet> => {
    const images = Object.entries(run.images).map(([name, content]) => [name, { content, builtBy: commitId(content) }]);
    const release = { registryPath: path, commit: commitId(run.commit), images: Object.fromEntries(images) as never };
    const order = await buildTinyRelease(registry, release);
    for (const { repository, digest } of order.images) {
      storage.tags.set(`${repository}:${commitTag(order.commit)}`, digest);
    }
    await storeSet(registry, sets, commitTag(order.commit), lockOf(order), order.created);
    const stored = await readSet(registry, sets, commitTag(order.commit));
    if (typeof stored !== 'object') throw new Error('No set was stored');
    return stored;
  };
  const before = standing && (await publishSet(standing));
  if (before !== undefined) {
    for (const { repository, digest } of Object.values(before.lock.images))
      storage.tags.set(`${repository}:latest`, digest);
    storage.tags.set(`${sets}:latest`, before.digest);
  }
  const published: StoredSet[] = [];
  for (const run of runs) published.push(await publishSet(run));
  return { before, published };
}

function modelOn(
  storage: Storage,
  runs: readonly Run[],
  before: StoredSet | undefined,
  published: readonly StoredSet[],
): Promotions {
  const registry = memoryRegistry(storage);
  const move: Promotions['promote'] = (set, override, port, signal) =>
    promote(set, sets, override, {
      registry: port,
      uncancellable: port,
      isAncestor,
      now: () => 1_800_000_000_000,
      signal,
      log: silent,
    });
  return {
    storage,
    registry,
    standing: before,
    published,
    overrides: runs.map(({ override = false }) => override),
    promote: move,
    snapshot: () => storage.snapshot().join('\n'),
    runs: runs.map(({ override = false }, index) => ({
      start: (port, signal) => {
        const set = published[index];
        return set === undefined ? Promise.reject(new Error('No set')) : move(set, override, port, signal);
      },
    })),
  };
}

const promotionOf = (ending: Ending | undefined): Promotion | undefined =>
  ending?.kind === 'ended' ? (ending.result as Promotion) : undefined;

/** What every `latest` has to name when the given sets count: each pointer the newest that has it. */
async function expected(
  model: Promotions,
  counting: readonly StoredSet[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const known = [...(model.standing === undefined ? [] : [model.standing]), ...counting];
  const pointers = new Map<string, string | undefined>();
  for (const set of [...model.published, ...known]) {
    for (const image of Object.keys(set.lock.images)) pointers.set(`${path}/${image}`, image);
  }
  pointers.set(sets, undefined);
  const want = new Map<string, string | undefined>();
  for (const [repository, image] of pointers) {
    let best: StoredSet | undefined;
    for (const set of known) {
      if (digestAt(set, { image, repository }) === undefined) continue;
      const relation = best && (await relationOf(isAncestor, best.lock.commit, set.lock.commit));
      if (relation === undefined || relation === 'older' || relation === 'same') best = set;
    }
    want.set(repository, best && digestAt(best, { image, repository }));
  }
  return want;
}

export const latestOf = (model: Promotions, repository: string): string | undefined =>
  model.storage.tags.get(`${repository}:latest`);

/** I1, I2 and the truth of what was told, for runs whose commits are on one line. */
export async function checkLine(
  model: Model,
  endings: readonly Ending[],
  schedule: readonly Choice[] = [],
): Promise<void> {
  const world = model as Promotions;
  const counting = world.published.filter((_, index) => {
    const kind = promotionOf(endings[index])?.kind;
    return kind === 'moved' || kind === 'unchanged' || kind === 'left';
  });
  // Who is killed between a put and the next look leaves what it put, be it for itself, to help another or, where it was giving up, to put back what
  // was there before: an old answer can be the last that it had.
  const isKilled = endings.some((ending) => ending.kind === 'killed');
  const wasGivingUp = schedule.some(
    ({ run, what }) => what !== 'step' && what !== 'kill' && endings[run]?.kind === 'killed',
  );
  const left = [...world.published, ...(wasGivingUp && world.standing !== undefined ? [world.standing] : [])];
  const want = await expected(world, counting);
  const excused = new Set<string>();
  for (const ending of endings) {
    const promotion = promotionOf(ending);
    if (promotion === undefined) continue;
    if (promotion.kind === 'failed' && promotion.states.length === 0) throw promotion.error as Error;
    if (promotion.kind !== 'failed' && promotion.error !== undefined) throw promotion.error as Error;
    for (const { pointer, kind } of promotion.states) {
      if (kind === 'stuck' || kind === 'unknown' || promotion.notes.length > 0) excused.add(pointer.repository);
    }
  }
  for (const [repository, digest] of want) {
    const has = latestOf(world, repository);
    if (has === digest || excused.has(repository)) continue;
    const pointer = { repository, image: repository === sets ? undefined : repository.slice(path.length + 1) };
    if (isKilled && left.some((set) => digestAt(set, pointer) === has)) continue;
    throw new Error(
      `${repository}:latest names ${has ?? 'nothing'}, not ${digest ?? 'nothing'}\n` +
        endings.map((ending) => told(ending)).join('\n') +
        `\n${model.snapshot()}`,
    );
  }
  // I3: the same again, undisturbed, one after the other, comes to the newest.
  if (counting.length === world.published.length) return;
  for (const set of world.published) await world.promote(set, false, world.registry, new AbortController().signal);
  for (const [repository, digest] of await expected(world, world.published)) {
    if (latestOf(world, repository) !== digest) {
      throw new Error(
        `Running again left ${repository}:latest at ${latestOf(world, repository) ?? 'nothing'}\n${endings.map((ending) => told(ending)).join('\n')}\n${model.snapshot()}`,
      );
    }
  }
}

/**
 * Commits that are not on one line: whoever was first or was told to wins, and wins everything; who lost says so and left nothing; who moved and
 * is not there any more is an ancestor of the winner, or gave way to an order.
 */
export async function checkSides(model: Model, endings: readonly Ending[]): Promise<void> {
  const world = model as Promotions;
  const latest = latestOf(world, sets);
  const all = [...world.published, ...(world.standing === undefined ? [] : [world.standing])];
  const winner = all.find(({ digest }) => digest === latest);
  const say = (what: string): Error =>
    new Error(`${what}\n${endings.map((ending) => told(ending)).join('\n')}\n${model.snapshot()}`);
  if (winner === undefined) throw say('The set’s latest names no set');
  for (const { repository, digest } of Object.values(winner.lock.images)) {
    if (latestOf(world, repository) !== digest) throw say(`${repository}:latest is not the winner's`);
  }
  for (const [index, set] of world.published.entries()) {
    const promotion = promotionOf(endings[index]);
    if (promotion === undefined) throw say('Nobody was killed');
    const relation = await relationOf(isAncestor, set.lock.commit, winner.lock.commit);
    const isInLine = relation === 'older' || relation === 'same';
    if (promotion.notes.length > 0) throw say('Nothing failed');
    const byOrder = world.overrides.some((override) => override);
    if (promotion.kind === 'left' && !isInLine && !byOrder) throw say(`${index} says left`);
    if (promotion.kind === 'failed' || promotion.kind === 'stopped') throw say(`${index} failed`);
    if (promotion.kind === 'refused' && relation === 'same') throw say(`${index} was refused and is there`);
    if (promotion.kind === 'moved' && !isInLine && !byOrder) throw say(`${index} was moved and is gone`);
  }
  const orders = world.published.filter((_, index) => world.overrides[index]);
  const isByOrder = await Promise.all(
    orders.map(async (set) => {
      const relation = await relationOf(isAncestor, set.lock.commit, winner.lock.commit);
      return relation === 'older' || relation === 'same';
    }),
  );
  if (orders.length > 0 && !isByOrder.some(Boolean)) throw say('No order was obeyed');
}

function told(ending: Ending): string {
  const promotion = promotionOf(ending);
  if (promotion === undefined) return 'killed';
  const states = promotion.states.map(({ pointer, kind }) => `${pointer.image ?? 'set'} ${kind}`).join(', ');
  return `${promotion.kind}: ${states} ${promotion.notes.join(' ')} ${String(promotion.error)}`;
}
