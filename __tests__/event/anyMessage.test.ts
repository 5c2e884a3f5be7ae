import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { selectFromMessage } from '../../src/event/keywords';

/* Keywords in messages of any kind, against a second reading of the rules, and in time. */

/**
 * An independent reading of the same rules: character by character, without patterns or folding functions. What the generated messages hold
 * no pair of (backticks, quotation marks, comments) it does not know.
 */
function reference(message: string): ReadonlySet<string> {
  const known = new Set([...kfpCatalog.images.keys(), ...kfpCatalog.groups.keys()]);
  const names = new Set<string>();
  let open: string | undefined;
  let isIndex = false;
  let indexEnd = -2;
  let at = -1;
  for (const character of Array.from({ length: message.length }, (_, index) => message.charAt(index))) {
    at += 1;
    if (character === '[') {
      open = '';
      const before = message.charAt(at - 1);
      isIndex =
        at - 1 === indexEnd ||
        (before !== '' &&
          'abcdefghijklmnopqrstuvwxyz0123456789_$'.includes(before.toLowerCase()) &&
          before !== '\u212a');
    } else if (character === '\n' || character === '\r') open = undefined;
    else if (character !== ']') open = open === undefined ? undefined : open + character;
    else {
      if (open !== undefined && isIndex) indexEnd = at;
      const counts = !isIndex && message.charAt(at + 1) !== '(' && !isInBlock(message, at);
      for (const part of (counts ? (open ?? '') : '').split(',')) {
        let word = part;
        while (word.startsWith(' ') || word.startsWith('\t')) word = word.substring(1);
        while (word.endsWith(' ') || word.endsWith('\t')) word = word.substring(0, word.length - 1);
        const name = [...known].find(
          (each) =>
            each.length === word.length &&
            Array.from(each).every((letter, index) => {
              const other = word.charCodeAt(index);
              const own = letter.charCodeAt(0);
              return other === own || (own >= 97 && own <= 122 && other === own - 32);
            }),
        );
        if (name !== undefined) names.add(name);
      }
      open = undefined;
    }
  }
  return names;
}

/** Is the line of a place indented below an empty one, or a quotation? */
function isInBlock(message: string, at: number): boolean {
  const lines = message.slice(0, at).replaceAll('\r\n', '\n').replaceAll('\r', '\n').split('\n');
  const indented = (line: string): boolean => line.startsWith('    ') || line.startsWith('\t');
  const last = lines.length - 1;
  if (last > 0 && lines[last]?.trimStart().startsWith('>') === true) return true;
  for (let line = last; line > 0 && indented(lines[line] ?? ''); line--)
    if ((lines[line - 1] ?? '').replaceAll(' ', '').replaceAll('\t', '') === '') return true;
  return false;
}

const name = fc.constantFrom(
  ...kfpCatalog.images.keys(),
  ...kfpCatalog.groups.keys(),
  'all',
  'WIP',
  'apisever',
  'foo',
  '__proto__',
);
const anyCase = fc.tuple(name, fc.infiniteStream(fc.boolean())).map(([word, upper]) =>
  Array.from(word)
    .map((letter) => (upper.next().value === true ? letter.toUpperCase() : letter))
    .join(''),
);
const piece = fc.oneof(
  { weight: 3, arbitrary: anyCase },
  {
    weight: 4,
    arbitrary: fc.constantFrom('[', ']', ',', ' ', '\t', '\n', '\r', '[[', ']]', ', ', '\u0000', 'ſ', 'İ', '\u212a'),
  },
  { weight: 2, arbitrary: anyCase.map((word) => `[${word}]`) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
);
const anyMessage = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

describe('any message', () => {
  test('gives exactly the bracketed known names', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(new Set(selectFromMessage(message, kfpCatalog).keywords)).toEqual(reference(message));
      }),
      { numRuns: 2000 },
    );
  });

  test('of any bytes does not throw, and warns in printable words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5000 }), (message) => {
        expect(selectFromMessage(message, kfpCatalog).warnings.join('')).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  const megabyte = 1 << 20;
  test.each([
    ['backticks', '`'.repeat(megabyte)],
    ['runs of backticks, all different', Array.from({ length: 2000 }, (_, index) => '`'.repeat(index + 1)).join(' ')],
    ['fences', '```\n~~~~\n'.repeat(megabyte / 8)],
    [
      'fences that nothing closes',
      Array.from({ length: 100_000 }, (_, index) => `${'`'.repeat(3 + (index % 90))} x\n`).join(''),
    ],
    ['quotation marks', `" '`.repeat(megabyte / 4)],
    ['comments', '<!--'.repeat(megabyte / 4)],
    ['empty lines', '\n'.repeat(megabyte)],
    ['indexes', 'm[driver]'.repeat(megabyte / 8)],
    ['lines with brackets', 'x\n[x]\n'.repeat(megabyte / 8)],
    ['opening brackets', '['.repeat(megabyte)],
    ['closing brackets', ']'.repeat(megabyte)],
    ['pairs', '[]'.repeat(megabyte)],
    ['nested', '['.repeat(megabyte) + 'driver' + ']'.repeat(megabyte)],
    ['commas', `[${','.repeat(megabyte)}]`],
    ['one long word', `[${'a'.repeat(megabyte)}]`],
    ['blanks before a letter', `[${' '.repeat(megabyte)}x]`],
    [
      'near misses, all different',
      Array.from({ length: 100_000 }, (_, index) => `[${index.toString(36)}server]`).join(''),
    ],
    ['control characters', '\u0000\u0001\u001b['.repeat(megabyte / 4)],
    ['separators', `[${'; '.repeat(megabyte)}]`],
  ])('of megabytes is read to its end: %s', (_, text) => {
    expect(selectFromMessage(`${text}\n[driver]`, kfpCatalog).keywords).toContain('driver');
  });
});
