import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Makes a line safe to print: `printedLine` without the secrets that are known. */
export type Clean = (line: string) => string;

/** Where whole lines for people go. */
export interface Printer {
  /** `line` has no line break; on a terminal with live lines it appears above them. */
  print(line: string): void;
}

/** Prints one line and waits while the reader is slow. */
export type PrintInBlock = (line: string) => Promise<void>;

/** A printer for lines of any origin, before one that prints what it is given. */
export function cleaning(printer: Printer, clean: Clean): Printer {
  return { print: (line) => printer.print(clean(line)) };
}

/**
 * Lines on a stream as they are, and blocks of lines into which nothing else gets: what is printed meanwhile comes after the block.
 */
export class LinePrinter implements Printer {
  readonly #stream: Writable;
  /** The last block of those that wait or are being printed. */
  #block: Promise<void> | undefined;
  #waiting: string[] = [];

  constructor(stream: Writable) {
    this.#stream = stream;
    // A reader that has gone away (`| head`) must not stop the build; nobody is left to read it.
    stream.on('error', () => undefined);
  }

  print(line: string): void {
    if (this.#block === undefined) this.#stream.write(`${line}\n`);
    else this.#waiting.push(line);
  }

  /** Prints a block; blocks come one after the other, in the order of the calls. Resolves when it has been handed on. */
  async block(write: (print: PrintInBlock) => Promise<void>): Promise<void> {
    const before = this.#block;
    const own = this.#after(before, write);
    this.#block = own;
    try {
      await own;
    } finally {
      if (this.#block === own) this.#block = undefined;
      this.#flush();
    }
  }

  async #after(before: Promise<void> | undefined, write: (print: PrintInBlock) => Promise<void>): Promise<void> {
    // A block that failed is its caller's trouble, not that of the next.
    await before?.catch(() => undefined);
    try {
      await write((line) => this.#handOn(`${line}\n`));
    } finally {
      this.#flush();
    }
  }

  #flush(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    for (const line of lines) this.#stream.write(`${line}\n`);
  }

  async #handOn(text: string): Promise<void> {
    if (this.#stream.write(text) || this.#stream.destroyed) return;
    // Whatever comes first; a reader that has gone away reads no more.
    const stop = new AbortController();
    const signal = stop.signal;
    await Promise.race(['drain', 'close', 'error'].map((event) => once(this.#stream, event, { signal }))).catch(
      () => undefined,
    );
    stop.abort();
  }
}
