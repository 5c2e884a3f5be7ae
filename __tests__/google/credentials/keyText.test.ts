import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors';
import { readGoogleFile } from '../../../src/google/credentials/googleFile';
import { testKey, type TestKey } from '../../support/serviceAccountKey';

let key: TestKey;
beforeAll(async () => {
  key = await testKey();
});
const read = (text: string): ReturnType<typeof readGoogleFile> => readGoogleFile(text, 'credentials-json', {});
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const compact = (): string => JSON.stringify(JSON.parse(key.json));
const withField = (name: string, value: unknown): string =>
  JSON.stringify({ ...(JSON.parse(key.json) as object), [name]: value });

describe('a service account key is read', () => {
  const cases: readonly { name: string; text: () => string; password?: () => string }[] = [
    { name: 'as it was downloaded', text: () => key.json, password: () => key.json.trim() },
    { name: 'in one line', text: compact, password: compact },
    { name: 'with Windows line ends', text: () => key.json.replaceAll('\n', '\r\n') },
    { name: 'with a byte order mark', text: () => `\ufeff${key.json}`, password: () => key.json.trim() },
    { name: 'from base64', text: () => base64(key.json), password: () => key.json.trim() },
    {
      name: 'from base64 in lines of 76',
      text: () => base64(key.json).replace(/.{76}/g, '$&\r\n'),
      password: () => key.json.trim(),
    },
    {
      name: 'from base64 without padding',
      text: () => base64(key.json).replace(/=+$/, ''),
      password: () => key.json.trim(),
    },
    {
      name: 'from base64 for URLs',
      text: () => Buffer.from(key.json).toString('base64url'),
      password: () => key.json.trim(),
    },
  ];
  it.each(cases)('$name', ({ text, password }) => {
    expect(read(text())).toMatchObject({
      kind: 'service-account-key',
      account: key.clientEmail,
      login: { username: '_json_key', ...(password === undefined ? {} : { password: password() }) },
    });
  });
});

describe('a broken key is refused, with the fix and without any of its text', () => {
  const cases: readonly { name: string; text: () => string; says: string }[] = [
    { name: 'cut off', text: () => key.json.slice(0, 900), says: 'it is cut off: the closing brace is missing' },
    {
      name: 'cut off, in base64',
      text: () => base64(key.json).slice(0, 900),
      says: "(decoded from base64) can't be used: it is cut off",
    },
    {
      name: 'cut off within the private key',
      text: () => withField('private_key', key.privateKey.slice(0, 600)),
      says: 'its private_key is damaged or cut off',
    },
    {
      name: 'with real line ends in the private key',
      text: () => key.json.replaceAll('\\n', '\n'),
      says: 'real line ends within private_key',
    },
    { name: 'escaped twice', text: () => key.json.replaceAll('\\n', '\\\\n'), says: 'escaped twice' },
    {
      name: 'without its quotes',
      text: () => key.json.replaceAll('"', ''),
      says: 'it is not JSON, though it starts as such',
    },
    { name: 'in quotes', text: () => `'${compact()}'`, says: 'it is in quotes' },
    { name: 'encoded twice', text: () => base64(base64(key.json)), says: 'it is base64 of base64' },
    { name: 'the private key alone', text: () => key.privateKey, says: 'it is the private key alone' },
    { name: 'the name of a file', text: () => './key.json', says: 'it is the name of a file' },
    { name: 'an access token', text: () => 'ya29.c.something', says: 'it is an access token' },
    { name: 'something else', text: () => 'hunter2!', says: 'it is neither JSON nor base64 of it' },
    { name: 'base64 of something else', text: () => base64('hunter2'), says: 'it is neither JSON nor base64 of it' },
    { name: 'a megabyte', text: () => 'A'.repeat(1_000_000), says: 'it has 1000000 characters' },
    { name: 'JSON of something else', text: () => '{"a":1}', says: 'it is JSON, but has no "type"' },
    { name: 'an OAuth client', text: () => '{"installed":{"client_id":"x"}}', says: 'it is an OAuth client' },
    { name: 'another type', text: () => '{"type":"gdch_service_account"}', says: 'its type is "gdch_service_account"' },
    { name: 'a type that is none', text: () => '{"type":{}}', says: 'its type is not text' },
    { name: 'without an account', text: () => withField('client_email', undefined), says: 'it has no client_email' },
    {
      name: 'with an account of several lines',
      text: () => withField('client_email', 'a@b\n::error::c'),
      says: 'it has no client_email',
    },
    { name: 'without a private key', text: () => withField('private_key', 7), says: 'it has no private_key' },
  ];
  it.each(cases)('$name', ({ text, says }) => {
    const refused = (): unknown => read(text());
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(/^credentials-json /);
    expect(refused).toThrow(says);
    for (const line of key.privateKey.split('\n')) {
      if (line.length >= 16 && !line.startsWith('-----')) expect(refused).not.toThrow(line.slice(0, 16));
    }
    expect(refused).not.toThrow('hunter2');
  });

  it('whatever is cut off or replaced, nothing else than a UsageError is thrown', () => {
    const place = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(place, place, fc.string({ unit: 'binary', maxLength: 5 }), fc.boolean(), (from, to, put, encoded) => {
        const [start, end] = [from, to].map((at) => Math.floor(at * key.json.length)).sort((a, b) => a - b);
        const invalid = key.json.slice(0, start) + put + key.json.slice(end);
        try {
          expect(read(encoded ? base64(invalid) : invalid).kind).toBe('service-account-key');
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is masked', () => {
  const secrets = (text: string): readonly string[] => {
    const file = read(text);
    return file.kind === 'service-account-key' ? file.secrets : [];
  };

  it('is the key in every form it could be printed in', () => {
    const found = secrets(key.json);
    const lines = key.privateKey.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
    expect(found).toEqual(expect.arrayContaining(lines.filter((line) => line.length >= 16)));
    expect(found).toContain(base64(key.json));
    expect(found).toContain(base64(key.json.trim()));
    expect(found).toContain(base64(`_json_key:${key.json.trim()}`));
    expect(found).toContain(JSON.stringify(key.privateKey).slice(1, -1));
    expect(secrets(compact())).toContain(compact());
  });

  it('covers every line of the file that holds a part of the private key, masked line by line as a runner does', () => {
    const masked = secrets(key.json).reduce((text, secret) => text.replaceAll(secret, '***'), key.json);
    for (const line of key.privateKey.split('\n').filter((part) => part.length >= 16 && !part.startsWith('-----'))) {
      expect(masked).not.toContain(line.slice(0, 16));
    }
    expect(masked).toContain('"type": "service_account"');
  });

  it('is never a brace or anything short, and never of several lines', () => {
    for (const secret of [...secrets(key.json), ...secrets(compact())]) {
      expect(secret.length).toBeGreaterThanOrEqual(16);
      expect(secret).not.toContain('\n');
    }
  });
});
