import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runnerMasks, Secrets } from '../../src/report/secrets';

function knowing(...secrets: readonly string[]): Secrets {
  const known = new Secrets();
  for (const secret of secrets) known.add(secret);
  return known;
}

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const key = JSON.stringify(
  { type: 'service_account', private_key_id: '0123456789abcdef0123', private_key: pem },
  undefined,
  2,
);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('Secrets', () => {
  it.each([
    ['itself', 'hunter22', 'a hunter22 b', 'a *** b'],
    ['twice', 'hunter22', 'hunter22hunter22', '***'],
    ['its base64', 'hunter22', `x ${base64('hunter22')} y`, 'x *** y'],
    ['in an address', 'p/ss&rd', 'https://u:p%2Fss%26rd@h', 'https://u:***@h'],
    ['in JSON', 'say "x"', '{"p":"say \\"x\\""}', '{"p":"***"}'],
    ['one that overlaps itself', 'abab', 'xababab', 'x***'],
    ['nothing of three characters', 'abc', 'abcabc', 'abcabc'],
    ['blanks around it are not part of it', '  hunter22\n', 'hunter22', '***'],
  ])('hides %s', (_, secret, text, expected) => {
    expect(knowing(secret).redact(text)).toBe(expected);
  });

  it('hides two secrets that overlap as one', () => {
    expect(knowing('abcdef', 'defghi').redact('xabcdefghix')).toBe('x***x');
  });

  it('hides base64 of a Docker login', () => {
    for (const user of ['_json_key', '_json_key_base64', 'u', '']) {
      const shown = knowing(key).redact(`auth: ${base64(`${user}:${key}`)}`);
      expect(shown.length).toBeLessThan(60);
      expect(shown).toMatch(/^auth: .*\*\*\*.*$/);
    }
  });

  it('hides every line of a private key, also when it is written in JSON', () => {
    const secrets = knowing(key);
    for (const line of pem
      .trim()
      .split('\n')
      .filter((each) => each.length >= 12))
      expect(secrets.redact(`> ${line}`)).toBe('> ***');
    expect(secrets.redact(JSON.stringify({ key: pem }))).not.toContain(pem.split('\n')[3]);
    expect(secrets.redact('id 0123456789abcdef0123')).toBe('id ***');
  });

  it('leaves braces and the names of fields alone', () => {
    expect(knowing(key).redact('{ "type": 1 } }')).toBe('{ "type": 1 } }');
  });

  it('gives each new piece once, none with a line break', () => {
    const secrets = new Secrets();
    const pieces = secrets.add(key);
    expect(pieces.length).toBeGreaterThan(20);
    expect(pieces.filter((piece) => /[\r\n]/.test(piece))).toEqual([]);
    expect(secrets.add(key)).toEqual([]);
  });

  it('leaves no secret, wherever it is', () => {
    const secret = fc
      .string({ unit: 'grapheme', minLength: 4, maxLength: 30 })
      .filter((text) => text.trim().length >= 4 && !text.includes('*') && !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.string(), fc.string(), (all, before, after) => {
        const secrets = knowing(...all);
        const text = `${before}${all.join(after)}${after}${base64(all.join(''))}`;
        return all.every((one) => !secrets.redact(text).includes(one.trim()));
      }),
    );
  });

  it('hides base64 at any place of something longer', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 12, maxLength: 40 }).filter((text) => text.trim() === text),
        fc.string(),
        fc.string(),
        (secret, before, after) => {
          const encoded = base64(before + secret + after);
          const shown = knowing(secret).redact(encoded);
          // What is left of the secret is at most what shares a character with its neighbours.
          return shown.includes('***') && shown.length <= Math.ceil(((before.length + after.length) * 3 * 4) / 3) + 12;
        },
      ),
    );
  });
});

describe('what a runner gets', () => {
  const compact = JSON.stringify(JSON.parse(key));
  it('is every secret line of a key, and no more', () => {
    const lines = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
    expect(new Set(runnerMasks(key))).toEqual(new Set(['0123456789abcdef0123', ...lines]));
    expect(new Set(runnerMasks(compact))).toEqual(new Set([compact, '0123456789abcdef0123', ...lines]));
    expect(runnerMasks(compact).length).toBeLessThan(40);
  });

  it('is a token, and each line of a secret of several', () => {
    expect(runnerMasks('ghp_0123456789')).toEqual(['ghp_0123456789']);
    expect(runnerMasks('first-line-of-it\nsecond-line-of-it\n')).toEqual(['first-line-of-it', 'second-line-of-it']);
  });

  it('is hidden by us too', () => {
    for (const mask of runnerMasks(compact)) expect(knowing(compact).redact(`<${mask}>`)).toBe('<***>');
  });
});
