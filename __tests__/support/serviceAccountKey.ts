import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/** A service account key as Google's console downloads it (same fields, two spaces of indentation), for no real account. */
export interface TestKey {
  readonly json: string;
  readonly projectId: string;
  readonly clientEmail: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
}

let pair: Promise<{ readonly privateKey: string }> | undefined;

/**
 * Makes a key at run time; the RSA key is real, and one per process (making it takes a while).
 * The project's name is random and in the first 72 bytes, because that is all of a password that bcrypt, and so a
 * registry's htpasswd file, compares.
 */
export async function testKey(
  projectId = `kfp-${randomBytes(4).toString('hex')}`,
  /** Where tokens are made with it: that of a fake, or Google's. */
  tokenUri = 'https://oauth2.googleapis.com/token',
): Promise<TestKey> {
  pair ??= promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const { privateKey } = await pair;
  const clientEmail = `image-builder@${projectId}.iam.gserviceaccount.com`;
  const key = {
    type: 'service_account',
    project_id: projectId,
    private_key_id: randomBytes(20).toString('hex'),
    private_key: privateKey,
    client_email: clientEmail,
    client_id: String(randomBytes(6).readUIntBE(0, 6)),
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: tokenUri,
    auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
    client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(clientEmail)}`,
    universe_domain: 'googleapis.com',
  };
  return { json: `${JSON.stringify(key, null, 2)}\n`, projectId, clientEmail, privateKey };
}
