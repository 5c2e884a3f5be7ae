import { bounds, inWords } from '../system/bounds';
import { compileIgnore, type Pattern } from './pattern';
import { trimSpace } from './tokens';

interface Rule {
  readonly pattern: Pattern;
  /** `!`: lets in what earlier rules kept out. */
  readonly exception: boolean;
}

/** What each rule found for a folder; handed on to what is in it. */
export interface FolderMatch {
  readonly excluded: boolean;
  /** By rule; undefined: none of them matched. */
  readonly matched: readonly boolean[] | undefined;
}

/** The rules of one .dockerignore, in their order: the last one that matches decides. */
export interface IgnoreRules {
  readonly hasExceptions: boolean;
  /** Is a file kept out? `parent`: what was found for its folder, undefined at the top. */
  excludes(path: string, parent: FolderMatch | undefined): boolean;
  /** The same for a folder, with what its own files need to know. */
  enter(path: string, parent: FolderMatch | undefined): FolderMatch;
}

/**
 * Reads a .dockerignore: https://docs.docker.com/build/concepts/context/#dockerignore-files. A string: why it can't be
 * read; then Docker fails too, or does something that isn't documented.
 */
export function readIgnoreRules(text: string): IgnoreRules | string {
  const rules: Rule[] = [];
  const most = bounds.ignoreFile;
  if (text.length > most.bytes) return `it is larger than ${inWords(most.bytes)}`;
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    if (line.startsWith('#')) continue;
    let pattern = trimSpace(line);
    let exception = pattern.startsWith('!');
    if (exception) pattern = trimSpace(pattern.slice(1));
    if (pattern === '') {
      if (exception) return `line ${index + 1}: "!" without a pattern`;
      continue;
    }
    if (/\\[A-Za-z0-9]/.test(pattern)) return `line ${index + 1}: what "${pattern}" matches is not documented`;
    let cleaned = clean(pattern);
    if (!exception && cleaned.startsWith('!')) {
      // `/!x`: BuildKit looks for the mark again once the slash is gone.
      exception = true;
      cleaned = clean(cleaned.slice(1));
    }
    if (exception && cleaned === '.' && pattern.startsWith('/')) return `line ${index + 1}: "!" without a pattern`;
    const compiled = compileIgnore(cleaned);
    if (compiled === undefined)
      return `line ${index + 1}: "${pattern}" is not a valid pattern, or none that is documented`;
    rules.push({ pattern: compiled, exception });
  }
  if (rules.length > most.rules) return `it has more than ${most.rules} rules`;
  return {
    hasExceptions: rules.some((rule) => rule.exception),
    excludes: (path, parent) => decide(rules, path, parent?.matched),
    enter: (path, parent) => {
      const matched = rules.map(() => false);
      const excluded = decide(rules, path, parent?.matched, matched);
      return { excluded, matched: matched.includes(true) ? matched : undefined };
    },
  };
}

/** As Go's `path.Clean`, without a leading slash: `/a//b/./c/` → `a/b/c`, `a/../../b` → `../b`. */
function clean(pattern: string): string {
  const rooted = pattern.startsWith('/');
  const kept: string[] = [];
  for (const segment of pattern.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept.push(segment);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!rooted) kept.push('..');
  }
  return kept.length === 0 ? '.' : kept.join('/');
}

/**
 * A rule that matched a folder matches what is in it. A rule that could not change the outcome is not looked at, and
 * so is not handed on either: as BuildKit does it, which shows where an exception comes before what it excepts from.
 */
function decide(
  rules: readonly Rule[],
  path: string,
  inherited: readonly boolean[] | undefined,
  found?: boolean[],
): boolean {
  let excluded = false;
  // Asked for every file of a repository, so without an iterator.
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index];
    if (rule === undefined) continue;
    if (inherited?.[index] === true || (rule.exception === excluded && rule.pattern.matches(path))) {
      excluded = !rule.exception;
      if (found !== undefined) found[index] = true;
    }
  }
  return excluded;
}
