import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lowerAscii, trimBlanks } from '../../src/system/ascii';
import { didYouMean, findNearest } from '../../src/system/nearest';
import { quoted } from '../../src/system/quoted';
import { expandTemplate, hasStrayBraces, placeholders } from '../../src/system/template';

describe('findNearest', () => {
  const names = ['driver', 'launcher', 'apiserver', 'cacheserver', 'ui'];
  test.each([
    ['apisever', 'apiserver'],
    ['drievr', 'driver'],
    ['cache-server', 'cacheserver'],
    ['DRIVR', 'driver'],
    ['ci', undefined],
    ['wip', undefined],
    ['', undefined],
    ['frontend', undefined],
    ['driver', 'driver'],
  ])('%j is %j', (word, nearest) => {
    expect(findNearest(word, names)).toBe(nearest);
  });

  test('the nearer one, of equals the first', () => {
    expect(findNearest('drivers', ['drivel', 'driver'])).toBe('driver');
    expect(findNearest('abcde1', ['abcde2', 'abcde3'])).toBe('abcde2');
  });

  test('a word of megabytes costs nothing', () => {
    expect(findNearest('a'.repeat(1 << 24), names)).toBeUndefined();
  });

  test('one slip in a longer word is always forgiven', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-'), minLength: 5, maxLength: 20 });
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom('insert', 'remove', 'replace', 'swap'), (name, where, slip) => {
        const index = where % (name.length - 1);
        const rest = name.slice(index);
        const slipped = {
          insert: `x${rest}`,
          remove: rest.slice(1),
          replace: `x${rest.slice(1)}`,
          swap: swapped(rest),
        };
        expect(findNearest(name.slice(0, index) + slipped[slip], [name])).toBe(name);
      }),
    );
  });

  test('as the end of a message', () => {
    expect(didYouMean('drivr', names)).toBe('; did you mean "driver"?');
    expect(didYouMean('frontend', names)).toBe('');
  });
});

function swapped(text: string): string {
  return text.slice(1, 2) + text.slice(0, 1) + text.slice(2);
}

describe('quoted', () => {
  test.each([
    ['plain', '"plain"'],
    ['a "b" \\', '"a \\"b\\" \\\\"'],
    ['line\r\nbreak\t', '"line\\r\\nbreak\\t"'],
    ['\u001b[31m\u0000', '"\\u{1b}[31m\\u{0}"'],
    ['\u202egnp.exe\u200b\ufeff', '"\\u{202e}gnp.exe\\u{200b}\\u{feff}"'],
    ['\ud83d alone, \u{1f600} together', '"\\u{d83d} alone, \u{1f600} together"'],
    ['a\u2028b', '"a\\u{2028}b"'],
  ])('%j', (text, shown) => {
    expect(quoted(text)).toBe(shown);
  });

  test('cuts and says so', () => {
    expect(quoted('x'.repeat(1 << 20), 5)).toBe('"xxxxx…" (1048576 characters)');
  });

  test('is one line without control characters, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(quoted(text))));
  });
});

describe('templates', () => {
  test.each([
    ['commit-{{sha}}', ['sha'], false],
    ['{{ sha }}-{{branch}}-{{sha}}', ['sha', 'branch'], false],
    ['none', [], false],
    ['{{}}', [''], false],
    ['{{sha', [], true],
    ['sha}}', [], true],
    ['{{{sha}}}', ['sha'], false],
    ['{{a{{sha}}', ['sha'], true],
    ['{sha}', [], false],
  ])('%s', (template, names, stray) => {
    expect(placeholders(template)).toEqual(names);
    expect(hasStrayBraces(template)).toBe(stray);
  });

  test('are filled in as text: no pattern of the value counts', () => {
    expect(expandTemplate('{{ sha }}/{{branch}}/{{sha}}', { sha: "$&$'", branch: '{{sha}}' })).toBe(
      "$&$'/{{sha}}/$&$'",
    );
  });

  test.each(['{{other}}', '{{__proto__}}', '{{toString}}'])('%s without a value is a mistake of ours', (template) => {
    expect(() => expandTemplate(template, { sha: 'x' })).toThrow('has no value for');
  });
});

describe('ascii', () => {
  test('folds A-Z alone and trims blanks and tabs alone', () => {
    expect(lowerAscii('AZ\u212aİÄ')).toBe('az\u212aİÄ');
    expect(trimBlanks(' \t a b\u00a0\n ')).toBe('a b\u00a0\n');
    expect(trimBlanks(`${' '.repeat(1 << 20)}x${' '.repeat(1 << 20)}`)).toBe('x');
    expect(trimBlanks('   ')).toBe('');
  });
});
