import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readsOf } from '../../src/dockerfile/programReads';
import { readCommands } from '../../src/dockerfile/shellCommands';

const lookup = (name: string): string | undefined => (name === 'A' ? 'a' : undefined);
const commands = (text: string): readonly string[] =>
  readCommands(text, lookup).map(({ words, redirects }) =>
    [
      ...words.map((word) => word.text ?? `?${word.raw}`),
      ...redirects.map((word) => `<>${word.text ?? word.raw}`),
    ].join(' '),
  );

describe('a shell text is cut into commands', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['operators', 'a b && c || d; e & f\ng | h', ['a b', 'c', 'd', 'e', 'f', 'g', 'h']],
    ['quotes', `a "b c" 'd $A' "$A e"`, ['a b c d $A a e']],
    ['variables', 'a $A ${A}/b $B', ['a a a/b ?$B']],
    ['variables that the text sets itself', 'A=$(x); b $A', ['x', '?A=$(x)', 'b ?$A']],
    ['variables of loops', 'for A in 1 2; do b $A; done', ['for A in 1 2', 'do b ?$A', 'done']],
    ['substitutions', 'a $(b "$(c)") `d`', ['c', 'b ?"$(c)"', 'd', 'a ?$(b "$(c)") ?`d`']],
    ['substitutions in quotes', 'a "x $(b c)"', ['b c', 'a ?"x $(b c)"']],
    ['substitutions in braces', 'a ${B:-$(b "}")} "${B:-"`c`"}"', ['b }', 'c', 'a ?${B:-$(b "}")} ?"${B:-"`c`"}"']],
    ['substitutions in arithmetic', 'a $(( $(b) + `c` ))', ['b', 'c', 'a ?$(( $(b) + `c` ))']],
    ['a subshell in a substitution', 'a $((b c; d) | e)', ['b c', 'd', 'e', 'a ?$((b c; d) | e)']],
    ['arithmetic is not a command', 'a $((1 + 2))', ['a ?$((1 + 2))']],
    ['subshells and groups', '(a b) ; { c; }', ['a b', '{ c', '}']],
    ['redirections', 'a < b > c 2>&1 2> d', ['a <>b <>c <>1 <>d']],
    ['comments', 'a # b && c\nd', ['a', 'd']],
    ['a # in a word', 'a b#c', ['a b#c']],
    ['escapes', 'a b\\ c \\"', ['a b c "']],
    ['open quotes', `a "b`, ['a b']],
  ];
  it.each(cases)('%s', (_, text, expected) => {
    expect(commands(text)).toEqual(expected);
  });

  it.each(['${', '"${', '$(', '$((', '`', '"', '$((${'])('however deep %s is in itself', (open) => {
    const deep = open.repeat(50_000);
    const nested = `${open.repeat(5000)}a${'))}"'.repeat(5000)}`;
    for (const text of [deep, nested, `$((${deep}))`]) {
      for (const { words } of readCommands(`echo ${text}`, lookup)) {
        expect(readsOf('echo', words)).toBeDefined();
        expect(readsOf('awk', words)?.paths).toBeInstanceOf(Array);
      }
    }
  });

  it('whatever it holds', () => {
    const piece = fc.constantFrom(
      '$(',
      ')',
      '`',
      '"',
      "'",
      '\\',
      '${',
      '}',
      '<<',
      '>',
      '|',
      '&&',
      ';',
      '\n',
      '#',
      'a=',
      'for ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 50 }), (pieces) => {
        expect(readCommands(pieces.join(''), lookup)).toBeInstanceOf(Array);
      }),
      { numRuns: 3000 },
    );
  });

  it('in reasonable time, whatever its size', () => {
    for (const text of [
      '$('.repeat(100_000),
      '`'.repeat(100_001),
      '"$('.repeat(50_000),
      'for -'.repeat(50_000),
      "'".repeat(100_001),
    ]) {
      expect(readCommands(text, lookup)).toBeInstanceOf(Array);
    }
  });
});
