import { parseGoBuild, parsePlusBuild, type Constraint } from './constraint';

/** What a Go file says before its first declaration, and which files it embeds. */
export interface GoFile {
  /** Empty where the file can't be read. */
  readonly packageName: string;
  /** Without `C`. */
  readonly imports: readonly string[];
  readonly importsC: boolean;
  /** undefined: none; `unreadable`: there is one, but nobody knows what it says. */
  readonly constraint: Constraint | 'unreadable' | undefined;
  /** Patterns of `//go:embed`, quotes gone. */
  readonly embeds: readonly string[];
  /** The text of the header where the file uses cgo: its `#include` and `#cgo` lines name files. */
  readonly preamble: string;
  /** Not Go, or cut off: what it imports can't be known. */
  readonly unreadable: boolean;
}

/**
 * Reads the package clause, the imports, the build constraint and the embed patterns of a Go file, and not more: the
 * body only where it imports `embed`. https://go.dev/ref/spec#Source_file_organization, https://pkg.go.dev/embed.
 * Never throws; linear in what is read.
 */
export function readGoFile(bytes: Buffer): GoFile {
  const scan = new Scanner(bytes);
  const constraint = readConstraint(scan.header());
  const imports: string[] = [];
  const unreadable = {
    packageName: '',
    imports,
    importsC: false,
    constraint,
    embeds: [],
    preamble: '',
    unreadable: true,
  };
  if (scan.word() !== 'package') return unreadable;
  const packageName = scan.word();
  if (packageName === '') return unreadable;
  for (let next = scan.word(); next !== ''; next = scan.word()) {
    if (next !== 'import') {
      if (!['const', 'func', 'type', 'var'].includes(next)) return { ...unreadable, packageName };
      break;
    }
    if (!readImports(scan, imports)) return { ...unreadable, packageName };
  }
  if (!scan.fine) return { ...unreadable, packageName };
  const importsC = imports.includes('C');
  return {
    packageName,
    imports: importsC ? imports.filter((path) => path !== 'C') : imports,
    importsC,
    constraint,
    embeds: imports.includes('embed') ? readEmbeds(bytes.toString('utf8')) : [],
    preamble: importsC ? bytes.toString('utf8', 0, scan.at) : '',
    unreadable: false,
  };
}

/** The constraint in the comments at the top of a file of any language that Go compiles (`.s`, `.c`, `.h`). */
export function readHeaderConstraint(bytes: Buffer): Constraint | 'unreadable' | undefined {
  return readConstraint(new Scanner(bytes).header());
}

function readConstraint(header: readonly string[]): Constraint | 'unreadable' | undefined {
  const goBuild = header.filter((line) => /^\/\/go:build(\s|$)/.test(line));
  if (goBuild.length > 0) {
    return goBuild.length > 1 ? 'unreadable' : (parseGoBuild((goBuild[0] ?? '').slice(10)) ?? 'unreadable');
  }
  // Only those that an empty line sets apart from the package clause.
  const apart = header.slice(0, header.lastIndexOf('') + 1);
  const plus = apart.flatMap((line) => /^\/\/\s*\+build\s(.*)$/.exec(line)?.[1] ?? []);
  return plus.length === 0 ? undefined : (parsePlusBuild(plus) ?? 'unreadable');
}

/** One import declaration behind its keyword; false: it can't be read. */
function readImports(scan: Scanner, imports: string[]): boolean {
  const grouped = scan.skip('(');
  do {
    if (grouped && scan.skip(')')) return true;
    if (!scan.skip('.')) scan.word();
    const path = scan.string();
    if (path === undefined) return false;
    imports.push(path);
    scan.skip(';');
  } while (grouped);
  return true;
}

function readEmbeds(text: string): readonly string[] {
  const patterns: string[] = [];
  for (const line of text.matchAll(/^[ \t]*\/\/go:embed[ \t]+(.*)$/gm)) {
    for (const word of (line[1] ?? '').matchAll(/`([^`]*)`|"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
      const pattern = word[1] ?? (word[2] === undefined ? undefined : unquote(word[2])) ?? word[3] ?? '';
      if (pattern !== '') patterns.push(pattern);
    }
  }
  return patterns;
}

function unquote(text: string): string {
  try {
    const value: unknown = JSON.parse(`"${text}"`);
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}

const newline = 0x0a;

/** Reads tokens from bytes, so that the body of a file is never decoded. */
class Scanner {
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
    return text;
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
