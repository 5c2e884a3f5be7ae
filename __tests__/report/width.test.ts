import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible } from '../../src/report/escape';
import { columns, fit, pad, padStart } from '../../src/report/width';
import { anyText } from './nasty';

describe('columns', () => {
  it.each([
    ['ascii', 5],
    ['größe', 5],
    ['画像', 4],
    ['한국어', 6],
    ['e\u0301', 1],
    ['🎉', 2],
    ['✔', 1],
    ['…', 1],
  ])('%s takes %i', (text, expected) => {
    expect(columns(text)).toBe(expected);
  });
});

describe('fit', () => {
  it.each([
    ['fits', 'abc', 3, 'abc'],
    ['cut', 'abcd', 3, 'ab…'],
    ['a wide character is not cut in half', '画像', 3, '画…'],
    ['no room for one', '画像', 2, '…'],
    ['no room at all', 'abc', 0, ''],
  ])('%s', (_, text, max, expected) => {
    expect(fit(text, max)).toBe(expected);
  });

  it('never takes more than it may, and pad fills the rest', () => {
    fc.assert(
      fc.property(anyText, fc.nat(40), (raw, max) => {
        const text = visible(raw).replace(/[\n\t]/g, ' ');
        const cut = fit(text, max);
        return columns(cut) <= max && columns(pad(cut, max)) === max && columns(padStart(cut, max)) === max;
      }),
    );
  });
});
