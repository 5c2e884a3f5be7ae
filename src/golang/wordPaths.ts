import { compileSource } from '../dockerfile/pattern';
import type { Word } from '../dockerfile/shellCommands';
import type { Setting } from './goCommand';

/** What paths, or patterns of them, a word of a command may hold: the word itself, what follows `=`, the value of an option. */
export function pathsIn(text: string): readonly string[] {
  const equals = text.indexOf('=');
  const candidates = [
    ...(text.startsWith('-') ? attached(text) : [text.replace(/^file:\/\/(localhost)?(?=\/)/, '')]),
    ...(equals < 0 ? [] : [text.slice(equals + 1)]),
  ];
  return candidates
    .filter((candidate) => candidate !== '' && candidate.length <= 4096 && !candidate.includes('://'))
    .map((candidate) => shellPattern(candidate).replace(/\/?\.\.\.$/, '') || '.');
}

/** Whose home `~` and `$HOME` are is not known, but homes are in a few places. undefined: the word is below none. `set`: HOME, where it is set. */
export function homePaths({ raw, text, pattern }: Word, set: string | null | undefined): readonly string[] | undefined {
  const [tilde] = /^~[\w.-]*(?=\/|$)/.exec(raw) ?? [];
  const isVariable = /^"?\$(HOME|\{HOME\})"?(?=\/|"?$)/.test(raw);
  if (tilde === '~-' || (tilde === undefined && !isVariable)) return undefined;
  if (isVariable && text !== undefined) return undefined;
  const rest = tilde === undefined ? (pattern ?? '').replace(/^\*\*\/?/, '') : (pattern ?? '**').slice(tilde.length);
  const homes = typeof set === 'string' && set.startsWith('/') ? [set] : ['/root', '/home/*'];
  return homes.map((home) => `${home}/${rest}`);
}

/** The values of variables that may hold paths. */
export function valuesIn(environment: readonly Setting[]): ReadonlySet<string> {
  return new Set(environment.flatMap(([, value]) => (value?.includes('/') === true ? [value] : [])));
}

/**
 * Braces (`{a,b}`, which bash takes apart) and sets in the words of a COPY pattern: `[!a]` negates, a bracket that comes first in a set is
 * a part of it, and a set that is not closed (`jq ".x[].y"`) is plain text.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_14
 */
export function shellPattern(text: string): string {
  const braces = text.replace(/\{[^{}]*(,|\.\.)[^{}]*\}/g, '**');
  const open = braces.includes('{') && /[,}]/.test(braces) ? text.replace(/\{.*\}/, '**') : braces;
  const pattern = open.replaceAll('[!', '[^');
  if (compileSource(pattern) !== undefined) return pattern;
  const plain = pattern.replace(/\[\^?\][^\]]*\]/g, '?').replaceAll('[', '\\[');
  return compileSource(plain) === undefined ? pattern : plain;
}

/** What may be the value of the last of some short options: of `-xffile.tar` among others `file.tar`. */
function attached(text: string): readonly string[] {
  const letters = /^-([A-Za-z]{1,4})[^-]/.exec(text)?.[1]?.length ?? 0;
  return Array.from({ length: letters }, (_, index) => text.slice(2 + index)).filter((value) => value.length > 2);
}
