import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expand, expandPartly } from '../../src/dockerfile/expand';
import { unknownPart, type Lookup } from '../../src/dockerfile/wordLexer';

const values = new Map<string, string | undefined>([
  ['A', 'a'],
  ['EMPTY', ''],
  ['UNKNOWN', undefined],
]);
const lookup: Lookup = (name) => (name === 'UNSET' ? null : values.has(name) ? values.get(name) : '');

describe('a word as the build sees it', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['plain', 'plain'],
    ['$A', 'a'],
    ['${A}', 'a'],
    ['x${A}y$A', 'xaya'],
    ['$AB', ''],
    ['$UNKNOWN', undefined],
    ['${UNKNOWN}/x', undefined],
    ['${A:-b}', 'a'],
    ['${EMPTY:-b}', 'b'],
    ['${EMPTY:-${A}}', 'a'],
    ['${EMPTY:-x:${EMPTY:-y}}', 'x:y'],
    ['${A:+b}', 'b'],
    ['${EMPTY:+b}', ''],
    ['${EMPTY-b}', ''],
    ['${UNSET-b}', 'b'],
    ['${UNSET+b}', ''],
    ['${UNSET?b}', undefined],
    ['${UNSET#x}', ''],
    ['${A-b}', 'a'],
    ['${UNKNOWN:-b}', undefined],
    ['${A#x}', undefined],
    ['${A/x/y}', undefined],
    ['${A', undefined],
    ['$', '$'],
    ['$(x)', '$(x)'],
    ['${}', undefined],
    ['${A!}', undefined],
    ['\\$A', '$A'],
    ['"$A b"', 'a b'],
    ["'$A b'", '$A b'],
    ['"\\$A\\x\\""', '$A\\x"'],
    ['a\\ b', 'a b'],
    ['"a', undefined],
    ["'a", undefined],
    ['a\\', 'a'],
    ['${EMPTY:-"$A b"}', 'a b'],
  ];
  it.each(cases)('%s', (word, expected) => {
    expect(expand(word, lookup)).toBe(expected);
  });

  it('is found for any text', () => {
    const piece = fc.constantFrom('$', '{', '}', ':-', '\\', '"', "'", 'A', 'UNKNOWN', '${', ':+');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 50 }), (pieces) => {
        const found = expand(pieces.join(''), lookup);
        expect(found === undefined || typeof found === 'string').toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('is the word itself without quotes, escapes and variables', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[^\\"'$]*$/), (word) => {
        expect(expand(word, lookup)).toBe(word);
      }),
    );
  });

  it('does not follow a million nested defaults', () => {
    expect(expand('${EMPTY:-'.repeat(200_000) + '}'.repeat(200_000), lookup)).toBeUndefined();
  });
});

describe('the parts of a word', () => {
  it('that are not known leave a mark', () => {
    expect(expandPartly('a/$UNKNOWN/${UNKNOWN:-x}b"$A"', lookup)).toBe(`a/${unknownPart}/${unknownPart}ba`);
  });

  it('are escaped by a backtick where the Dockerfile says so', () => {
    expect(expand('C:\\x`$A$A"`""', lookup, '`')).toBe('C:\\x$Aa"');
  });
});
