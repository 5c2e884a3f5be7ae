import { bounds, inWords } from '../system/bounds';
import { heredocMarks } from './heredocMarks';
import { goSpace, splitFlags, trimSpace, jsonWords, type Flag } from './tokens';

/** A here-document: https://docs.docker.com/reference/dockerfile/#here-documents */
interface Heredoc {
  readonly name: string;
  readonly content: string;
}

/** One instruction of a Dockerfile with its place in the text, continuation lines joined and comments gone. */
export interface Instruction {
  /** Upper case. */
  readonly keyword: string;
  readonly flags: readonly Flag[];
  /** Everything behind the flags. */
  readonly rest: string;
  readonly heredocs: readonly Heredoc[];
  /** From 1. */
  readonly line: number;
  /** Offset in the text just behind the keyword; undefined: the keyword itself goes on in the next line. */
  readonly offset: number | undefined;
  /** ONBUILD: what is done at the start of a stage that derives from this one. */
  readonly trigger: Instruction | undefined;
}

/** A Dockerfile cut into instructions, or why that can't be done. */
export type ParsedDockerfile =
  | {
      readonly kind: 'parsed';
      readonly instructions: readonly Instruction[];
      /** The frontend that the file asks for. */
      readonly syntax: string | undefined;
      /** A backslash or a backtick. */
      readonly escape: string;
    }
  | { readonly kind: 'unreadable'; readonly reason: string };

interface Line {
  readonly text: string;
  readonly offset: number;
}

/**
 * Cuts a Dockerfile into instructions as BuildKit's own parser does, line by line
 * (https://github.com/moby/buildkit/blob/v0.25.2/frontend/dockerfile/parser/parser.go,
 * https://docs.docker.com/reference/dockerfile/). Never throws; linear in the text's length.
 */
export function parseDockerfile(text: string): ParsedDockerfile {
  const { bytes } = bounds.dockerfile;
  if (text.length > bytes) return { kind: 'unreadable', reason: `the Dockerfile is larger than ${inWords(bytes)}` };
  const lines = split(text);
  const directives = readDirectives(lines);
  if (typeof directives === 'string') return { kind: 'unreadable', reason: directives };
  const { escape } = directives;
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length;) {
    const first = lines[at];
    const number = ++at;
    if (first === undefined || isComment(first.text)) continue;
    const content = first.text.replace(leadingSpace, '');
    const begun = continued(content, escape);
    if (!begun.goesOn && begun.text === '') continue;
    let part = begun;
    let joined = part.text;
    while (part.goesOn && at < lines.length) {
      const next = lines[at++]?.text ?? '';
      if (isComment(next) || trimSpace(next) === '') continue;
      part = continued(next, escape);
      joined += part.text;
    }
    const logical = trimSpace(joined);
    if (logical === '') continue;
    const { keyword, ...parts } = command(logical, escape);
    const heredocs: Heredoc[] = [];
    const announcing = keyword === 'ONBUILD' ? command(parts.rest, escape) : { keyword, ...parts };
    if (['ADD', 'COPY', 'RUN'].includes(announcing.keyword) && jsonWords(announcing.rest) === undefined) {
      for (const { name, chomp } of heredocMarks(logical)) {
        const body: string[] = [];
        let closed = false;
        while (!closed && at < lines.length) {
          const line = lines[at++]?.text ?? '';
          closed = (chomp ? line.replace(/^\t+/, '') : line) === name;
          if (!closed) body.push(chomp ? line.replace(/^\t+/, '') : line);
        }
        if (!closed) {
          return { kind: 'unreadable', reason: `line ${number}: the here-document ${name} has no end` };
        }
        heredocs.push({ name, content: body.join('\n') });
      }
    }
    const whole = begun.text.slice(0, keyword.length).toUpperCase() === keyword;
    const place = {
      line: number,
      offset: whole ? first.offset + first.text.length - content.length + keyword.length : undefined,
      heredocs,
    };
    const trigger =
      keyword === 'ONBUILD' ? { ...announcing, ...place, offset: undefined, trigger: undefined } : undefined;
    instructions.push({ keyword, ...parts, ...place, trigger });
  }
  return { kind: 'parsed', instructions, syntax: readSyntax(lines), escape };
}

const leadingSpace = new RegExp(`^${goSpace}+`);

function isComment(line: string): boolean {
  return line.replace(leadingSpace, '').startsWith('#');
}

function command(logical: string, escape: string): Pick<Instruction, 'keyword' | 'flags' | 'rest'> {
  const [keyword = ''] = /^[^\t\v\f\r ]*/.exec(logical) ?? [];
  const { flags, rest } = splitFlags(logical.slice(keyword.length), escape);
  return { keyword: keyword.toUpperCase(), flags, rest: trimSpace(rest) };
}

function split(text: string): readonly Line[] {
  const lines: Line[] = [];
  // A byte order mark is not part of the first line.
  for (let offset = text.startsWith('\ufeff') ? 1 : 0; offset < text.length;) {
    const end = text.indexOf('\n', offset);
    const stop = end < 0 ? text.length : end;
    let last = stop;
    while (last > offset && text[last - 1] === '\r') last -= 1;
    lines.push({ text: text.slice(offset, last), offset });
    offset = stop + 1;
  }
  return lines;
}

const directive = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;

/** `# name=value` lines at the very top: https://docs.docker.com/reference/dockerfile/#parser-directives. A string: why they are refused. */
function readDirectives(lines: readonly Line[]): { readonly escape: string } | string {
  let escape = '\\';
  const seen = new Set<string>();
  for (const { text } of lines) {
    const [, written = '', value = ''] = directive.exec(text.slice(0, 1000)) ?? [];
    const name = written.toLowerCase();
    if (!['escape', 'syntax', 'check'].includes(name)) break;
    if (seen.has(name)) return `it has the directive ${name} twice`;
    seen.add(name);
    if (name !== 'escape') continue;
    if (value !== '`' && value !== '\\') return `its escape character ${value} is neither a backslash nor a backtick`;
    escape = value;
  }
  return { escape };
}

/** The frontend may also be named behind a line `#!…`, and in a comment of another kind (`// syntax=…`). */
function readSyntax(lines: readonly Line[]): string | undefined {
  for (const { text } of lines[0]?.text.startsWith('#!') === true ? lines.slice(1) : lines) {
    const [, written = '', value = ''] = directive.exec(text.slice(0, 1000).replace(/^\/\//, '#')) ?? [];
    const name = written.toLowerCase();
    if (name === 'syntax') return value.split(' ', 1)[0];
    if (!['escape', 'check'].includes(name)) return undefined;
  }
  return undefined;
}

/** A line goes on in the next one when it ends with the escape character, which is not itself escaped, and blanks. */
function continued(text: string, escape: string): { readonly text: string; readonly goesOn: boolean } {
  let end = text.length;
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end -= 1;
  const goesOn = text[end - 1] === escape && text[end - 2] !== escape;
  return { text: goesOn ? text.slice(0, end - 1) : text, goesOn };
}
