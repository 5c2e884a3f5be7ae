import { unknownPart, WordLexer, type Lookup } from './wordLexer';

/**
 * One word of an instruction as the build sees it: variables replaced, quotes and escapes gone
 * (https://docs.docker.com/reference/dockerfile/#environment-replacement). undefined: it can't be known before the build, or
 * BuildKit refuses it. SourceError where variables that hold each other make it longer than `bounds.dockerfile.word`.
 */
export function expand(word: string, lookup: Lookup, escape = '\\'): string | undefined {
  const text = expandPartly(word, lookup, escape);
  return text?.includes(unknownPart) === true ? undefined : text;
}

/** The same with `unknownPart` for each part that can't be known. undefined: BuildKit refuses the word. */
export function expandPartly(word: string, lookup: Lookup, escape = '\\'): string | undefined {
  return new WordLexer(word, lookup, { escape }).read()?.text;
}

/** One word of a shell command: the same rules, but substitutions (`$(…)`, backticks) and parameters (`$1`) are unknown. */
export function expandShell(word: string, lookup: Lookup): string | undefined {
  return new WordLexer(word, lookup, { escape: '\\', shell: true }).read()?.text;
}
