/** A-Z to a-z and nothing else: the lower case of the Kelvin sign is an ASCII k, and that of İ is longer than İ. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Without the blanks and tabs at both ends. By index, not by pattern: `[ \t]+$` takes quadratic time on long runs of blanks. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
