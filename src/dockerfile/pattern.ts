/** One step of a compiled pattern. `star` and `any` consume any number of characters, without and with `/`. */
type Token =
  | { readonly kind: 'character'; readonly character: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] }
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  /** Nothing, or anything that ends in `/`. */
  | { readonly kind: 'folders' };

/** A compiled pattern: matches whole paths. */
export interface Pattern {
  readonly matches: (path: string) => boolean;
}

/**
 * A pattern of a .dockerignore: Go's `filepath.Match` and `**`
 * (https://docs.docker.com/build/concepts/context/#dockerignore-files), with the habits of the engine's own reading of it
 * (github.com/moby/patternmatcher v0.6.1): plain text with `**` at one end is a prefix or suffix, everything else becomes a regular
 * expression, in which a set may match a slash. undefined: not a valid pattern, or one with characters that mean something else there.
 */
export function compileIgnore(pattern: string): Pattern | undefined {
  if (!isSpecial(pattern)) return { matches: (path) => path === pattern };
  const [prefix, suffix] = [pattern.slice(0, -2), pattern.slice(2)];
  if (pattern.startsWith('**') && !isSpecial(suffix)) {
    return { matches: (path) => path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1)) };
  }
  if (pattern.endsWith('**') && !isSpecial(prefix)) return { matches: (path) => path.startsWith(prefix) };
  const tokens = tokenise(pattern, (isEnd) => ({ kind: isEnd ? 'any' : 'folders' }), '^{|}');
  return tokens === undefined ? undefined : { matches: matcher(tokens) };
}

function isSpecial(text: string): boolean {
  return /[*?[\]\\]/.test(text);
}

/**
 * A source of COPY or ADD. `**` crosses folders, which it does for `--parents` only; elsewhere that finds more than
 * Docker would, never less. undefined: not a valid pattern.
 */
export function compileSource(pattern: string): Pattern | undefined {
  const tokens = tokenise(pattern, () => ({ kind: 'any' }), '');
  return tokens === undefined ? undefined : { matches: matcher(tokens) };
}

/** Has a COPY source anything but plain characters? */
export function hasWildcard(path: string): boolean {
  return /[*?[\\]/.test(path);
}

/** `refused`: characters that may not be there unless they are escaped or in a set. */
function tokenise(
  pattern: string,
  doubleStar: (isEnd: boolean) => Token,
  refused: string,
): readonly Token[] | undefined {
  // Code points, as `?` and sets count them.
  const characters = Array.from(pattern);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*' && characters[at + 1] === '*') {
      at += characters[at + 2] === '/' ? 2 : 1;
      tokens.push(doubleStar(at === characters.length - 1));
    } else if (character === '*') tokens.push({ kind: 'star' });
    else if (character === '?') tokens.push({ kind: 'one' });
    else if (refused.includes(character)) return undefined;
    else if (character === '\\') {
      at += 1;
      const escaped = characters[at];
      if (escaped === undefined) return undefined;
      tokens.push({ kind: 'character', character: escaped });
    } else if (character === '[') {
      const set = readSet(characters, at + 1);
      if (set === undefined) return undefined;
      tokens.push(set.token);
      at = set.end;
    } else tokens.push({ kind: 'character', character });
  }
  return tokens;
}

/** What is between brackets; https://pkg.go.dev/path/filepath#Match */
function readSet(
  characters: readonly string[],
  from: number,
): { readonly token: Token; readonly end: number } | undefined {
  let at = from;
  const negated = characters[at] === '^';
  if (negated) at += 1;
  const ranges: [string, string][] = [];
  const one = (): string | undefined => {
    if (characters[at] === '\\') at += 1;
    return characters[at++];
  };
  while (characters[at] !== ']' || ranges.length === 0) {
    // `[:alpha:]` in a set is a class to some readers, and characters to others.
    const isClass = characters[at] === '[' && characters[at + 1] === ':';
    if (characters[at] === ']' || characters[at] === '-' || isClass) return undefined;
    const low = one();
    let high = low;
    if (characters[at] === '-') {
      at += 1;
      if (characters[at] === ']') return undefined;
      high = one();
    }
    if (low === undefined || high === undefined) return undefined;
    ranges.push([low, high]);
  }
  return { token: { kind: 'set', negated, ranges }, end: at };
}

/** Follows all ways through the pattern at once, so no pattern takes more than tokens × characters steps. */
function matcher(tokens: readonly Token[]): (path: string) => boolean {
  const wild = tokens.findIndex((token) => token.kind !== 'character');
  if (wild < 0) {
    const text = literalText(tokens);
    return (path) => path === text;
  }
  // Most paths fail at the plain characters around the wildcards.
  const prefix = literalText(tokens.slice(0, wild));
  const last = tokens.findLastIndex((token) => token.kind !== 'character');
  const suffix = literalText(tokens.slice(last + 1));
  const between = literalRuns(tokens.slice(wild, last));
  return (path) =>
    path.startsWith(prefix) &&
    path.endsWith(suffix) &&
    holdsInOrder(path, prefix.length, between) &&
    follow(tokens, path);
}

/** The plain texts between wildcards. */
function literalRuns(tokens: readonly Token[]): readonly string[] {
  const runs = [''];
  for (const token of tokens) {
    if (token.kind === 'character') runs.push(`${runs.pop() ?? ''}${token.character}`);
    else if (runs.at(-1) !== '') runs.push('');
  }
  return runs.filter((run) => run !== '');
}

function holdsInOrder(path: string, from: number, texts: readonly string[]): boolean {
  let at = from;
  for (const text of texts) {
    const found = path.indexOf(text, at);
    if (found < 0) return false;
    at = found + text.length;
  }
  return true;
}

function literalText(tokens: readonly Token[]): string {
  return tokens.map((token) => (token.kind === 'character' ? token.character : '')).join('');
}

/** State `n`: before token n. State `n + inFolders`: within the `folders` of token n, which only end behind a `/`. */
function follow(tokens: readonly Token[], path: string): boolean {
  const inFolders = tokens.length + 1;
  let states = new Set([0]);
  close(tokens, states);
  for (const character of path) {
    const next = new Set<number>();
    for (const state of states) {
      const within = state >= inFolders;
      const at = within ? state - inFolders : state;
      const token = tokens[at];
      if (token === undefined) continue;
      if (token.kind === 'folders') {
        next.add(at + inFolders);
        if (character === '/') next.add(at + 1);
      } else if (token.kind === 'any' || (token.kind === 'star' && character !== '/')) next.add(at);
      else if (consumes(token, character)) next.add(at + 1);
    }
    if (next.size === 0) return false;
    close(tokens, next);
    states = next;
  }
  return states.has(tokens.length);
}

function consumes(token: Token, character: string): boolean {
  if (token.kind === 'character') return token.character === character;
  if (token.kind === 'one') return character !== '/';
  // A set may match a slash: it does for the engine, and finds too much for COPY at worst.
  if (token.kind !== 'set') return false;
  return token.ranges.some(([low, high]) => low <= character && character <= high) !== token.negated;
}

/** Adds what is reached without consuming a character. */
function close(tokens: readonly Token[], states: Set<number>): void {
  for (const state of states) {
    const kind = tokens[state]?.kind;
    if (kind === 'star' || kind === 'any' || kind === 'folders') states.add(state + 1);
  }
}
