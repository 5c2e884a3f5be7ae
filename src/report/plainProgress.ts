import type { BuildEvent, BuildOutcome } from '../types';
import { cleanLine } from './cleanLines';
import { failureLines, outcomeText } from './outcome';
import type { Printer } from './printer';
import { HEARTBEAT_MS, StatefulProgress, type ProgressOptions } from './progress';

interface PlainOptions extends ProgressOptions {
  readonly printer: Printer;
  readonly heartbeatMs?: number;
}

/** Progress in a pipe or file: a line when something begins or ends, and one at least every 30 seconds. */
export class PlainProgress extends StatefulProgress<PlainOptions> {
  constructor(options: PlainOptions) {
    super(options, options.heartbeatMs ?? HEARTBEAT_MS);
  }

  override started(image: string): void {
    super.started(image);
    this.#say(`${image}: started`);
  }

  override event(image: string, event: BuildEvent): void {
    super.event(image, event);
    if (event.kind === 'warning') this.#say(`${image}: warning: ${event.text}`);
  }

  override finished(raw: BuildOutcome): void {
    const outcome = this.ended(raw);
    this.#say(`${outcome.name}: ${outcomeText(outcome)}`);
    if (outcome.kind === 'failed') for (const line of failureLines(outcome)) this.#say(line);
  }

  protected override tick(): void {
    const line = this.heartbeat();
    if (line !== undefined) this.#say(line);
  }

  #say(text: string): void {
    const { printer, secrets } = this.options;
    for (const line of text.split(/\r\n|\n|\r/)) printer.print(cleanLine(line, secrets));
  }
}
