import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { generateKeyPairSync, randomBytes, scryptSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { UsageError } from '../../src/errors';
import { keyHint, readPublicKey, readSigningKey } from '../../src/sigstore/signingKey';
import { keySigner } from '../../src/sigstore/sign';
import { openBundle } from '../../src/sigstore/verify';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const statement = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');

/** As `cosign generate-key-pair` writes it, with less work for scrypt. */
function cosignKey(password: string): string {
  const [salt, nonce, N, r, p] = [randomBytes(32), randomBytes(24), 1024, 8, 1];
  const key = scryptSync(password, salt, 32, { N, r, p });
  const sealed = xsalsa20poly1305(key, nonce).encrypt(privateKey.export({ format: 'der', type: 'pkcs8' }));
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const json = {
    kdf: { name: 'scrypt', params: { N, r, p }, salt: base64(salt) },
    cipher: { name: 'nacl/secretbox', nonce: base64(nonce) },
    ciphertext: base64(sealed),
  };
  const body = base64(Buffer.from(JSON.stringify(json))).replaceAll(/(.{64})/g, '$1\n');
  return `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${body}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;
}

it.each([
  ['PEM', () => privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), ''],
  ['PEM, SEC 1', () => privateKey.export({ format: 'pem', type: 'sec1' }).toString(), ''],
  [
    'PEM, encrypted',
    () => privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString(),
    'secret',
  ],
  ['PEM, encrypted as openssl did before PKCS #8', () => legacy(), 'secret'],
  ['PEM in one line', () => oneLine(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()), ''],
  [
    'PEM with the line ends of Windows',
    () => privateKey.export({ format: 'pem', type: 'pkcs8' }).toString().replaceAll('\n', '\r\n'),
    '',
  ],
  ['cosign', () => cosignKey('secret'), 'secret'],
  ['cosign, in one line', () => oneLine(cosignKey('secret')), 'secret'],
  ['cosign, without a password', () => cosignKey(''), ''],
])('reads a key: %s', async (_, text, password) => {
  expect(keyHint(await readSigningKey(text(), password, 'sign-key'))).toBe(keyHint(publicKey));
});

it.each([
  ['the wrong password', () => cosignKey('secret'), 'wrong', /right one/],
  ['no password', () => cosignKey('secret'), '', /COSIGN_PASSWORD/],
  ['nothing of the kind', () => '{"a":1}', '', /not a private key/],
  [
    'a public key',
    () => publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    '',
    /is a public key, and the private key is needed/,
  ],
  ['another password than that of openssl', () => legacy(), 'wrong', /right one/],
  ['a cut key', () => cosignKey('secret').slice(0, 300), 'secret', /not a private key/],
  ['a curve that cosign does not take', () => otherCurve(), '', /P-256/],
  ['a short RSA key', () => shortRsa(), '', /2048/],
])('refuses, and shows nothing of the key: %s', async (_, text, password, words) => {
  const given = text();
  const thrown: unknown = await readSigningKey(given, password, 'sign-key').catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(UsageError);
  expect(String(thrown)).toMatch(words);
  for (const line of given.split('\n').filter((each) => each.length > 20 && !each.startsWith('-'))) {
    expect(String(thrown)).not.toContain(line);
  }
});

function legacy(): string {
  return privateKey.export({ format: 'pem', type: 'sec1', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString();
}

/** As a form takes it that knows no lines. */
function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}

function otherCurve(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-384' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

function shortRsa(): string {
  return generateKeyPairSync('rsa', { modulusLength: 1024 })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

it('what a key signed is verified by its public half, and by no other; nor after a change', async () => {
  const bundle = Buffer.from(await keySigner(privateKey).sign(statement)).toString();
  // cosign takes a key's name in the envelope for one of its own making, and passes over what it does not know.
  expect(bundle).toMatch(/"keyid":""|"signatures":\[\{"sig"/);
  const read = (text: string) => openBundle(Buffer.from(text));
  expect(Buffer.from(read(bundle)?.statement ?? []).equals(statement)).toBe(true);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  expect(read(bundle)?.check({ kind: 'key', key: publicKey })).toBeUndefined();
  expect(read(bundle)?.check({ kind: 'key', key: other })).toContain('signature');
  const changed = bundle.replace(
    statement.toString('base64'),
    Buffer.from(`${statement.toString()} `).toString('base64'),
  );
  expect(changed).not.toBe(bundle);
  expect(read(changed)?.check({ kind: 'key', key: publicKey })).toContain('signature');
  expect(read('{}')).toBeUndefined();
});

it('a private key is not a public one', () => {
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  expect(() => readPublicKey(pem, 'key.pem')).toThrow(/is a private key/);
});
