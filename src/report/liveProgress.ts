import type { BuildEvent, BuildOutcome } from '../types';
import { placed, type Sources } from './annotations';
import { BuildState } from './buildState';
import { cleanLine } from './cleanLines';
import { liveLines, type Frame } from './liveLines';
import type { LiveScreen } from './liveScreen';
import { failureLines } from './outcome';
import type { Paint } from './paint';
import type { Progress } from './progress';
import type { Secrets } from './secrets';

/** Often enough to look alive, seldom enough to cost nothing. */
const REDRAW_MS = 200;

export interface LiveOptions {
  readonly screen: LiveScreen;
  readonly secrets: Secrets;
  readonly sources: Sources;
  readonly paint: Paint;
  readonly now?: () => number;
}

/** Progress on a terminal: one live line per image and one with the total; at the end the final state stays. */
export class LiveProgress implements Progress {
  readonly #options: LiveOptions;
  readonly #state: BuildState;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly #stopListening: () => void;
  #closed = false;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#state = new BuildState(this.#now);
    this.#startedAt = this.#now();
    this.#timer = setInterval(() => this.draw(), REDRAW_MS);
    this.#timer.unref();
    this.#stopListening = options.screen.onResize(() => this.draw());
  }

  queued(image: string): void {
    this.#state.queued(image);
  }

  started(image: string): void {
    this.#state.started(image);
  }

  event(image: string, event: BuildEvent): void {
    this.#state.event(image, event);
    if (event.kind === 'warning') this.#say(this.#options.paint.yellow('warning: '), `${image}: ${event.text}`);
  }

  finished(raw: BuildOutcome): void {
    const outcome = placed(raw, this.#options.sources);
    this.#state.finished(outcome);
    if (outcome.kind === 'failed') for (const line of failureLines(outcome)) this.#say('', line);
  }

  /** Draws the state of now; also done by a timer. */
  draw(frame: Frame = this.#options.screen.frame): void {
    if (this.#closed) return;
    const { screen, secrets, paint } = this.#options;
    const clean = (text: string): string => secrets.redact(text);
    const images = this.#state.images;
    if (images.length > 0) screen.draw(liveLines(images, frame, this.#startedAt, this.#now(), paint, clean));
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopListening();
    // What stays may scroll, so every image has its line.
    this.draw({ ...this.#options.screen.frame, rows: Infinity });
    this.#closed = true;
    this.#options.screen.settle();
    return Promise.resolve();
  }

  #say(label: string, text: string): void {
    const { screen, secrets } = this.#options;
    for (const line of text.split(/\r\n|\n|\r/)) screen.print(`${label}${cleanLine(line, secrets)}`);
  }
}
