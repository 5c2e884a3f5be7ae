import type { Clean, Printer } from './printer';
import { columns } from './width';

/** The part of a terminal's stream that is used. */
interface TerminalStream {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** Colours take no column. */
const COLOUR = /\u001b\[\d+m/g;

/**
 * A terminal whose last lines are redrawn in place; printed lines scroll by above them. Without live lines it is an ordinary
 * printer. Nothing has to be restored when the process ends: the cursor is below the live lines all the time.
 */
export class LiveScreen implements Printer {
  readonly #stream: TerminalStream;
  readonly #clean: Clean;
  /** Widths of the lines that are drawn, to know how many rows they take after a resize. */
  #drawn: readonly number[] = [];
  #lines: readonly string[] = [];

  constructor(stream: TerminalStream, clean: Clean = (line) => line) {
    this.#stream = stream;
    this.#clean = clean;
  }

  /** What lines may take. The last column stays free: writing into it makes some terminals wrap. */
  get frame(): { readonly columns: number; readonly rows: number } {
    return { columns: Math.max(1, (this.#stream.columns ?? 80) - 1), rows: Math.max(2, this.#stream.rows ?? 24) };
  }

  print(line: string): void {
    this.#stream.write(`${this.#erase()}${this.#clean(line)}\n${this.#render()}`);
  }

  /** Replaces the live lines. Each must fit into `frame`. */
  draw(lines: readonly string[]): void {
    const erase = this.#erase();
    this.#lines = lines.map(this.#clean);
    this.#stream.write(`${erase}${this.#render()}`);
  }

  /** The live lines stay where they are, and become ordinary ones. */
  settle(): void {
    this.#lines = [];
    this.#drawn = [];
  }

  onResize(listener: () => void): () => void {
    this.#stream.on('resize', listener);
    return () => this.#stream.off('resize', listener);
  }

  #render(): string {
    this.#drawn = this.#lines.map((line) => columns(line.replace(COLOUR, '')));
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  /** Up to the first live line and clear from there. A narrower terminal has wrapped the lines that were drawn. */
  #erase(): string {
    const width = Math.max(1, this.#stream.columns ?? 80);
    const rows = this.#drawn.reduce((sum, drawn) => sum + Math.max(1, Math.ceil(drawn / width)), 0);
    return rows === 0 ? '' : `\r\u001b[${String(rows)}A\u001b[J`;
  }
}
