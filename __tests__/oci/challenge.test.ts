import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../src/oci/challenge';

const read = (header: string): readonly (readonly [string, Record<string, string>])[] =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)] as const);

describe('parseChallenges', () => {
  const cases: readonly { name: string; header: string; expected: ReturnType<typeof read> }[] = [
    { name: 'nothing', header: '', expected: [] },
    { name: 'Basic', header: 'Basic realm="kfp"', expected: [['basic', { realm: 'kfp' }]] },
    {
      name: 'Bearer as Artifact Registry writes it',
      header: 'Bearer realm="https://h/v2/token",service="h",scope="repository:p/r/i:pull,push"',
      expected: [['bearer', { realm: 'https://h/v2/token', service: 'h', scope: 'repository:p/r/i:pull,push' }]],
    },
    {
      name: 'two in one header',
      header: 'Basic realm="a, b", Bearer realm="https://t/"',
      expected: [
        ['basic', { realm: 'a, b' }],
        ['bearer', { realm: 'https://t/' }],
      ],
    },
    {
      name: 'one with data in one piece before another',
      header: 'Negotiate YII+/x==, Bearer realm="r"',
      expected: [
        ['negotiate', {}],
        ['bearer', { realm: 'r' }],
      ],
    },
    {
      name: 'a scheme alone',
      header: 'Negotiate, NTLM, Basic realm=x',
      expected: [
        ['negotiate', {}],
        ['ntlm', {}],
        ['basic', { realm: 'x' }],
      ],
    },
    {
      name: 'escapes in quotes',
      header: String.raw`Bearer realm="a\"b\\c"`,
      expected: [['bearer', { realm: String.raw`a"b\c` }]],
    },
    {
      name: 'capitals and blanks around =',
      header: 'BEARER Realm = "r" , Service= s',
      expected: [['bearer', { realm: 'r', service: 's' }]],
    },
    {
      name: 'a URL without quotes',
      header: 'Bearer realm=https://t/x',
      expected: [['bearer', { realm: 'https://t/x' }]],
    },
    { name: 'the first of two realms', header: 'Bearer realm="a",realm="b"', expected: [['bearer', { realm: 'a' }]] },
    { name: 'an open quote', header: 'Bearer realm="a", service="b', expected: [['bearer', { realm: 'a' }]] },
    {
      name: 'names of Object',
      header: 'Bearer __proto__="a"',
      expected: [['bearer', JSON.parse('{"__proto__":"a"}')]],
    },
  ];
  it.each(cases)('$name', ({ header, expected }) => expect(read(header)).toEqual(expected));

  it('reads back every challenge that is written by the grammar', () => {
    const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
    const value = fc.string({ unit: 'grapheme-ascii' });
    const challenge = fc.tuple(token, fc.dictionary(token, value, { minKeys: 1, noNullPrototype: true }));
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
        const header = challenges.map(([scheme, parameters]) => {
          const list = Object.entries(parameters).map(([name, text]) => `${name}=${quoted(text)}`);
          return `${scheme} ${list.join(', ')}`;
        });
        expect(read(header.join(', '))).toEqual(challenges);
      }),
    );
  });

  it('never throws, whatever it is given', () => {
    const piece = fc.constantFrom('Bearer', 'realm', '=', '"', ',', ' ', '\\', '==', 'x');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(piece).map((all) => all.join('')),
        ),
        (header) => {
          expect(parseChallenges(header).length).toBeLessThanOrEqual(header.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each(['a'.repeat(1_000_000), 'a '.repeat(500_000), 'Bearer a="'.repeat(100_000), ' '.repeat(1_000_000)])(
    'reads a megabyte to an end (%#)',
    (header) => expect(parseChallenges(header).length).toBeLessThan(20_000),
  );
});
