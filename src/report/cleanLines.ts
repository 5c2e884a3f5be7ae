import { clip, visible, withoutCommand, withoutControlSequences } from './escape';
import type { Secrets } from './secrets';

/** Longer lines are cut: nobody reads them, and memory stays small whatever a build prints. */
const LONGEST_LINE = 8_000;

/**
 * A foreign byte stream, chunk by chunk as it comes, as lines that are safe to print: UTF-8 also across chunk borders, no colours,
 * nothing hidden, no secret (also when a chunk border goes through it), no workflow command. Keeps at most one line in memory.
 */
export class CleanLines {
  readonly #secrets: Secrets;
  readonly #decoder = new TextDecoder('utf-8');
  #line = '';
  #cut = false;
  #afterReturn = false;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  /** The lines that this chunk completes. */
  push(chunk: Uint8Array): readonly string[] {
    return this.#take(this.#decoder.decode(chunk, { stream: true }));
  }

  /** The last line, when it had no line end. Nothing may be pushed afterwards. */
  end(): readonly string[] {
    const lines = this.#take(this.#decoder.decode());
    return this.#line === '' ? lines : [...lines, this.#finish()];
  }

  #take(text: string): readonly string[] {
    const lines: string[] = [];
    let from = 0;
    for (const end of text.matchAll(/[\r\n]/g)) {
      this.#append(text.slice(from, end.index));
      from = end.index + 1;
      // A carriage return redraws a line on a terminal; here each state that says something is a line. "\r\n" is one line end.
      const empty = this.#line === '';
      if (end[0] === '\r' && empty) continue;
      if (!(end[0] === '\n' && empty && this.#afterReturn)) lines.push(this.#finish());
      this.#afterReturn = end[0] === '\r';
    }
    this.#append(text.slice(from));
    return lines;
  }

  #append(text: string): void {
    if (text === '') return;
    this.#afterReturn = false;
    // Control sequences go later and secrets are found before the line is cut, so more is kept than is shown.
    const room = 2 * LONGEST_LINE + this.#secrets.longest - this.#line.length;
    this.#line += text.slice(0, Math.max(0, room));
    this.#cut ||= text.length > room;
  }

  #finish(): string {
    const redacted = this.#secrets.redact(withoutControlSequences(this.#line));
    // Of a line that was cut on the way in, the end may be the first half of a secret.
    const safe = this.#cut ? `${redacted.slice(0, -this.#secrets.longest || undefined)}…` : redacted;
    this.#line = '';
    this.#cut = false;
    return printable(safe);
  }
}

/** One foreign line, safe to print: the same as CleanLines does to each of its lines. */
export function cleanLine(line: string, secrets: Secrets): string {
  return printable(secrets.redact(withoutControlSequences(line)));
}

function printable(line: string): string {
  return withoutCommand(clip(visible(line), LONGEST_LINE));
}
