/** `--name=value` or `--name`; quotes and escapes are gone. */
export interface Flag {
  readonly name: string;
  readonly value: string;
}

/** White space as BuildKit's parser has it, which is written in Go: https://pkg.go.dev/unicode#IsSpace. A byte order mark is none. */
export const goSpace = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const isSpace = new RegExp(goSpace);

/** Without white space at both ends. */
export function trimSpace(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace.test(text.charAt(from))) from += 1;
  while (to > from && isSpace.test(text.charAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** The flags before an instruction's words, and what follows them. */
export function splitFlags(text: string, escape = '\\'): { readonly flags: readonly Flag[]; readonly rest: string } {
  const flags: Flag[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace.test(text.charAt(at))) at += 1;
    if (!text.startsWith('--', at)) return { flags, rest: text.slice(at) };
    let word = '';
    let quote = '';
    for (; at < text.length; at++) {
      const character = text.charAt(at);
      if (quote === '' && isSpace.test(character)) break;
      if (character === quote) quote = '';
      else if (quote === '' && (character === '"' || character === "'")) quote = character;
      else if (character === escape) word += text.charAt(++at);
      else word += character;
    }
    if (word === '--') return { flags, rest: text.slice(at) };
    const equals = word.indexOf('=');
    flags.push({
      name: equals < 0 ? word.slice(2) : word.slice(2, equals),
      value: equals < 0 ? '' : word.slice(equals + 1),
    });
  }
}

/** Words of COPY and ADD, still unexpanded: JSON form, else cut at blanks (quotes don't hold words together there). */
export function pathWords(rest: string): readonly string[] {
  return jsonWords(rest) ?? rest.split(/[\t\v\f\r ]+/).filter((word) => word !== '');
}

/** The words of the exec form, a JSON array of strings; undefined: it is the shell form. */
export function jsonWords(rest: string): readonly string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(rest);
    return Array.isArray(value) && value.every((word): word is string => typeof word === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A name and its value, both unexpanded; undefined value: only a name. */
export interface Assignment {
  readonly name: string;
  readonly value: string | undefined;
}

/** `A=1 B="q r" C`: of ARG and ENV. */
export function assignments(rest: string, escape = '\\'): readonly Assignment[] {
  return quotedWords(rest, escape).map((word) => {
    const equals = word.indexOf('=');
    return equals < 0
      ? { name: word, value: undefined }
      : { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}

/** ENV also knows the old form `ENV NAME the rest`. */
export function envAssignments(rest: string, escape = '\\'): readonly Assignment[] {
  const found = assignments(rest, escape);
  if (found[0]?.value !== undefined) return found;
  const [, name = '', value = ''] = /^([^\t\v\f\r ]*)[\t\v\f\r ]+([^]*)$/.exec(rest) ?? [];
  return name === '' ? [] : [{ name, value }];
}

/** Cut at blanks outside of quotes; quotes and escapes stay. */
export function quotedWords(text: string, escape = '\\'): readonly string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote === '' && isSpace.test(character)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    if (character === escape && quote !== "'") {
      // An escape character at the very end is passed over.
      if (at + 1 < text.length) word += character + text.charAt(++at);
    } else word += character;
  }
  if (word !== '') words.push(word);
  return words;
}

/** `--mount=type=bind,source=…,target=…,from=…` of a RUN: https://docs.docker.com/reference/dockerfile/#run---mount */
export interface Mount {
  /** Lower case. */
  readonly type: string;
  readonly source: string;
  readonly target: string;
  /** Empty: the build context. */
  readonly from: string;
  /** Of a secret, an agent or a cache; empty: it has none of its own. */
  readonly id: string;
}

/** The mounts of a RUN, unexpanded; undefined: one of them is written in a way that BuildKit refuses. */
export function readMounts(flags: readonly Flag[]): readonly Mount[] | undefined {
  const mounts = flags.filter((flag) => flag.name === 'mount').map(({ value }) => readMount(value));
  return mounts.includes(undefined) ? undefined : mounts.filter((mount) => mount !== undefined);
}

function readMount(value: string): Mount | undefined {
  // Fields of comma-separated values, where quotes hold a field together.
  const fields = value.match(/(?:^|,)(?:"(?:[^"]|"")*"(?=,|$)|[^,"]*(?=,|$))/g) ?? [];
  if (fields.join('') !== value) return undefined;
  const options = new Map<string, string>();
  for (const field of fields) {
    const text = field.replace(/^,/, '');
    const plain = text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
    const equals = plain.indexOf('=');
    const name = (equals < 0 ? plain : plain.slice(0, equals)).toLowerCase();
    const known = { src: 'source', dst: 'target', destination: 'target' }[name] ?? name;
    options.set(known, equals < 0 ? '' : plain.slice(equals + 1));
  }
  return {
    type: (options.get('type') ?? 'bind').toLowerCase(),
    source: options.get('source') ?? '',
    target: options.get('target') ?? '',
    from: options.get('from') ?? '',
    id: options.get('id') ?? '',
  };
}

/** Index behind the parenthesis that closes the one at `open`; quotes within are stepped over. The end where none does. */
export function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') at += 1;
    else if (character === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) return text.length;
      at = end;
    } else if (character === '(') depth += 1;
    else if (character === ')' && --depth === 0) return at + 1;
  }
  return text.length;
}
