/** Where a line is gathered at first; it grows to the limit when a line is longer. */
const FIRST_SIZE = 64 * 1024;

/** Gets a line without its end; the bytes are the caller's only until it returns. `cut`: it was longer than the limit. */
type Take = (line: Buffer, cut: boolean) => void;

/**
 * A byte stream as lines, whatever the chunk borders. Keeps at most `limit` bytes of a line; what is longer is cut there and marked as cut.
 * Lines are gathered in one piece of memory that is used again, because logs are mostly garbage otherwise.
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
  push(chunk: Uint8Array, take: Take): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
      if (this.#size === 0 && end - from <= this.#limit) {
        take(withoutReturn(bytes.subarray(from, end)), false);
      } else {
        this.#keep(bytes.subarray(from, end));
        this.#finish(take);
      }
      from = end + 1;
    }
    this.#keep(bytes.subarray(from));
  }

  /** The last line, when it had no line end. */
  end(take: Take): void {
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

  #finish(take: Take): void {
    const line = this.#kept.subarray(0, this.#size);
    const cut = this.#cut;
    this.#size = 0;
    this.#cut = false;
    take(withoutReturn(line), cut);
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}
