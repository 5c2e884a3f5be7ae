import { message } from '../errors';
import type { BuildObserver, BuildOutcome, Timing } from '../types';
import type { BuiltImage } from './buildImage';
import {
  advance,
  isOver,
  outcomeIn,
  startSchedule,
  type ScheduleAction,
  type ScheduleEvent,
  type ScheduleLimits,
  type ScheduleState,
  type Task,
} from './scheduleState';

/** How the work on one image is done. */
export interface ScheduleSteps {
  /** Builds and pushes, or finds what is reused. `queuedAt`: for its timing. A rejection counts as a failure. */
  readonly build: (name: string, signal: AbortSignal, queuedAt: number) => Promise<BuiltImage>;
  /**
   * Gives the digest of the image bound to these: image → finished digest. Asked only for images that bind others, once all of those are
   * finished. A rejection counts as a failure.
   */
  readonly bind: (
    name: string,
    digest: string,
    bound: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ) => Promise<string>;
}

export interface ScheduleOptions extends ScheduleLimits {
  readonly observer: BuildObserver;
  readonly signal: AbortSignal;
}

/** How the work on one image ended. */
export interface Scheduled {
  readonly outcome: BuildOutcome;
  /** What to publish; undefined: nothing. */
  readonly digest: string | undefined;
}

/**
 * Builds all images at once, as far as `maxParallel` lets, and binds each as soon as what it binds is finished: compiling never waits for
 * another image. What binds an image that failed is stopped and comes to nothing, built or not. Resolves when every build has ended, also
 * after `signal`; never rejects for what an image does.
 */
export async function schedule(
  tasks: readonly Task[],
  steps: ScheduleSteps,
  options: ScheduleOptions,
): Promise<ReadonlyMap<string, Scheduled>> {
  const run = new Run(tasks, steps, options);
  return run.result;
}

class Run {
  readonly result: Promise<ReadonlyMap<string, Scheduled>>;
  readonly #tasks: readonly Task[];
  readonly #steps: ScheduleSteps;
  readonly #options: ScheduleOptions;
  readonly #queuedAt = Date.now();
  readonly #controllers = new Map<string, AbortController>();
  readonly #built = new Map<string, BuiltImage>();
  readonly #digests = new Map<string, string>();
  readonly #reported = new Map<string, BuildOutcome>();
  readonly #resolve: (result: ReadonlyMap<string, Scheduled>) => void;
  readonly #reject: (mistake: unknown) => void;
  #state: ScheduleState;

  constructor(tasks: readonly Task[], steps: ScheduleSteps, options: ScheduleOptions) {
    this.#tasks = tasks;
    this.#steps = steps;
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, Scheduled>>();
    this.result = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    for (const { name } of tasks) options.observer.queued(name);
    const { state, actions } = startSchedule(tasks, options);
    this.#state = state;
    if (options.signal.aborted) {
      // Nothing was started yet.
      this.#state = { ...state, running: new Set() };
      this.#take({ kind: 'abort' });
      return;
    }
    options.signal.addEventListener('abort', this.#abort, { once: true });
    this.#act(actions);
    this.#settle();
  }

  readonly #abort = (): void => this.#take({ kind: 'abort' });

  #take(event: ScheduleEvent): void {
    const { state, actions } = advance(this.#state, event, this.#options);
    this.#state = state;
    this.#act(actions);
    this.#settle();
  }

  #act(actions: readonly ScheduleAction[]): void {
    for (const { kind, name } of actions) {
      if (kind === 'cancel') this.#controllers.get(name)?.abort();
      else void (kind === 'build' ? this.#build(name) : this.#bind(name)).catch(this.#reject);
    }
  }

  async #build(name: string): Promise<void> {
    const signal = this.#signal(name);
    // What the registry has is not built, so nothing starts.
    if (this.#tasks.find((task) => task.name === name)?.reuse !== true) this.#options.observer.started(name);
    const built = await this.#steps
      .build(name, signal, this.#queuedAt)
      .catch((thrown: unknown) => ({ outcome: failedOutcome(name, thrown, this.#queuedAt), logFile: undefined }));
    this.#built.set(name, built);
    const { outcome } = built;
    if ('digest' in outcome) this.#digests.set(name, outcome.digest);
    this.#take({ kind: 'digest' in outcome ? 'built' : outcome.kind === 'failed' ? 'failed' : 'cancelled', name });
  }

  async #bind(name: string): Promise<void> {
    const built = this.#built.get(name);
    const outcome = built?.outcome;
    if (outcome === undefined || !('digest' in outcome)) throw new Error(`${name} is bound before it is built`);
    const binds = this.#tasks.find((task) => task.name === name)?.binds ?? [];
    const bound = new Map(binds.map((each) => [each, this.#digests.get(each) ?? '']));
    let ended: BuildOutcome;
    try {
      this.#digests.set(name, await this.#steps.bind(name, outcome.digest, bound, this.#signal(name)));
      ended = { ...outcome, timing: { ...outcome.timing, boundAt: Date.now() } };
    } catch (thrown) {
      ended = failedOutcome(name, thrown, this.#queuedAt, outcome.timing);
    }
    this.#built.set(name, { outcome: ended, logFile: built?.logFile });
    this.#take({ kind: ended.kind === 'failed' ? 'failed' : 'bound', name });
  }

  #signal(name: string): AbortSignal {
    const controller = new AbortController();
    this.#controllers.set(name, controller);
    return controller.signal;
  }

  /** Tells of each image that has come to its end, and ends when all have. */
  #settle(): void {
    for (const { name } of this.#tasks) {
      const built = this.#built.get(name);
      const outcome = this.#reported.has(name) ? undefined : outcomeIn(this.#state, name, built?.outcome);
      if (outcome === undefined) continue;
      this.#reported.set(name, outcome);
      void this.#options.observer.finished(outcome, built?.logFile);
    }
    if (!isOver(this.#state)) return;
    this.#options.signal.removeEventListener('abort', this.#abort);
    this.#resolve(new Map([...this.#reported].map(([name, outcome]) => [name, this.#scheduled(name, outcome)])));
  }

  #scheduled(name: string, outcome: BuildOutcome): Scheduled {
    return { outcome, digest: 'digest' in outcome ? this.#digests.get(name) : undefined };
  }
}

/** What was thrown, as the outcome of an image. */
function failedOutcome(name: string, thrown: unknown, queuedAt: number, timing?: Timing): BuildOutcome {
  const never = { startedAt: undefined, builtAt: undefined, pushedAt: undefined, boundAt: undefined };
  return {
    kind: 'failed',
    name,
    message: message(thrown),
    at: undefined,
    tail: [],
    timing: timing ?? { queuedAt, ...never, steps: 0, cachedSteps: 0 },
  };
}
