import { isLoopbackHost } from '../../oci/names';
import { printable } from '../../oci/text';
import { readExternalAccount, type ExternalAccount } from './externalAccount';
import { readKeyText, invalidCredentials, type KeyText } from './keyText';
import { readServiceAccountKey, type ServiceAccountKey } from './serviceAccountKey';
import { googleUrl, impersonated } from './trustedUrl';

/** What a Google credentials file can be: https://cloud.google.com/docs/authentication/application-default-credentials */
export type GoogleFile = ServiceAccountKey | ExternalAccount | AuthorizedUser | Impersonation;

/** A person, by `gcloud auth application-default login`. */
export interface AuthorizedUser {
  readonly kind: 'authorized-user';
  readonly account: string;
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly isLocal: boolean;
}

/** A service account that a person stands in for: `gcloud auth application-default login --impersonate-service-account`. */
export interface Impersonation {
  readonly kind: 'impersonation';
  readonly account: string;
  readonly url: URL;
  readonly delegates: readonly string[];
  readonly source: AuthorizedUser;
  readonly isLocal: boolean;
}

/** Reads a file's content or what an input holds, whatever kind it is. UsageError with the fix when it can't be used. */
export function readGoogleFile(input: string, source: string, env: NodeJS.ProcessEnv): GoogleFile {
  const key = readKeyText(input, source);
  switch (key.json['type']) {
    case 'service_account':
      return readServiceAccountKey(key, source, env);
    case 'external_account':
      return readExternalAccount(key.json, source, env);
    case 'authorized_user':
      return readAuthorizedUser(key.json, source, env);
    case 'impersonated_service_account':
      return readImpersonation(key.json, source, env);
    default:
      throw notAKey(key, source);
  }
}

function notAKey({ json }: KeyText, source: string): Error {
  const fix = 'Give a service account key: gcloud iam service-accounts keys create key.json --iam-account=ACCOUNT';
  if ('installed' in json || 'web' in json)
    return invalidCredentials(source, 'it is an OAuth client, not a service account key', fix);
  if (!('type' in json))
    return invalidCredentials(source, 'it is JSON, but has no "type", so it is not a service account key', fix);
  if (typeof json['type'] !== 'string') return invalidCredentials(source, 'its type is not text', fix);
  return invalidCredentials(source, `its type is "${printable(json['type'], 40)}", not "service_account"`, fix);
}

function readAuthorizedUser(json: KeyText['json'], source: string, env: NodeJS.ProcessEnv): AuthorizedUser {
  const { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken, account } = json;
  if (typeof clientId !== 'string' || typeof clientSecret !== 'string' || typeof refreshToken !== 'string') {
    throw invalidCredentials(source, 'it is not complete', 'Run: gcloud auth application-default login');
  }
  const tokenUrl = googleUrl(json['token_uri'] ?? 'https://oauth2.googleapis.com/token', 'token_uri', source, env);
  const name = typeof account === 'string' && account !== '' ? printable(account, 100) : 'the user of gcloud';
  const isLocal = isLoopbackHost(tokenUrl.host);
  return { kind: 'authorized-user', account: name, tokenUrl, clientId, clientSecret, refreshToken, isLocal };
}

function readImpersonation(json: KeyText['json'], source: string, env: NodeJS.ProcessEnv): Impersonation {
  const field = 'service_account_impersonation_url';
  const url = googleUrl(json[field], field, source, env);
  const inner = json['source_credentials'];
  if (typeof inner !== 'object' || inner === null || !('type' in inner) || inner.type !== 'authorized_user') {
    const fix = 'Run: gcloud auth application-default login --impersonate-service-account=ACCOUNT';
    throw invalidCredentials(source, 'it impersonates from something else than a user', fix);
  }
  const user = readAuthorizedUser({ ...inner }, source, env);
  const delegates = Array.isArray(json['delegates'])
    ? json['delegates'].filter((name) => typeof name === 'string')
    : [];
  return { kind: 'impersonation', account: impersonated(url), url, delegates, source: user, isLocal: user.isLocal };
}
