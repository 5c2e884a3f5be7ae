import { message } from '../errors';
import type { BuildObserver, BuildOutcome, Timing } from '../types';
import {
  advance,
  bindsOf,
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
  readonly build: (name: string, signal: AbortSignal, queuedAt: number) => Promise<BuildOutcome>;
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

interface ScheduleOptions extends ScheduleLimits {
  readonly observer: BuildObserver;
  readonly signal: AbortSignal;
}

/**
 * Builds all images at once, as far as `maxParallel` lets, and binds each as soon as what it binds is finished: compiling never waits for
 * another image. What binds an image that failed is stopped, built or not. Resolves when every build has ended, also after `signal`; gives
 * the outcomes in the order in which images got done; never rejects for what an image does.
 */
export async function schedule(
  tasks: readonly Task[],
  steps: ScheduleSteps,
  options: ScheduleOptions,
): Promise<readonly BuildOutcome[]> {
  const run = new Run(tasks, steps, options);
  return run.result;
}

class Run {
  readonly result: Promise<readonly BuildOutcome[]>;
  readonly #tasks: readonly Task[];
  readonly #steps: ScheduleSteps;
  readonly #options: ScheduleOptions;
  readonly #queuedAt = Date.now();
  readonly #controllers = new Map<string, AbortController>();
  readonly #own = new Map<string, BuildOutcome>();
  readonly #reported = new Map<string, BuildOutcome>();
  readonly #resolve: (result: readonly BuildOutcome[]) => void;
  readonly #reject: (mistake: unknown) => void;
  #state: ScheduleState;

  constructor(tasks: readonly Task[], steps: ScheduleSteps, options: ScheduleOptions) {
    this.#tasks = tasks;
    this.#steps = steps;
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<readonly BuildOutcome[]>();
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
    if (this.#task(name).action === 'build') this.#options.observer.started(name);
    const outcome = await this.#steps
      .build(name, signal, this.#queuedAt)
      .catch((thrown: unknown) => failed(name, thrown, { timing: neverStarted(this.#queuedAt) }));
    this.#own.set(name, outcome);
    this.#take({ kind: 'digest' in outcome ? 'built' : outcome.kind === 'failed' ? 'failed' : 'cancelled', name });
  }

  async #bind(name: string): Promise<void> {
    const outcome = this.#own.get(name);
    if (outcome === undefined || !('digest' in outcome)) throw new Error(`${name} is bound before it is built`);
    const images = new Map(bindsOf(this.#task(name)).map((each) => [each, finalDigest(this.#own.get(each)) ?? '']));
    let ended: BuildOutcome;
    try {
      const bound = await this.#steps.bind(name, outcome.digest, images, this.#signal(name));
      ended = { ...outcome, bound, timing: { ...outcome.timing, boundAt: Date.now() } };
    } catch (thrown) {
      ended = failed(name, thrown, outcome);
    }
    this.#own.set(name, ended);
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
      const outcome = this.#reported.has(name) ? undefined : outcomeIn(this.#state, name, this.#own.get(name));
      if (outcome === undefined) continue;
      this.#reported.set(name, outcome);
      void this.#options.observer.finished(outcome);
    }
    if (!isOver(this.#state)) return;
    this.#options.signal.removeEventListener('abort', this.#abort);
    this.#resolve([...this.#reported.values()]);
  }

  #task(name: string): Task {
    const found = this.#tasks.find((task) => task.name === name);
    if (found === undefined) throw new Error(`${name} is not to be built`);
    return found;
  }
}

/** The digest that is published of an image: of the bound one, where it binds others. undefined: it was not made. */
export function finalDigest(outcome: BuildOutcome | undefined): string | undefined {
  return outcome !== undefined && 'digest' in outcome ? (outcome.bound ?? outcome.digest) : undefined;
}

/** What was thrown, as the outcome of an image. */
function failed(
  name: string,
  thrown: unknown,
  { timing, logFile }: { readonly timing: Timing; readonly logFile?: string },
): BuildOutcome {
  const of = { name, ...(logFile === undefined ? {} : { logFile }) };
  return { ...of, kind: 'failed', message: message(thrown), at: undefined, tail: [], timing };
}

/** The times of an image that is not built. */
export function neverStarted(queuedAt: number): Timing {
  const never = { startedAt: undefined, builtAt: undefined, pushedAt: undefined, boundAt: undefined };
  return { queuedAt, ...never, steps: 0, cachedSteps: 0 };
}
