/** One instruction of a Dockerfile with its place in the text. */
export interface Instruction {
  /** In capitals. */
  readonly keyword: string;
  /** From 1. */
  readonly line: number;
  /** Offset in the text just behind the keyword. */
  readonly offset: number;
  /** Everything behind the keyword: continued lines joined, comments and here-documents left out, trimmed. */
  readonly text: string;
  /** Bodies of its here-documents. */
  readonly heredocs: readonly string[];
}

export interface DockerfileLines {
  /** Parser directives (`syntax`, `escape`, `check`), names in small letters. */
  readonly directives: ReadonlyMap<string, string>;
  readonly instructions: readonly Instruction[];
  /** Why the text can't be read to its end, with the line. */
  readonly problem: string | undefined;
}

interface Line {
  readonly text: string;
  readonly offset: number;
}

const withHeredocs = /^(ADD|COPY|RUN|ONBUILD\s+(ADD|COPY|RUN))\s/i;

/**
 * Splits a Dockerfile into instructions by the rules of BuildKit's own parser, which works line by line:
 * https://docs.docker.com/reference/dockerfile/#parser-directives, #escape, #here-documents.
 * Takes time in proportion to the text, whatever is in it. Never throws.
 */
export function readLines(text: string): DockerfileLines {
  const lines = split(text);
  const directives = readDirectives(lines);
  const escape = directives.get('escape') === '`' ? '`' : '\\';
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length;) {
    const first = lines[at] as Line;
    const number = ++at;
    const content = first.text.trimStart();
    if (content === '' || content.startsWith('#')) continue;
    let part = continued(first.text, escape);
    let joined = part.text;
    while (part.goesOn && at < lines.length) {
      const next = lines[at++] as Line;
      if (/^\s*(#|$)/.test(next.text)) continue;
      part = continued(next.text, escape);
      joined += part.text;
    }
    const logical = joined.trim();
    const keyword = /^\S+/.exec(content)?.[0].replace(escape === '\\' ? /\\$/ : /`$/, '') ?? '';
    const heredocs: string[] = [];
    for (const mark of withHeredocs.test(logical) ? heredocMarks(logical) : []) {
      const body: string[] = [];
      for (;;) {
        const next = lines[at++];
        if (next === undefined) {
          return { directives, instructions, problem: `line ${number}: the here-document ${mark.name} has no end` };
        }
        if ((mark.chomp ? next.text.replace(/^\t+/, '') : next.text) === mark.name) break;
        body.push(next.text);
      }
      heredocs.push(body.join('\n'));
    }
    if (!/^[A-Za-z]+$/.test(keyword)) {
      return { directives, instructions, problem: `line ${number}: not an instruction` };
    }
    instructions.push({
      keyword: keyword.toUpperCase(),
      line: number,
      offset: first.offset + first.text.length - content.length + keyword.length,
      text: logical.slice(keyword.length).trim(),
      heredocs,
    });
  }
  return { directives, instructions, problem: undefined };
}

/** Words of an instruction, split at blanks outside quotation marks, which stay. */
export function words(text: string): readonly string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"?|'[^']*'?|\\.|[^\s"'\\]|\\$)+/gs) ?? [];
}

function split(text: string): readonly Line[] {
  const lines: Line[] = [];
  // A byte order mark is not part of the first line.
  for (let offset = text.startsWith('\ufeff') ? 1 : 0; offset < text.length;) {
    const end = text.indexOf('\n', offset);
    const stop = end === -1 ? text.length : end;
    lines.push({ text: text.slice(offset, stop).replace(/\r$/, ''), offset });
    offset = stop + 1;
  }
  return lines;
}

/** Directives stand before everything else, comments included, each at most once. */
function readDirectives(lines: readonly Line[]): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  for (const { text } of lines) {
    const comment = text.trim();
    if (!comment.startsWith('#')) break;
    const equals = comment.indexOf('=');
    const name = comment.slice(1, equals).trim().toLowerCase();
    if (equals === -1 || !/^[a-z][a-z0-9]*$/.test(name) || directives.has(name)) break;
    directives.set(name, comment.slice(equals + 1).trim());
  }
  return directives;
}

/** A line goes on in the next one when it ends with the escape character, which is not itself escaped, and blanks. */
function continued(text: string, escape: string): { readonly text: string; readonly goesOn: boolean } {
  let end = text.length;
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end--;
  const goesOn = text[end - 1] === escape && text[end - 2] !== escape;
  return { text: goesOn ? text.slice(0, end - 1) : text, goesOn };
}

function heredocMarks(logical: string): readonly { readonly name: string; readonly chomp: boolean }[] {
  return words(logical).flatMap((word) => {
    const match = /^\d*<<(-?)([^<]+)$/.exec(word);
    return match === null ? [] : [{ chomp: match[1] === '-', name: (match[2] as string).replace(/["'\\]/g, '') }];
  });
}
