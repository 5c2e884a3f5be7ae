/**
 * How many columns text takes on a terminal: https://www.unicode.org/reports/tr11/ (wide and fullwidth characters take two,
 * marks and joiners none). Text must be visible already (escape.ts): no control characters.
 */
export function columns(text: string): number {
  let sum = 0;
  for (const character of text) sum += characterColumns(character);
  return sum;
}

/** The text cut to `max` columns; what is cut is marked with `…`. */
export function fit(text: string, max: number): string {
  if (columns(text) <= max) return text;
  let kept = '';
  let taken = 0;
  for (const character of text) {
    const width = characterColumns(character);
    if (taken + width > max - 1) break;
    kept += character;
    taken += width;
  }
  return max < 1 ? '' : `${kept}…`;
}

/** The text filled with blanks to `width` columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** The same at the front, for numbers. */
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - columns(text))) + text;
}

/** The blocks of UAX 11 that are wide; a few narrow characters inside them count as wide, which only cuts a line early. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18aff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
];

function characterColumns(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x300) return 1;
  if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) return 0;
  if (/\p{Emoji_Presentation}/u.test(character)) return 2;
  return WIDE.some(([from, to]) => point >= from && point <= to) ? 2 : 1;
}
