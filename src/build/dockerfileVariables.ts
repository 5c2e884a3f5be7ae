/** Variables of a Dockerfile at one place; a name without a value: it is set, but to what is not known. */
export type Variables = ReadonlyMap<string, string | undefined>;

/**
 * A word without its quotation marks and with its variables filled in: `$A`, `${A}`, `${A:-default}`, `${A:+other}`.
 * undefined where a variable's value is not known or the form is another one.
 * https://docs.docker.com/reference/dockerfile/#environment-replacement
 */
export function expand(word: string, variables: Variables): string | undefined {
  // An escaped dollar sign stays one; no path that matters here has it.
  if (word.includes('\\$')) return undefined;
  const unknown: string[] = [];
  const single = word.startsWith("'") && word.endsWith("'") && word.length > 1;
  if (single) return word.slice(1, -1);
  const text = unquote(word).replace(
    /\$(?:\{(\w+)(?::([-+])([^${}]*))?\}|(\w+)|)/g,
    (whole: string, braced?: string, operator?: string, alternative?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) {
        unknown.push(whole);
        return whole;
      }
      const value = variables.get(name);
      const set = value !== undefined && value !== '';
      if (operator === '-') return set ? value : (alternative ?? '');
      if (operator === '+' && variables.has(name)) return set ? (alternative ?? '') : '';
      if (value === undefined) unknown.push(name);
      return value ?? whole;
    },
  );
  return unknown.length === 0 ? text : undefined;
}

/** Without quotation marks and the escapes in front of them. */
export function unquote(word: string): string {
  return word.replace(/\\(.)|["']/gs, (_: string, escaped?: string) => escaped ?? '');
}
