import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CleanLines } from '../../src/report/cleanLines';
import { Secrets } from '../../src/report/secrets';

const secrets = new Secrets();
secrets.add('hunter22-and-more');

/** The lines of a text that comes in chunks of `size` bytes. */
function lines(text: string | Buffer, size: number): readonly string[] {
  const bytes = Buffer.from(text as string);
  const clean = new CleanLines(secrets);
  const out: string[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(...clean.push(bytes.subarray(at, at + size)));
  return [...out, ...clean.end()];
}

describe('CleanLines', () => {
  it.each([
    ['lines', 'a\nb\n', ['a', 'b']],
    ['a last line without an end', 'a\nb', ['a', 'b']],
    ['empty lines', 'a\n\n\nb\n', ['a', '', '', 'b']],
    ['line ends of Windows', 'a\r\n\r\nb\r\n', ['a', '', 'b']],
    ['a progress bar', '10%\r20%\r\n', ['10%', '20%']],
    ['a command of the runner', 'x\n::error::gotcha\n a ##[group]b', ['x', ': :error::gotcha', ' a ## [group]b']],
    ['a command behind a carriage return', 'x\r::error::gotcha\n', ['x', ': :error::gotcha']],
    ['a command behind colours', '\u001b[1m::error::gotcha\n', [': :error::gotcha']],
    ['a secret', 'the hunter22-and-more.\n', ['the ***.']],
    ['a secret in colours', 'hunter22\u001b[31m-and\u001b[0m-more', ['***']],
    ['characters of several bytes', 'größe 画像 🎉\n', ['größe 画像 🎉']],
  ])('gives %s, whatever the chunks', (_, text, expected) => {
    for (const size of [1, 2, 3, 5, 8, 1000]) expect(lines(text, size)).toEqual(expected);
  });

  it('gives the same lines for every way to cut the stream', () => {
    const part = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('\n', '\r', '\r\n', '\u001b[1m', 'hunter22-and-more', '::error::', '##['),
    );
    fc.assert(
      fc.property(fc.array(part), fc.integer({ min: 1, max: 9 }), (parts, size) => {
        const whole = lines(parts.join(''), 1_000_000);
        expect(lines(parts.join(''), size)).toEqual(whole);
        expect(whole.join('\n')).not.toContain('hunter22');
      }),
    );
  });

  it('shows bytes that are not UTF-8', () => {
    expect(lines(Buffer.from([0x61, 0xff, 0xc3, 0x0a]), 2)).toEqual(['a\ufffd\ufffd']);
  });

  it('cuts a line of megabytes, and no secret in half', () => {
    for (const at of [7_990, 15_990, 16_000, 16_005]) {
      const line = lines(`${'x'.repeat(at)}hunter22-and-more${'y'.repeat(3_000_000)}\nnext\n`, 65_536);
      expect(line).toHaveLength(2);
      expect(line[0]?.length).toBeLessThanOrEqual(8_000);
      expect(line[0]).not.toContain('hunter');
      expect(line[1]).toBe('next');
    }
  });
});
