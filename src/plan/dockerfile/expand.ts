/** What a variable holds here: text, or `undefined` where only the build itself knows. */
export type Lookup = (name: string) => string | undefined;

/**
 * One word of an instruction as the build sees it: variables replaced, quotes and escapes gone
 * (https://docs.docker.com/reference/dockerfile/#environment-replacement). undefined: it can't be known before the
 * build. Linear in the word's length, but for nested defaults, of which sixteen are followed.
 */
export function expand(word: string, lookup: Lookup, depth = 0): string | undefined {
  let text = '';
  let quote = '';
  for (let at = 0; at < word.length; at++) {
    const character = word.charAt(at);
    if (quote === "'") {
      if (character === "'") quote = '';
      else text += character;
    } else if (character === '\\') {
      const next = word.charAt(at + 1);
      // Within double quotes only these lose their backslash.
      text += quote === '"' && !'"$\\'.includes(next) ? `\\${next}` : next;
      at += 1;
    } else if (character === quote) {
      quote = '';
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
    } else if (character === '$') {
      const variable = readVariable(word, at);
      const value = variable === undefined ? undefined : resolve(variable, lookup, depth);
      if (variable === undefined || value === undefined) return undefined;
      text += value;
      at = variable.end - 1;
    } else {
      text += character;
    }
  }
  return text;
}

interface Variable {
  readonly name: string;
  /** `:-`, `-`, `:+`, `+`, or empty. */
  readonly operator: string;
  readonly word: string;
  /** Index behind the variable. */
  readonly end: number;
}

/** The variable at a `$`. undefined: a form that isn't known here, among them the pattern forms `${x#…}` and `${x/…}`. */
function readVariable(text: string, at: number): Variable | undefined {
  const plain = /^[A-Za-z_][A-Za-z0-9_]*|^[0-9@*#?$!-]/.exec(text.slice(at + 1, at + 1 + 256));
  if (plain !== null) return { name: plain[0], operator: '', word: '', end: at + 1 + plain[0].length };
  if (text.charAt(at + 1) !== '{') {
    // A lone dollar is itself.
    return undefined;
  }
  const end = closingBrace(text, at + 1);
  if (end < 0) return undefined;
  const found = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^]*))?$/.exec(text.slice(at + 2, end));
  if (found === null) return undefined;
  return { name: found[1] ?? '', operator: found[2] ?? '', word: found[3] ?? '', end: end + 1 };
}

function resolve(variable: Variable, lookup: Lookup, depth: number): string | undefined {
  const value = lookup(variable.name);
  if (variable.operator === '') return value;
  if (value === undefined || depth > 16) return undefined;
  // An unset and an empty variable can't be told apart here; the forms without a colon do, so they stay unknown.
  if (!variable.operator.startsWith(':') && value === '') return undefined;
  const useWord = variable.operator.endsWith('-') ? value === '' : value !== '';
  if (useWord) return expand(variable.word, lookup, depth + 1);
  return variable.operator.endsWith('-') ? value : '';
}

function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') at += 1;
    else if (character === '{') depth += 1;
    else if (character === '}' && --depth === 0) return at;
  }
  return -1;
}
