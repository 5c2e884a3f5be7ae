import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { createHash, createPrivateKey, createPublicKey, scrypt, type KeyObject } from 'node:crypto';
import { UsageError } from '../errors';
import { field, parseJson } from '../system/json';

/** Most that scrypt may be asked to work with: cosign takes N=65536, r=8, which is 64 MiB. */
const mostMemory = 512 * 2 ** 20;

/**
 * Reads a private key: PEM as openssl writes it, or as `cosign generate-key-pair` does, encrypted with `password`.
 * cosign's form is JSON within PEM: scrypt for the key, NaCl's secretbox for the PKCS #8 bytes.
 * https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md, https://pkg.go.dev/github.com/secure-systems-lab/go-securesystemslib/encrypted
 * `name`: of the input, for texts. Throws UsageError; its text shows nothing of the key.
 */
export async function readSigningKey(given: string, password: string, name: string): Promise<KeyObject> {
  const text = withLines(given.trim());
  if (!/-----END [A-Z ]*PRIVATE KEY-----/.test(text)) {
    const what = /-----BEGIN (PUBLIC KEY|CERTIFICATE)-----/.exec(text)?.[1]?.toLowerCase();
    const is = what === undefined ? 'is not a private key' : `is a ${what}, and the private key is needed`;
    throw new UsageError(
      `${name} ${is}: PEM (-----BEGIN … PRIVATE KEY-----), a file of it, or a reference (gcpkms://…).`,
    );
  }
  const [, sealed] = /-----BEGIN ENCRYPTED (?:COSIGN|SIGSTORE) PRIVATE KEY-----([^-]*)-----END/.exec(text) ?? [];
  try {
    const key =
      sealed === undefined
        ? createPrivateKey({ key: text, ...(password === '' ? {} : { passphrase: password }) })
        : createPrivateKey({
            key: await decrypted(Buffer.from(sealed.replaceAll(/\s/g, ''), 'base64'), password),
            format: 'der',
            type: 'pkcs8',
          });
    requireUsable(key, name);
    return key;
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(
      `${name} can't be read as a private key. Is its password in COSIGN_PASSWORD, and the right one? \`cosign generate-key-pair\` makes a new one.`,
    );
  }
}

/** Reads a public key, PEM. Throws UsageError. */
export function readPublicKey(text: string, name: string): KeyObject {
  try {
    if (/PRIVATE KEY-----/.test(text)) throw new UsageError(`${name} is a private key; the public one is needed.`);
    const key = createPublicKey(text.trim());
    requireUsable(key, name);
    return key;
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(
      `${name} is not a public key: PEM (-----BEGIN PUBLIC KEY-----) is needed, as cosign writes to cosign.pub.`,
    );
  }
}

/** A secret that was pasted into one line has lost the line ends that PEM needs: https://www.rfc-editor.org/rfc/rfc7468#section-3 */
function withLines(text: string): string {
  return text.replaceAll(
    /-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g,
    (_, type: string, body: string) => {
      const lines = body.replaceAll(/\s/g, '').match(/.{1,64}/g) ?? [];
      return [`-----BEGIN ${type}-----`, ...lines, `-----END ${type}-----`].join('\n');
    },
  );
}

/** Names a key for people and for bundles: base64 of the SHA-256 of its public half, as cosign does. */
export function keyHint(key: KeyObject): string {
  const half = key.type === 'public' ? key : createPublicKey(key);
  return createHash('sha256')
    .update(half.export({ format: 'der', type: 'spki' }))
    .digest('base64');
}

/** What is signed with SHA-256 everywhere. */
function requireUsable(key: KeyObject, name: string): void {
  const isCurve = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  const isRsa = key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
  if (isCurve || isRsa) return;
  throw new UsageError(
    `${name} is a key of a kind that is not used for signing here: ECDSA P-256, as cosign makes, or RSA from 2048 bits is needed.`,
  );
}

async function decrypted(sealed: Buffer, password: string): Promise<Buffer> {
  const json = parseJson(sealed);
  const [kdf, cipher] = [field(json, 'kdf'), field(json, 'cipher')];
  const bytes = (of: unknown, name: string): Buffer => {
    const value = field(of, name);
    return Buffer.from(typeof value === 'string' ? value : '', 'base64');
  };
  if (field(kdf, 'name') !== 'scrypt' || field(cipher, 'name') !== 'nacl/secretbox') throw new Error('unknown form');
  const [N, r, p] = ['N', 'r', 'p'].map((name) => Number(field(field(kdf, 'params'), name)));
  const key = await new Promise<Buffer>((done, failed) => {
    const options = { ...(N && { N }), ...(r && { r }), ...(p && { p }), maxmem: mostMemory };
    scrypt(Buffer.from(password, 'utf8'), bytes(kdf, 'salt'), 32, options, (error, made) =>
      error === null ? done(made) : failed(error),
    );
  });
  return Buffer.from(xsalsa20poly1305(key, bytes(cipher, 'nonce')).decrypt(bytes(json, 'ciphertext')));
}
