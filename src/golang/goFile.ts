import { parseGoBuild, parsePlusBuild, type Constraint } from './constraint';
import { Scanner } from './goScanner';

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
