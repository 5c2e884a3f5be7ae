import type { BuildEvent, BuildOutcome } from '../types';
import { cleanLine } from './cleanLines';
import { liveLines, type Frame } from './liveLines';
import type { LiveScreen } from './liveScreen';
import { failureLines } from './outcome';
import type { Paint } from './paint';
import { StatefulProgress, type ProgressOptions } from './progress';

/** Often enough to look alive, seldom enough to cost nothing. */
const REDRAW_MS = 200;

interface LiveOptions extends ProgressOptions {
  readonly screen: LiveScreen;
  readonly paint: Paint;
}

/** Progress on a terminal: one live line per image and one with the total; at the end the final state stays. */
export class LiveProgress extends StatefulProgress<LiveOptions> {
  readonly #stopListening: () => void;
  #closed = false;

  constructor(options: LiveOptions) {
    super(options, REDRAW_MS);
    this.#stopListening = options.screen.onResize(() => this.draw());
  }

  override event(image: string, event: BuildEvent): void {
    super.event(image, event);
    if (event.kind === 'warning') this.#say(this.options.paint.yellow('warning: '), `${image}: ${event.text}`);
  }

  override finished(raw: BuildOutcome): void {
    const outcome = this.ended(raw);
    if (outcome.kind === 'failed') for (const line of failureLines(outcome)) this.#say('', line);
  }

  /** Draws the state of now; also done by a timer. */
  draw(frame: Frame = this.options.screen.frame): void {
    if (this.#closed) return;
    const { screen, secrets, paint } = this.options;
    const clean = (text: string): string => secrets.redact(text);
    const { images } = this;
    if (images.length > 0) screen.draw(liveLines(images, frame, this.startedAt, this.now(), paint, clean));
  }

  protected override tick(): void {
    this.draw();
  }

  override close(): Promise<void> {
    this.#stopListening();
    // What stays may scroll, so every image has its line.
    this.draw({ ...this.options.screen.frame, rows: Infinity });
    this.#closed = true;
    this.options.screen.settle();
    return super.close();
  }

  #say(label: string, text: string): void {
    const { screen, secrets } = this.options;
    for (const line of text.split(/\r\n|\n|\r/)) screen.print(`${label}${cleanLine(line, secrets)}`);
  }
}
