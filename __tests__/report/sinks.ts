import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** A stream that keeps what is written. */
export class Sink extends PassThrough {
  text = '';

  constructor() {
    super();
    this.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk));
  }

  get lines(): readonly string[] {
    return this.text.split('\n').slice(0, -1);
  }

  /** Waits until the text is there; the test's time limit ends a wait in vain. */
  async until(text: string): Promise<void> {
    while (!this.text.includes(text)) await sleep(2);
  }
}

/**
 * A terminal as far as live lines need one: columns and rows, the cursor moves that are used, lines that wrap and scroll. Throws on
 * any other control sequence.
 */
export class Screen {
  isTTY = true as const;
  columns: number;
  rows: number;
  #lines: string[] = [''];
  #row = 0;
  readonly #listeners = new Set<() => void>();

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** What is on the screen and above it, without colours and blanks at the end. */
  get text(): string {
    return this.#lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  write(text: string): boolean {
    for (const [token] of text.matchAll(/\u001b\[\d*[A-Za-z]|[\s\S]/gu)) this.#take(token);
    return true;
  }

  on(_: 'resize', listener: () => void): this {
    this.#listeners.add(listener);
    return this;
  }

  off(_: 'resize', listener: () => void): this {
    this.#listeners.delete(listener);
    return this;
  }

  /** Wraps what is too long now, as terminals do. */
  resize(columns: number): void {
    this.columns = columns;
    this.#lines = this.#lines.flatMap((line) =>
      line === '' ? [''] : (line.match(new RegExp(`.{1,${String(columns)}}`, 'gu')) ?? []),
    );
    this.#row = this.#lines.length - 1;
    for (const listener of this.#listeners) listener();
  }

  #take(token: string): void {
    const up = /^\u001b\[(\d+)A$/.exec(token)?.[1];
    if (up !== undefined) {
      // The cursor stops at the screen's first row.
      this.#row = Math.max(0, this.#lines.length - this.rows, this.#row - Number(up));
    } else if (token === '\u001b[J') {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row] = '';
    } else if (token === '\n') {
      this.#row += 1;
      this.#lines[this.#row] ??= '';
    } else if (token.startsWith('\u001b') && !/^\u001b\[\d+m$/.test(token)) {
      throw new Error(`unexpected ${JSON.stringify(token)}`);
    } else if (!token.startsWith('\u001b') && token !== '\r') {
      this.#lines[this.#row] = (this.#lines[this.#row] ?? '') + token;
    }
  }
}
