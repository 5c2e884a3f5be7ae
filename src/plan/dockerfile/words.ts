import { jsonWords } from './instructions';

/** `--name=value` or `--name`, as written. */
export interface Flag {
  readonly name: string;
  readonly value: string;
}

/** The flags before an instruction's words, and what follows them. */
export function splitFlags(rest: string): { readonly flags: readonly Flag[]; readonly rest: string } {
  const flags: Flag[] = [];
  let left = rest.trimStart();
  while (left.startsWith('--')) {
    const word = firstWord(left);
    left = left.slice(word.length).trimStart();
    if (word === '--') break;
    const equals = word.indexOf('=');
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    flags.push({ name: name.toLowerCase(), value: equals < 0 ? '' : word.slice(equals + 1) });
  }
  return { flags, rest: left };
}

/** Words of COPY and ADD, still unexpanded: JSON form, else cut at blanks (quotes don't hold words together there). */
export function pathWords(rest: string): readonly string[] {
  return jsonWords(rest) ?? rest.split(/\s+/).filter((word) => word !== '');
}

/** `A=1 B="q r" C` → name and unexpanded value; undefined value: only a name. For ARG and ENV. */
export function assignments(rest: string): readonly { readonly name: string; readonly value: string | undefined }[] {
  const found: { name: string; value: string | undefined }[] = [];
  for (let left = rest.trim(); left !== '';) {
    const word = firstWord(left);
    left = left.slice(word.length).trimStart();
    const equals = word.indexOf('=');
    if (equals < 0) found.push({ name: word, value: undefined });
    else found.push({ name: word.slice(0, equals), value: word.slice(equals + 1) });
  }
  return found;
}

/** ENV also knows the old form `ENV NAME the rest`. */
export function envAssignments(rest: string): readonly { readonly name: string; readonly value: string | undefined }[] {
  const old = /^([^\s=]+)\s+(\S[^]*)$/.exec(rest.trim());
  return old === null ? assignments(rest) : [{ name: old[1] ?? '', value: old[2] ?? '' }];
}

/** Up to the first blank outside of quotes. */
function firstWord(text: string): string {
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\' && quote !== "'") at += 1;
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (quote === '' && /\s/.test(character)) return text.slice(0, at);
  }
  return text;
}
