import { expand, type Lookup } from '../dockerfile/expand';

/** One word of a command. `text` undefined: only the shell will know it; `raw` is as written. */
export interface Word {
  readonly text: string | undefined;
  readonly raw: string;
}

/** A command as far as it can be told without running it: its words, and what it reads or writes by redirection. */
export interface ShellCommand {
  readonly words: readonly Word[];
  readonly redirects: readonly Word[];
}

/** Command substitutions in command substitutions; nobody nests deeper. */
const deepest = 8;

/**
 * Cuts a shell text into simple commands, those in `$(…)` and backticks among them
 * (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html). Control words (`if`, `do`) stay words.
 * Variables that the text itself assigns are unknown. Never throws.
 */
export function readCommands(text: string, outer: Lookup, depth = 0): readonly ShellCommand[] {
  const assigned = assignedNames(text);
  const lookup: Lookup = (name) => (assigned.has(name) ? undefined : outer(name));
  const commands: ShellCommand[] = [];
  let words: Word[] = [];
  let redirects: Word[] = [];
  let raw = '';
  let redirect = false;
  const endWord = (): void => {
    if (raw !== '') {
      // To the Dockerfile's own rules a backtick is a plain character; to a shell it never is.
      (redirect ? redirects : words).push({ raw, text: raw.includes('`') ? undefined : expand(raw, lookup) });
      redirect = false;
    }
    raw = '';
  };
  const endCommand = (): void => {
    endWord();
    redirect = false;
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
      redirect = true;
      at += text.charAt(at + 1) === '&' ? 2 : 1;
    } else if (/[\s;&|()]/.test(character)) {
      if (/[\n;&|()]/.test(character)) endCommand();
      else endWord();
      at += 1;
    } else {
      raw += character;
      at += 1;
    }
  }
  endCommand();
  return commands;
}

/** What starts at `at` and holds together whatever is in it: a quoted string, an escape, a substitution. */
function quotedPiece(
  text: string,
  at: number,
): { readonly raw: string; readonly inner: readonly string[] } | undefined {
  const character = text.charAt(at);
  if (character === '\\') return { raw: text.slice(at, at + 2), inner: [] };
  if (character === "'") return { raw: upTo(text, at, text.indexOf("'", at + 1)), inner: [] };
  if (character === '`') {
    const raw = upTo(text, at, text.indexOf('`', at + 1));
    return { raw, inner: [raw.slice(1, -1)] };
  }
  if (text.startsWith('$(', at)) {
    const raw = upTo(text, at, closing(text, at + 1));
    return { raw, inner: raw.startsWith('$((') ? [] : [raw.slice(2, -1)] };
  }
  if (text.startsWith('${', at)) return { raw: upTo(text, at, text.indexOf('}', at)), inner: [] };
  if (character !== '"') return undefined;
  const inner: string[] = [];
  for (let end = at + 1; end < text.length; end++) {
    const within = text.charAt(end);
    if (within === '"') return { raw: text.slice(at, end + 1), inner };
    if (within === '\\') end += 1;
    const substitution = within === '`' || text.startsWith('$(', end) ? quotedPiece(text, end) : undefined;
    if (substitution !== undefined) {
      inner.push(...substitution.inner);
      end += substitution.raw.length - 1;
    }
  }
  return { raw: text.slice(at), inner };
}

/** The parenthesis that closes the one at `open`; quotes within are stepped over. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') at += 1;
    else if (character === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) return -1;
      at = end;
    } else if (character === '(') depth += 1;
    else if (character === ')' && --depth === 0) return at;
  }
  return -1;
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
