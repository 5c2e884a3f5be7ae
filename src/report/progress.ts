import type { BuildEvent, BuildObserver, BuildOutcome } from '../types';
import { atRepositoryPath, type Sources } from './annotations';
import { BuildState, type ImageState } from './buildState';
import { oneLine } from './escape';
import { duration } from './format';
import type { Secrets } from './secrets';

/** Shows how the builds come along, until it is closed. */
export interface Progress extends BuildObserver {
  /** Stops the clock and leaves the final state. Everything has been printed when it resolves. */
  close(): Promise<void>;
}

/** A run says something at least every 30 seconds. */
export const HEARTBEAT_MS = 25_000;

/** What each kind of progress needs. */
export interface ProgressOptions {
  readonly secrets: Secrets;
  readonly sources: Sources;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Keeps the state of the builds, with a clock that ticks until it is closed. How it is shown is each kind's own. */
export abstract class StatefulProgress<Options extends ProgressOptions> implements Progress {
  protected readonly options: Options;
  protected readonly now: () => number;
  protected readonly startedAt: number;
  readonly #state: BuildState;
  readonly #timer: NodeJS.Timeout;

  constructor(options: Options, tickMs: number) {
    this.options = options;
    this.now = options.now ?? Date.now;
    this.startedAt = this.now();
    this.#state = new BuildState(this.now);
    this.#timer = setInterval(() => this.tick(), tickMs);
    this.#timer.unref();
  }

  protected abstract tick(): void;

  protected get images(): readonly ImageState[] {
    return this.#state.images;
  }

  queued(image: string): void {
    this.#state.queued(image);
  }

  started(image: string): void {
    this.#state.started(image);
  }

  event(image: string, event: BuildEvent): void {
    this.#state.event(image, event);
  }

  abstract finished(outcome: BuildOutcome): void | Promise<void>;

  /** The outcome as it is shown, with the repository's own paths. */
  protected ended(raw: BuildOutcome): BuildOutcome {
    const outcome = atRepositoryPath(raw, this.options.sources);
    this.#state.finished(outcome);
    return outcome;
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    return Promise.resolve();
  }

  /** undefined: nothing runs. */
  protected heartbeat(): string | undefined {
    const { secrets } = this.options;
    return heartbeat(this.images, this.startedAt, this.now(), (text) => secrets.redact(text));
  }
}

/** One line that names what runs and for how long; undefined when nothing does. `clean` hides secrets before names are cut. */
function heartbeat(
  images: readonly ImageState[],
  startedAt: number,
  now: number,
  clean: (text: string) => string,
): string | undefined {
  const running = images.filter((image) => image.phase === 'running');
  if (running.length === 0) return undefined;
  const each = running.map((image) => {
    const step = image.step === undefined ? '' : `: ${oneLine(clean(image.step.name), 70)}`;
    return `${oneLine(image.name, 60)} (${duration(now - image.since)}${step})`;
  });
  return `Still building after ${duration(now - startedAt)}: ${each.join(', ')}${rest(images)}`;
}

function rest(images: readonly ImageState[]): string {
  const waiting = images.filter((image) => image.phase === 'queued').length;
  const done = images.filter((image) => image.phase === 'finished').length;
  return `; ${String(waiting)} waiting, ${String(done)} of ${String(images.length)} done`;
}
