/** Where a line is gathered at first; it grows to the limit when a line is longer. */
const FIRST_SIZE = 64 * 1024;

/**
 * A byte stream as lines of UTF-8, whatever the chunk borders. Keeps at most `limit` bytes of a line; what is longer is cut there
 * and told so. Lines are gathered in one piece of memory that is used again, because logs are mostly garbage otherwise.
 */
export class ByteLines {
  readonly #limit: number;
  #kept = Buffer.allocUnsafe(FIRST_SIZE);
  #size = 0;
  #cut = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls `take` for each line that this chunk completes. */
  push(chunk: Uint8Array, take: (line: string, cut: boolean) => void): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
      if (this.#size === 0 && end - from <= this.#limit) {
        take(withoutReturn(bytes.toString('utf8', from, end)), false);
      } else {
        this.#keep(bytes.subarray(from, end));
        this.#finish(take);
      }
      from = end + 1;
    }
    this.#keep(bytes.subarray(from));
  }

  /** The last line, when it had no line end. */
  end(take: (line: string, cut: boolean) => void): void {
    if (this.#size > 0) this.#finish(take);
  }

  #keep(part: Buffer): void {
    const room = this.#limit - this.#size;
    if (part.length > room) this.#cut = true;
    const taken = Math.min(part.length, room);
    if (this.#size + taken > this.#kept.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(2 * this.#kept.length, this.#size + taken)));
      this.#kept.copy(grown, 0, 0, this.#size);
      this.#kept = grown;
    }
    this.#size += part.copy(this.#kept, this.#size, 0, taken);
  }

  #finish(take: (line: string, cut: boolean) => void): void {
    const line = this.#kept.toString('utf8', 0, this.#size);
    const cut = this.#cut;
    this.#size = 0;
    this.#cut = false;
    take(withoutReturn(line), cut);
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
