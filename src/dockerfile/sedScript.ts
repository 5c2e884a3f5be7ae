/** An address: https://www.gnu.org/software/sed/manual/sed.html#sed-addresses. `**`: a part that only the shell will know. */
const address = /(?:\d+|\*\*|\$|\/(?:\\[^]|[^\\/\n])*\/[IM]*|\\([^])(?:\\[^]|(?!\1)[^\\\n])*\1[IM]*)/y;
const restOfLine = /[^\n]*/y;
/** Commands that take no file, and what follows them: nothing, a text, a label or an exit status, a file that is written. */
const operands: readonly (readonly [commands: string, operand: RegExp])[] = [
  ['dDgGhHnNpPxzF={}', /(?:)/y],
  ['aci', /(?:\\[^]|[^\\\n])*/y],
  [':btTlqQLv', /[^;}\n]*/y],
  ['wW#', restOfLine],
];

/**
 * Files that a sed script reads (`r FILE`, `R FILE`): https://www.gnu.org/software/sed/manual/sed.html. undefined: it runs commands
 * (`e`, `s///e`), or is not understood. `script`: several of `-e` joined by line feeds.
 */
export function sedFiles(script: string): readonly string[] | undefined {
  const files: string[] = [];
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(script) ?? [];
    at += found?.length ?? 0;
    return found ?? '';
  };
  /** Steps behind the next `delimiter` that is not escaped. */
  const part = (delimiter: string): void => {
    while (at < script.length && script.charAt(at) !== delimiter) at += script.charAt(at) === '\\' ? 2 : 1;
    at += 1;
  };
  for (;;) {
    take(/[\s;{}]*/y);
    if (at >= script.length) return files;
    while (take(address) !== '') take(/\s*(?:[,~]\s*[+~]?)?/y);
    take(/[\s!]*/y);
    const command = script.charAt(at);
    at += 1;
    const operand = operands.find(([commands]) => command !== '' && commands.includes(command))?.[1];
    if (operand !== undefined) take(operand);
    else if (command === 'r' || command === 'R') files.push(take(restOfLine).trim());
    else if (command === 's' || command === 'y') {
      const delimiter = script.charAt(at);
      at += 1;
      part(delimiter);
      part(delimiter);
      const flags = command === 's' ? take(/[a-zA-Z0-9]*/y) : '';
      if (flags.includes('e') && !flags.includes('w')) return undefined;
      if (flags.includes('w')) take(restOfLine);
    } else return undefined;
  }
}
