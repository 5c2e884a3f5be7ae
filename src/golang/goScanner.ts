const newline = 0x0a;

/** Reads tokens from bytes, so that the body of a file is never decoded. */
export class Scanner {
  readonly #bytes: Buffer;
  at = 0;
  /** Was everything so far Go? */
  fine = true;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    // A byte order mark is allowed at the start.
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.at = 3;
  }

  /** Comment lines (trimmed) and empty ones before the first token; block comments are left out. */
  header(): readonly string[] {
    const lines: string[] = [];
    for (;;) {
      const end = this.#lineEnd();
      const line = this.#bytes.toString('utf8', this.at, Math.min(end, this.at + 8000)).trim();
      if (line.startsWith('/*')) this.#blockComment();
      else if (line === '' || line.startsWith('//')) {
        if (this.at >= this.#bytes.length) return lines;
        lines.push(line);
        this.at = end + 1;
      } else return lines;
    }
  }

  /** The letters, digits and underscores that come next; empty: something else does. */
  word(): string {
    this.#space();
    const start = this.at;
    for (let byte = this.#bytes[this.at]; byte !== undefined && isLetter(byte); byte = this.#bytes[this.at])
      this.at += 1;
    if (start === this.at && this.at < this.#bytes.length) this.fine &&= isOpening(this.#bytes[this.at]);
    return this.#bytes.toString('utf8', start, this.at);
  }

  /** A string literal; undefined: something else comes next. */
  string(): string | undefined {
    this.#space();
    const quote = this.#bytes[this.at];
    if (quote !== 0x22 && quote !== 0x60) return undefined;
    const end = this.#bytes.indexOf(quote, this.at + 1);
    const line = this.#lineEnd();
    if (end < 0 || (quote === 0x22 && end > line)) return undefined;
    const text = this.#bytes.toString('utf8', this.at + 1, end);
    this.at = end + 1;
    return quote === 0x22 ? unescaped(text) : text;
  }

  /** Steps over this character if it comes next. */
  skip(character: string): boolean {
    this.#space();
    if (this.#bytes[this.at] !== character.charCodeAt(0)) return false;
    this.at += 1;
    return true;
  }

  /** Steps over blanks, semicolons' line ends and comments. */
  #space(): void {
    for (;;) {
      const byte = this.#bytes[this.at];
      if (byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === newline) this.at += 1;
      else if (byte === 0x2f && this.#bytes[this.at + 1] === 0x2f) this.at = this.#lineEnd();
      else if (byte === 0x2f && this.#bytes[this.at + 1] === 0x2a) this.#blockComment();
      else return;
    }
  }

  #blockComment(): void {
    const start = this.#bytes.indexOf('/*', this.at);
    const end = this.#bytes.indexOf('*/', start + 2);
    this.at = end < 0 ? this.#bytes.length : end + 2;
  }

  #lineEnd(): number {
    const end = this.#bytes.indexOf(newline, this.at);
    return end < 0 ? this.#bytes.length : end;
  }
}

/** ASCII letters, digits, underscore, and every byte of a letter beyond ASCII. */
function isLetter(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x5f ||
    byte >= 0x80
  );
}

/** What may follow a word in the part of a file that is read: a parenthesis, a string, a dot, a semicolon. */
function isOpening(byte: number | undefined): boolean {
  return byte === 0x28 || byte === 0x29 || byte === 0x22 || byte === 0x60 || byte === 0x2e || byte === 0x3b;
}

/** https://go.dev/ref/spec#String_literals, as far as import paths go. */
function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([0-7]{3})|(.))/gi,
    (_, byte?: string, point?: string, octal?: string, plain?: string) =>
      plain ?? String.fromCharCode(octal === undefined ? parseInt(byte ?? point ?? '', 16) : parseInt(octal, 8)),
  );
}
