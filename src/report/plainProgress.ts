import type { BuildEvent, BuildOutcome } from '../types';
import { placed, type Sources } from './annotations';
import { BuildState } from './buildState';
import { cleanLine } from './cleanLines';
import { failureLines, outcomeText } from './outcome';
import type { Printer } from './printer';
import { heartbeat, HEARTBEAT_MS, type Progress } from './progress';
import type { Secrets } from './secrets';

export interface PlainOptions {
  readonly printer: Printer;
  readonly secrets: Secrets;
  readonly sources: Sources;
  readonly now?: () => number;
  readonly heartbeatMs?: number;
}

/** Progress in a pipe or file: a line when something begins or ends, and one at least every 30 seconds. */
export class PlainProgress implements Progress {
  readonly #options: PlainOptions;
  readonly #state: BuildState;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #timer: NodeJS.Timeout;

  constructor(options: PlainOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#state = new BuildState(this.#now);
    this.#startedAt = this.#now();
    this.#timer = setInterval(() => this.#beat(), options.heartbeatMs ?? HEARTBEAT_MS);
    this.#timer.unref();
  }

  queued(image: string): void {
    this.#state.queued(image);
  }

  started(image: string): void {
    this.#state.started(image);
    this.#say(`${image}: started`);
  }

  event(image: string, event: BuildEvent): void {
    this.#state.event(image, event);
    if (event.kind === 'warning') this.#say(`${image}: warning: ${event.text}`);
  }

  finished(raw: BuildOutcome): void {
    const outcome = placed(raw, this.#options.sources);
    this.#state.finished(outcome);
    this.#say(`${outcome.name}: ${outcomeText(outcome)}`);
    if (outcome.kind === 'failed') for (const line of failureLines(outcome)) this.#say(line);
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    return Promise.resolve();
  }

  #beat(): void {
    const line = heartbeat(this.#state.images, this.#startedAt, this.#now(), (text) =>
      this.#options.secrets.redact(text),
    );
    if (line !== undefined) this.#say(line);
  }

  #say(text: string): void {
    const { printer, secrets } = this.#options;
    for (const line of text.split(/\r\n|\n|\r/)) printer.print(cleanLine(line, secrets));
  }
}
