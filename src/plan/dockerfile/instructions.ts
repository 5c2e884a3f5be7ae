/** A here-document: https://docs.docker.com/reference/dockerfile/#here-documents */
export interface Heredoc {
  readonly name: string;
  readonly content: string;
}

/** One instruction of a Dockerfile, continuation lines joined and comments gone. */
export interface Instruction {
  /** Upper case. ONBUILD is taken off: what it says is done in a stage that derives from this one. */
  readonly keyword: string;
  /** Everything behind the keyword. */
  readonly rest: string;
  readonly heredocs: readonly Heredoc[];
  /** From 1. */
  readonly line: number;
}

/** A Dockerfile cut into instructions, or why that can't be done. */
export type ParsedDockerfile =
  | { readonly kind: 'parsed'; readonly instructions: readonly Instruction[]; readonly syntax: string | undefined }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Larger is no Dockerfile. */
const maximumLength = 1 << 20;

/**
 * Cuts a Dockerfile into instructions by the rules of https://docs.docker.com/reference/dockerfile/: parser
 * directives, comments, the escape character, here-documents. Never throws; linear in the text's length.
 */
export function parseDockerfile(text: string): ParsedDockerfile {
  if (text.length > maximumLength) return { kind: 'unreadable', reason: 'the Dockerfile is larger than 1 MiB' };
  const lines = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''));
  const { escape, syntax, first } = readDirectives(lines);
  if (escape !== '\\') return { kind: 'unreadable', reason: `its escape character is ${escape}, not a backslash` };
  const instructions: Instruction[] = [];
  for (let at = first; at < lines.length;) {
    let start = at;
    const parts: string[] = [];
    let open = true;
    while (open && at < lines.length) {
      const line = lines[at] ?? '';
      at += 1;
      // Comments vanish even between continued lines; so do empty lines, which BuildKit only warns about.
      if (/^\s*#/.test(line) || (parts.length > 0 && line.trim() === '')) continue;
      if (parts.length === 0) start = at - 1;
      const continued = withoutContinuation(line);
      open = continued !== undefined;
      parts.push(continued ?? line);
    }
    const [keyword, rest] = keywordOf(parts.join('').trim());
    if (keyword === '') continue;
    const heredocs: Heredoc[] = [];
    if (['ADD', 'COPY', 'RUN'].includes(keyword) && !isJsonForm(rest)) {
      for (const { name, chomp } of heredocNames(rest)) {
        const content: string[] = [];
        let closed = false;
        while (!closed && at < lines.length) {
          const line = chomp ? (lines[at] ?? '').replace(/^\t+/, '') : (lines[at] ?? '');
          at += 1;
          closed = line === name;
          if (!closed) content.push(line);
        }
        if (!closed) {
          return { kind: 'unreadable', reason: `the here-document ${name} of line ${start + 1} has no end` };
        }
        heredocs.push({ name, content: content.join('\n') });
      }
    }
    instructions.push({ keyword, rest, heredocs, line: start + 1 });
  }
  return { kind: 'parsed', instructions, syntax };
}

/** `# name=value` lines at the very top: https://docs.docker.com/reference/dockerfile/#parser-directives */
function readDirectives(lines: readonly string[]): { escape: string; syntax: string | undefined; first: number } {
  let escape = '\\';
  let syntax: string | undefined;
  const seen = new Set<string>();
  let first = 0;
  for (const line of lines) {
    const found = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*?)\s*$/.exec(line.slice(0, 1000));
    const name = found?.[1]?.toLowerCase() ?? '';
    if (found === null || !['escape', 'syntax', 'check'].includes(name) || seen.has(name)) break;
    seen.add(name);
    if (name === 'escape' && found[2] === '`') escape = '`';
    if (name === 'syntax') syntax = found[2];
    first += 1;
  }
  return { escape, syntax, first };
}

/** The line without its continuation character, or undefined where it does not go on. */
function withoutContinuation(line: string): string | undefined {
  const trimmed = line.trimEnd();
  // A doubled backslash is the character itself.
  return trimmed.endsWith('\\') && trimmed.at(-2) !== '\\' ? trimmed.slice(0, -1) : undefined;
}

function keywordOf(line: string): readonly [string, string] {
  const found = /^(\S+)\s*/.exec(line);
  const keyword = (found?.[1] ?? '').toUpperCase();
  const rest = line.slice(found?.[0].length ?? 0);
  if (keyword !== 'ONBUILD') return [keyword, rest];
  const triggered = /^\S*/.exec(rest)?.[0] ?? '';
  return [triggered.toUpperCase(), rest.slice(triggered.length).trim()];
}

function heredocNames(rest: string): readonly { name: string; chomp: boolean }[] {
  if (!rest.includes('<<')) return [];
  const names: { name: string; chomp: boolean }[] = [];
  for (const word of rest.split(/[ \t]+/)) {
    const found = /^\d*<<(-?)([^<]+)$/.exec(word);
    const name = found?.[2]?.replace(/["']/g, '').replace(/\\(.)/g, '$1') ?? '';
    if (name !== '') names.push({ name, chomp: found?.[1] === '-' });
  }
  return names;
}

/** Is this the exec form, a JSON array of strings? */
export function isJsonForm(rest: string): boolean {
  return jsonWords(rest) !== undefined;
}

/** The words of the exec form; undefined: it is the shell form. */
export function jsonWords(rest: string): readonly string[] | undefined {
  if (!rest.trimStart().startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(rest);
    return Array.isArray(value) && value.every((word): word is string => typeof word === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}
