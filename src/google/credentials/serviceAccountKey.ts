import { createPrivateKey } from 'node:crypto';
import { isLoopbackHost } from '../../oci/names';
import { basicAuth, type Login } from '../../oci/login';
import { invalidCredentials, type KeyText } from './keyText';
import { googleUrl } from './trustedUrl';

/** A service account's key, found to be usable as far as that can be seen without Google. */
export interface ServiceAccountKey {
  readonly kind: 'service-account-key';
  /** `name@project.iam.gserviceaccount.com` */
  readonly account: string;
  /**
   * The key as a password, which never ends: https://cloud.google.com/artifact-registry/docs/docker/authentication#json-key
   * For registries that know nothing of Google's tokens, and where Google's token service can't be reached.
   */
  readonly login: Login;
  /** PEM, PKCS #8. */
  readonly pem: string;
  /** Name of the key, where the file has it. */
  readonly id: string | undefined;
  /** Where tokens are made with it. */
  readonly tokenUrl: URL;
  /** Its tokens come from this very machine (a test or an emulator). */
  readonly isLocal: boolean;
  /** Everything that must not be seen, each in one line. */
  readonly secrets: readonly string[];
}

/** Reads one. Throws UsageError that says what is wrong with it. */
export function readServiceAccountKey(
  { text, json }: KeyText,
  source: string,
  env: NodeJS.ProcessEnv,
): ServiceAccountKey {
  const { client_email: account, private_key: pem, private_key_id: id } = json;
  const fix = 'Make a new key: gcloud iam service-accounts keys create key.json --iam-account=ACCOUNT';
  if (typeof account !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(account))
    throw invalidCredentials(source, 'it has no client_email', fix);
  if (typeof pem !== 'string') throw invalidCredentials(source, 'it has no private_key', fix);
  checkPem(pem, source);
  const login = { username: '_json_key', password: text };
  const tokenUrl = tokenUrlOf(json['token_uri'], source, env);
  return {
    kind: 'service-account-key',
    account,
    login,
    pem,
    id: typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id) ? id : undefined,
    tokenUrl,
    isLocal: isLoopbackHost(tokenUrl.host),
    secrets: secretsOf(text, pem, id, login),
  };
}

/** Old keys name a host that only forwards, and an edited one may name any: then Google's, so that nobody else gets a signature. */
function tokenUrlOf(value: unknown, source: string, env: NodeJS.ProcessEnv): URL {
  try {
    return googleUrl(value, 'token_uri', source, env);
  } catch {
    return new URL('https://oauth2.googleapis.com/token');
  }
}

function checkPem(pem: string, source: string): void {
  const download =
    'Give the key file as it was downloaded, for example by: gh secret set GCP_SA_KEY --repo OWNER/REPOSITORY < key.json';
  if (pem.includes('\\n'))
    throw invalidCredentials(source, 'its private_key was escaped twice (it holds \\n as two characters)', download);
  try {
    createPrivateKey(pem);
  } catch {
    // OpenSSL's "DECODER routines::unsupported" says nothing to anyone.
    throw invalidCredentials(source, 'its private_key is damaged or cut off', download);
  }
}

/**
 * Every form in which the key could appear in a log. Not the file as a whole and none of its other lines: a runner masks
 * each line of what it is given, and every { and } in the log would become stars.
 */
function secretsOf(text: string, pem: string, id: unknown, login: Login): readonly string[] {
  const lines = pem.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-----'));
  const bodies = [lines.join(''), lines.join('\\n'), ...lines];
  const inJson = JSON.stringify(pem).slice(1, -1);
  const encoded = [text, `${text}\n`].map((form) => Buffer.from(form, 'utf8').toString('base64'));
  const keyId = typeof id === 'string' && /^[0-9a-f]{16,}$/.test(id) ? [id] : [];
  const asOneLine = text.includes('\n') ? [] : [text];
  return [...new Set([...bodies, inJson, ...encoded, basicAuth(login), ...keyId, ...asOneLine])];
}
