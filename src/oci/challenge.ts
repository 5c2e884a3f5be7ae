import { bounds } from '../system/bounds';

/** One challenge of a `WWW-Authenticate` header. Names of schemes and parameters in small letters. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** A longer header is cut: no registry's is near, and a hostile one shall not cost time. */
const longest = bounds.registry.header;

/**
 * Reads every challenge of a `WWW-Authenticate` header (several headers joined by commas, as fetch gives them) by the
 * grammar of RFC 9110, section 11.6.1. Lenient: unquoted URLs are values too, and what follows something unreadable is left out.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, longest);
  const challenges: { readonly scheme: string; readonly parameters: Map<string, string> }[] = [];
  const blank = /[\s,]*/y;
  const parameter = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",=][^\s",]*))/y;
  const scheme = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?=[\s,]|$)/y;
  const token68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
  let at = 0;
  const read = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    read(blank);
    if (at >= text.length) return challenges;
    const current = challenges.at(-1);
    const pair = current === undefined ? null : read(parameter);
    if (pair !== null) {
      const name = (pair[1] ?? '').toLowerCase();
      const value = pair[2]?.replace(/\\(.)/gs, '$1') ?? pair[3] ?? '';
      // The first one counts: a second `realm` of one challenge is a mistake or an attack.
      if (current?.parameters.has(name) === false) current.parameters.set(name, value);
      continue;
    }
    const name = read(scheme)?.[1];
    if (name === undefined) return challenges;
    challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
    // `Negotiate YII…`: a scheme's data in one piece, which neither Basic nor Bearer has.
    const before = at;
    if (/\s/.test(text.charAt(at))) {
      read(/\s+/y);
      if (read(token68) === null) at = before;
    }
  }
}
