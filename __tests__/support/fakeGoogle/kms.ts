import { constants, createECDH, generateKeyPairSync, privateEncrypt, type KeyObject } from 'node:crypto';
import { serve, type Received, type Reply, type TestServer } from '../httpServer';
import { google, json } from './identity';
import type { FakeWorld } from './world';

/*
 * A FAKE of Google Cloud KMS over REST: the public key of a key's version, and signatures of SHA-256 digests, for who may.
 * https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys.cryptoKeyVersions
 */

/** One version of a key. */
export interface FakeKmsKey {
  readonly algorithm: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface FakeKms {
  readonly server: TestServer;
  /** By `projects/…/cryptoKeyVersions/N`. */
  readonly keys: Map<string, FakeKmsKey>;
  /** `wrong`: signs with another key than the one it shows. */
  state: 'well' | 'cut' | 'busy' | 'wrong';
  /** What makes kfp-images take the fake for Google. */
  readonly env: Readonly<Record<string, string>>;
}

/** https://cloud.google.com/kms/docs/reference/permissions-and-roles */
export const kmsRights = {
  view: 'cloudkms.cryptoKeyVersions.viewPublicKey',
  use: 'cloudkms.cryptoKeyVersions.useToSign',
};

/** A key pair for `keys`. */
export function fakeKmsKey(algorithm = 'EC_SIGN_P256_SHA256'): FakeKmsKey {
  const pair = algorithm.startsWith('RSA')
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: algorithm === 'EC_SIGN_P384_SHA384' ? 'P-384' : 'P-256' });
  return { algorithm, ...pair };
}

export async function startFakeKms(world: FakeWorld): Promise<FakeKms> {
  const keys = new Map<string, FakeKmsKey>();
  const server = await serve((request) => answer(world, fake, request));
  const fake: FakeKms = {
    server,
    keys,
    state: 'well',
    env: { CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: `http://${server.host}/` },
  };
  return fake;
}

function answer(world: FakeWorld, { keys, state }: FakeKms, { method, path, headers, body }: Received): Reply {
  if (state === 'cut') return 'cut';
  if (state === 'busy') return google(503, 'UNAVAILABLE', 'The service is currently unavailable.');
  const account = world.accountOf((headers.authorization ?? '').replace(/^Bearer /, ''));
  if (account === undefined) return google(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
  const [, name = '', action] =
    /^\/v1\/(projects\/.*\/cryptoKeyVersions\/\d+)(\/publicKey|:asymmetricSign)$/.exec(path) ?? [];
  const isSigning = action === ':asymmetricSign';
  if (action === undefined || method !== (isSigning ? 'POST' : 'GET')) return google(404, 'NOT_FOUND', 'not found');
  const right = isSigning ? kmsRights.use : kmsRights.view;
  if (!world.may(account, right)) {
    return google(
      403,
      'PERMISSION_DENIED',
      `Permission '${right}' denied on resource '${name}' (or it may not exist).`,
      'IAM_PERMISSION_DENIED',
    );
  }
  const key = keys.get(name);
  if (key === undefined) return google(404, 'NOT_FOUND', `CryptoKeyVersion ${name} not found.`);
  if (!isSigning) {
    return json(200, { name, algorithm: key.algorithm, pem: key.publicKey.export({ format: 'pem', type: 'spki' }) });
  }
  const { digest } = JSON.parse(body.toString()) as { readonly digest?: { readonly sha256?: string } };
  const bytes = Buffer.from(digest?.sha256 ?? '', 'base64');
  if (bytes.length !== 32) return google(400, 'INVALID_ARGUMENT', 'The digest has the wrong length.');
  const { privateKey } = state === 'wrong' ? fakeKmsKey(key.algorithm) : key;
  return json(200, { name, signature: signDigest(bytes, privateKey).toString('base64') });
}

/** Signs a digest that somebody else has made, which node:crypto does not offer. */
function signDigest(digest: Buffer, key: KeyObject): Buffer {
  if (key.asymmetricKeyType === 'rsa') {
    // https://www.rfc-editor.org/rfc/rfc8017#section-9.2
    const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest]);
    return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, info);
  }
  // https://www.rfc-editor.org/rfc/rfc6979#section-2.4
  const n = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  const number = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
  const secret = number(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'));
  const once = createECDH('prime256v1');
  const r = number(once.generateKeys().subarray(1, 33)) % n;
  const s = (inverse(number(once.getPrivateKey()), n) * (number(digest) + r * secret)) % n;
  const parts = [r, s].map(integer);
  return Buffer.concat([Buffer.from([0x30, parts.reduce((sum, part) => sum + part.length, 0)]), ...parts]);
}

/** Of a number modulo a prime. */
function inverse(of: bigint, prime: bigint): bigint {
  let [result, base] = [1n, of % prime];
  for (let power = prime - 2n; power > 0n; power >>= 1n) {
    if ((power & 1n) === 1n) result = (result * base) % prime;
    base = (base * base) % prime;
  }
  return result;
}

/** An INTEGER of DER. */
function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const positive = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
}
