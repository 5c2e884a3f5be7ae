import { RegistryError } from '../../src/errors';
import type { Registry } from '../../src/types';

/** What happens next: a run's oldest call is carried out; or fails, before or after it took effect; or the run is told to stop, or dies. */
export interface Choice {
  readonly run: number;
  readonly what: 'step' | 'fail' | 'fail-after' | 'stop' | 'kill';
  /** Of the calls that the run waits for, its how-manieth, from 0 (0 where it is not said): a network keeps no order. */
  readonly call?: number;
}

/** A run under the explorer's hand. */
export interface ModelRun {
  /** Starts it with its ports; its result is looked at in the end. */
  start(registry: Registry, signal: AbortSignal): Promise<unknown>;
}

/** A registry with runs on it. Must be recreated for every schedule, and behave the same each time. */
export interface Model {
  readonly registry: Registry;
  readonly runs: readonly ModelRun[];
  /** Everything of the registry that can change, as text. */
  snapshot(): string;
}

/** How one run ended. */
export type Ending = { readonly kind: 'ended'; readonly result: unknown } | { readonly kind: 'killed' };

export interface Exploration {
  /** Different states of registry and runs. */
  readonly states: number;
  /** Schedules that were run to their end. */
  readonly ends: number;
}

/** How often each disturbance may happen in one schedule. */
export interface Disturbances {
  readonly fail?: number;
  readonly stop?: number;
  readonly kill?: number;
}

interface Pending {
  readonly isWrite: boolean;
  readonly go: (how: 'step' | 'fail' | 'fail-after') => void;
}

class Hand {
  readonly pending: Pending[] = [];
  /** Everything the run was told: with the same history it is in the same state. */
  heard = '';
  ending: Ending | undefined;
  readonly controller = new AbortController();
  private readonly registry: Registry;

  constructor(registry: Registry) {
    this.registry = registry;
  }

  /** The port, each call of which waits for its turn, unless no other run can make a difference to it. */
  port(): Registry {
    const { registry } = this;
    return {
      head: (repository, reference) =>
        this.turn(isFixed(reference), false, `head ${repository} ${reference}`, () =>
          registry.head(repository, reference),
        ),
      manifest: (repository, reference) =>
        this.turn(isFixed(reference), false, `get ${repository} ${reference}`, () =>
          registry.manifest(repository, reference),
        ),
      putManifest: (repository, reference, mediaType, bytes) =>
        this.turn(isFixed(reference), true, `put ${repository} ${reference}`, () =>
          registry.putManifest(repository, reference, mediaType, bytes),
        ),
      tags: (repository) => this.turn(false, false, `tags ${repository}`, () => registry.tags(repository)),
      deleteManifest: (repository, reference) =>
        this.turn(false, true, `delete ${repository} ${reference}`, () =>
          registry.deleteManifest(repository, reference),
        ),
      blob: (repository, digest) => registry.blob(repository, digest),
      hasBlob: (repository, digest) => registry.hasBlob(repository, digest),
      putBlob: (repository, mediaType, bytes) => registry.putBlob(repository, mediaType, bytes),
      putFile: (repository, descriptor, path) => registry.putFile(repository, descriptor, path),
      checkPush: (repository) => registry.checkPush(repository),
      mountBlob: (repository, digest, from) => registry.mountBlob(repository, digest, from),
      referrers: (repository, digest) => registry.referrers(repository, digest),
    };
  }

  private async turn<Result>(
    isLocal: boolean,
    isWrite: boolean,
    what: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    if (isLocal) return work();
    const how = await new Promise<'step' | 'fail' | 'fail-after'>((go) => this.pending.push({ isWrite, go }));
    const result = how === 'fail' ? undefined : await work();
    this.heard += `${what}=${how === 'step' ? spoken(result) : how};`;
    if (how !== 'step') throw new RegistryError(`${what} failed`, { status: 503 });
    return result as Result;
  }
}

const isFixed = (reference: string): boolean => reference.startsWith('sha256:');

function spoken(result: unknown): string {
  if (Array.isArray(result)) return [...(result as string[])].sort().join(',');
  if (typeof result === 'object' && result !== null && 'digest' in result) return String(result.digest);
  return String(result);
}

/** Lets everything go on that waits for nothing but itself. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Runs a model under every order of its runs' calls (a call and its answer are one step; the calls of one run keep their order), each state
 * once: what two schedules have led to alike is gone into only once. `check` judges every end; it throws.
 *
 * `mostPreemptions`: only orders in which a run that could go on has to wait for another so often at most. Of what is too large to be explored
 * whole these are the orders that matter most: most faults of programs that run at once show with two preemptions
 * (Musuvathi and Qadeer 2007, https://doi.org/10.1145/1250734.1250785), and none of them is left to chance.
 */
export async function explore(
  makeModel: () => Promise<Model>,
  disturbances: Disturbances,
  check: (model: Model, endings: readonly Ending[], schedule: readonly Choice[]) => void | Promise<void>,
  mostPreemptions = Infinity,
): Promise<Exploration> {
  const seen = new Set<string>();
  const open: (readonly Choice[])[] = [[]];
  let ends = 0;
  for (let schedule = open.pop(); schedule !== undefined; schedule = open.pop()) {
    const world = await World.start(await makeModel());
    for (const choice of schedule) await world.take(choice);
    for (;;) {
      const isBounded = mostPreemptions !== Infinity;
      const state = world.state(disturbances) + (isBounded ? world.turn() : '');
      if (seen.has(state)) break;
      seen.add(state);
      const [first, ...others] = world
        .choices(disturbances)
        .filter(({ run }) => !world.preempts(run) || world.preemptions < mostPreemptions);
      if (first === undefined) {
        ends++;
        await check(world.model, world.endings(), world.taken);
        break;
      }
      for (const other of others) open.push([...world.taken, other]);
      await world.take(first);
    }
    await world.abandon();
  }
  return { states: seen.size, ends };
}

/**
 * Runs a model under schedules drawn by chance, the same for the same seed. For what is too large to be explored whole.
 * `seeds`: the numbers to draw with. `check` as above.
 */
export async function sample(
  makeModel: () => Promise<Model>,
  disturbances: Disturbances,
  seeds: Iterable<number>,
  check: (model: Model, endings: readonly Ending[], schedule: readonly Choice[]) => void | Promise<void>,
): Promise<number> {
  let ends = 0;
  for (const seed of seeds) {
    const random = randomFrom(seed);
    const world = await World.start(await makeModel());
    // Runs go on for a while before another has its turn: long delays overtake more than fair turns do.
    const change = [0.05, 0.2, 0.5, 1][Math.floor(random() * 4)] ?? 1;
    let turn = 0;
    for (;;) {
      const choices = world.choices(disturbances);
      if (random() < change) turn = Math.floor(random() * 1000);
      const runs = [...new Set(choices.map(({ run }) => run))];
      const run = runs[turn % runs.length];
      // Disturbances are rarer than steps, so that they come anywhere and not only at the start.
      const steps = choices.filter((choice) => choice.run === run && (choice.what === 'step' || random() < 0.03));
      const next = steps[Math.floor(random() * steps.length)];
      if (next === undefined && runs.length === 0) break;
      // What a run has asked at once is answered in any order.
      const call = random() < 0.3 && next?.what === 'step' ? Math.floor(random() * world.waiting(next.run)) : 0;
      if (next !== undefined) await world.take(call === 0 ? next : { ...next, call });
    }
    ends++;
    try {
      await check(world.model, world.endings(), world.taken);
    } catch (error) {
      const order = world.taken
        .map(({ run, what, call }) => `${run}${what === 'step' ? '' : what}${call === undefined ? '' : `/${call}`}`)
        .join(' ');
      throw new Error(`Seed ${seed}, schedule ${order}`, { cause: error });
    }
  }
  return ends;
}

/** mulberry32: numbers from 0 to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class World {
  readonly model: Model;
  readonly taken: Choice[] = [];
  /** How often a run that could go on had to wait for another. */
  preemptions = 0;
  private readonly hands: readonly Hand[];

  private constructor(model: Model) {
    this.model = model;
    this.hands = model.runs.map(() => new Hand(model.registry));
  }

  static async start(model: Model): Promise<World> {
    const world = new World(model);
    for (const [index, run] of model.runs.entries()) {
      const hand = world.hand(index);
      void run.start(hand.port(), hand.controller.signal).then(
        (result) => (hand.ending ??= { kind: 'ended', result }),
        (error: unknown) => (hand.ending ??= { kind: 'ended', result: error }),
      );
    }
    await settle();
    return world;
  }

  /** Has another run to wait, that could go on, when this one has its turn? */
  preempts(run: number): boolean {
    const last = this.taken.at(-1)?.run;
    return last !== undefined && last !== run && this.hand(last).ending === undefined;
  }

  /** Whose turn it is, and what that has cost. */
  turn(): string {
    return `${String(this.taken.at(-1)?.run)} ${String(this.preemptions)}`;
  }

  async take(choice: Choice): Promise<void> {
    if (this.preempts(choice.run)) this.preemptions++;
    this.taken.push(choice);
    const hand = this.hand(choice.run);
    if (choice.what === 'kill') hand.ending = { kind: 'killed' };
    else if (choice.what === 'stop') {
      hand.controller.abort();
      hand.heard += 'stop;';
    } else hand.pending.splice(choice.call ?? 0, 1)[0]?.go(choice.what);
    await settle();
  }

  /** How many calls a run waits for. */
  waiting(run: number): number {
    return this.hand(run).pending.length;
  }

  choices(limits: Disturbances): readonly Choice[] {
    const left = (what: keyof Disturbances): boolean =>
      this.taken.filter((choice) => choice.what.startsWith(what)).length < (limits[what] ?? 0);
    return this.hands.flatMap((hand, run): readonly Choice[] => {
      const next = hand.pending[0];
      if (hand.ending !== undefined) return [];
      if (next === undefined) throw new Error('A run waits for something that is not a call');
      return [
        { run, what: 'step' },
        ...(left('fail') && next.isWrite
          ? ([
              { run, what: 'fail' },
              { run, what: 'fail-after' },
            ] as const)
          : []),
        ...(left('stop') && !hand.controller.signal.aborted ? ([{ run, what: 'stop' }] as const) : []),
        ...(left('kill') ? ([{ run, what: 'kill' }] as const) : []),
      ];
    });
  }

  state(limits: Disturbances): string {
    const used = (['fail', 'stop', 'kill'] as const).map((what) =>
      limits[what] === undefined ? 0 : this.taken.filter((choice) => choice.what.startsWith(what)).length,
    );
    return JSON.stringify([used, this.model.snapshot(), this.hands.map((hand) => [hand.ending?.kind, hand.heard])]);
  }

  endings(): readonly Ending[] {
    return this.hands.map((hand) => hand.ending ?? { kind: 'killed' });
  }

  /** Ends what is still under way, so that nothing waits for ever. */
  async abandon(): Promise<void> {
    for (const hand of this.hands) hand.ending ??= { kind: 'killed' };
    await settle();
  }

  private hand(index: number): Hand {
    const hand = this.hands[index];
    if (hand === undefined) throw new Error('No such run');
    return hand;
  }
}
