import { expandShell } from './expand';
import { closing } from './tokens';
import { unknownPart, type Lookup } from './wordLexer';

/** One word of a command. `raw` is as written. */
export interface Word {
  /** undefined: only the shell will know it. */
  readonly text: string | undefined;
  readonly raw: string;
  /** The text with `**` for what only the shell will know; undefined: nothing of it is known. */
  readonly pattern: string | undefined;
}

/** A file that a command reads from or writes to. */
export interface Redirect extends Word {
  readonly writes: boolean;
}

/** A command as far as it can be known without running it: its words, and what it reads or writes by redirection. */
export interface ShellCommand {
  readonly words: readonly Word[];
  readonly redirects: readonly Redirect[];
}

/** Command substitutions in command substitutions; nobody nests deeper. */
const deepest = 8;

/** What a shell sets by itself. */
const shellsOwn = new Set('HOME HOSTNAME IFS OLDPWD OPTARG OPTIND PATH PPID PWD RANDOM REPLY UID'.split(' '));

/** A word without variables. */
export function plainWord(text: string): Word {
  return { text, raw: text, pattern: text };
}

/**
 * Cuts a shell text into simple commands, those in `$(…)` and backticks among them
 * (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html). Control words (`if`, `do`) stay words; patterns of
 * `case` are left out. Variables that the text itself assigns are unknown. Never throws.
 */
export function readCommands(text: string, outer: Lookup, depth = 0): readonly ShellCommand[] {
  const assigned = assignedNames(text);
  const lookup: Lookup = (name) => (assigned.has(name) || shellsOwn.has(name) ? undefined : outer(name));
  const commands: ShellCommand[] = [];
  let words: Word[] = [];
  let redirects: Redirect[] = [];
  let raw = '';
  let redirect: '<' | '>' | undefined;
  const endWord = (): void => {
    if (raw !== '' && redirect !== undefined) redirects.push({ ...readWord(raw, lookup), writes: redirect === '>' });
    else if (raw !== '') words.push(...readWords(raw, lookup));
    if (raw !== '') redirect = undefined;
    raw = '';
  };
  const endCommand = (): void => {
    endWord();
    redirect = undefined;
    if (words.length + redirects.length > 0) commands.push({ words, redirects });
    words = [];
    redirects = [];
  };
  for (let at = 0; at < text.length;) {
    const character = text.charAt(at);
    const piece = quotedPiece(text, at);
    if (piece !== undefined) {
      raw += piece.raw;
      if (depth < deepest) for (const inner of piece.inner) commands.push(...readCommands(inner, lookup, depth + 1));
      at += piece.raw.length;
    } else if (character === '#' && raw === '') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (character === '<' || character === '>') {
      if (/^\d$/.test(raw)) raw = '';
      endWord();
      redirect = character;
      at += text.charAt(at + 1) === '&' ? 2 : 1;
    } else if (/[\s;&|()]/.test(character)) {
      const cases = raw === 'in' && words.some((word) => word.raw === 'case');
      if (/[\n;&|()]/.test(character)) endCommand();
      else endWord();
      at += 1;
      if (character === ';' && /[;&]/.test(text.charAt(at))) at = casePattern(text, at + 1);
      else if (cases) {
        endCommand();
        at = casePattern(text, at);
      }
    } else {
      raw += character;
      at += 1;
    }
  }
  endCommand();
  return commands;
}

/** A word whose variable holds several is several, where no quotes keep them together. */
function readWords(raw: string, lookup: Lookup): readonly Word[] {
  const word = readWord(raw, lookup);
  if (!/^\$\{?\w+\}?$/.test(raw) || word.text === undefined || !/^$|\s/.test(word.text)) return [word];
  return word.text
    .split(/\s+/)
    .filter((part) => part !== '')
    .map(plainWord);
}

function readWord(raw: string, lookup: Lookup): Word {
  const text = expandShell(raw, lookup);
  if (text?.includes(unknownPart) !== true) return { raw, text, pattern: text };
  const pattern = text.replaceAll(unknownPart, '**').replace(/(\*\*)+/g, '**');
  return { raw, text: undefined, pattern: /^[*./]*$|\*\*.*\.\.(\/|$)/.test(pattern) ? undefined : pattern };
}

/** Index behind a pattern of `case` (`a|b)`) that starts at `at`; there itself where `esac` comes instead. */
function casePattern(text: string, at: number): number {
  const space = /(?:\s|#[^\n]*)*/y;
  space.lastIndex = at;
  space.exec(text);
  const start = space.lastIndex;
  if (/^esac\b/.test(text.slice(start, start + 5))) return start;
  for (let end = text.charAt(start) === '(' ? start + 1 : start; end < text.length;) {
    const piece = quotedPiece(text, end);
    if (piece === undefined && text.charAt(end) === ')') return end + 1;
    if (piece === undefined && /[;&<>(]/.test(text.charAt(end))) return start;
    end += piece?.raw.length ?? 1;
  }
  return start;
}
/** A piece of a shell text, and the commands that are run within it. */
interface Piece {
  readonly raw: string;
  readonly inner: readonly string[];
}

/** What of a shell text is in no quotes, no escape and no substitution, each of which leaves a 1. */
export function unquoted(text: string, depth = 0): string {
  let bare = '';
  for (let at = 0; at < text.length;) {
    const piece = quotedPiece(text, at, depth);
    bare += piece === undefined ? text.charAt(at) : '1';
    at += piece?.raw.length ?? 1;
  }
  return bare;
}

/** What starts at `at` and holds together whatever is in it: a quoted string, an escape, a substitution. */
function quotedPiece(text: string, at: number, depth = 0): Piece | undefined {
  const character = text.charAt(at);
  if (character === '\\') return { raw: text.slice(at, at + 2), inner: [] };
  if (character === "'") return { raw: upTo(text, at, text.indexOf("'", at + 1)), inner: [] };
  if (character === '`') {
    const raw = upTo(text, at, text.indexOf('`', at + 1));
    return { raw, inner: [raw.slice(1, -1)] };
  }
  if (text.startsWith('$(', at)) {
    const raw = text.slice(at, closing(text, at + 1));
    if (!isArithmetic(raw, depth)) return { raw, inner: [raw.slice(2, -1)] };
    return { raw, inner: substitutionsUpTo(raw, 3, undefined, depth).inner };
  }
  if (text.startsWith('${', at)) return substitutionsUpTo(text, at, '}', depth);
  return character === '"' ? substitutionsUpTo(text, at, '"', depth) : undefined;
}

/** What starts at `at` up to the `end` that ends it, and the commands that are run within: `"$(a)"`, `${A:-$(a)}`. */
function substitutionsUpTo(text: string, at: number, end: '"' | '}' | undefined, depth: number): Piece {
  const inner: string[] = [];
  for (let next = at + (end === '}' ? 2 : 1); next < text.length; next++) {
    const character = text.charAt(next);
    if (character === end) return { raw: text.slice(at, next + 1), inner };
    if (character === '\\') next += 1;
    const holds =
      character === '`' || /^\$[({]/.test(text.slice(next, next + 2)) || (end === '}' && /["']/.test(character));
    const piece = holds && depth < deepest ? quotedPiece(text, next, depth + 1) : undefined;
    if (piece === undefined) continue;
    inner.push(...piece.inner);
    next += piece.raw.length - 1;
  }
  return { raw: text.slice(at), inner };
}

/** `$((1 + $A))`, and not `$((a b; c) | d)`: of two words side by side there are none in arithmetic. */
function isArithmetic(raw: string, depth: number): boolean {
  if (depth >= deepest || !raw.startsWith('$((') || !raw.endsWith('))')) return false;
  return !/[^\w\s+\-*/%<>=!&|^~?:,()$#@]|\w\s+\w/.test(unquoted(raw.slice(3, -2), depth + 1));
}

function upTo(text: string, at: number, end: number): string {
  return end < 0 ? text.slice(at) : text.slice(at, end + 1);
}

/** Names that the text gives a value to, in whatever way; theirs is not what the Dockerfile says. */
function assignedNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const found of text.matchAll(/(?:^|[\s;&|({`"'])([A-Za-z_][A-Za-z0-9_]{0,200})\+?=/g)) names.add(found[1] ?? '');
  for (const found of text.matchAll(
    /\b(?:for|read|select|getopts)\s+(?:-\w{1,20}\s+){0,5}([A-Za-z_][A-Za-z0-9_]{0,200})/g,
  )) {
    names.add(found[1] ?? '');
  }
  return names;
}
