import { sign } from 'node:crypto';
import { RegistryError } from '../../errors';
import type { Log } from '../../types';
import type { Login } from '../../oci/login';
import type { Limits } from '../../oci/limits';
import type { GoogleCaller } from './googleCaller';
import type { ServiceAccountKey } from './serviceAccountKey';

const scope = 'https://www.googleapis.com/auth/cloud-platform';

/** An assertion is used at once; Google takes no longer than an hour. */
const assertionSeconds = 600;

/** The key itself is good while Google's token service can't be reached; after so long it is asked again. */
const fallbackMs = 5 * 60_000;

/** There is another way to log in, so a token service that does not answer is not waited for as long as a registry. */
export const keyTokenLimits: Partial<Limits> = {
  attempts: 2,
  stallMs: 20_000,
  exchangeMs: 30_000,
};

/**
 * A login of short life (an hour) made with a service account's key: what is written for docker is then a token, never the key.
 * https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 * RegistryError when Google refuses the key; where its token service can't be reached, the key is the login, with a warning.
 */
export async function loginOfKey(caller: GoogleCaller, key: ServiceAccountKey, log: Log): Promise<Login> {
  try {
    return await tokenOfKey(caller, key);
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    log.warning(
      `${error.message} The key itself is used instead: for docker it is written to a file that only this user can read and that is ` +
        `removed when the run ends. Let this machine reach https://${key.tokenUrl.host} to keep it out of files.`,
    );
    return { ...key.login, expiresAt: Date.now() + fallbackMs };
  }
}

/** The same where only a token will do. RegistryError. */
export async function tokenOfKey(caller: GoogleCaller, key: ServiceAccountKey): Promise<Login> {
  const askedAt = Date.now();
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion(key, askedAt) };
  caller.secret(form.assertion);
  const answer = await caller.post('exchanging a signature of the key for it', key.tokenUrl, { form });
  const seconds = typeof answer['expires_in'] === 'number' && answer['expires_in'] > 0 ? answer['expires_in'] : 60;
  const password = caller.secretField(answer, 'access_token', key.tokenUrl);
  return { username: 'oauth2accesstoken', password, expiresAt: askedAt + seconds * 1000 };
}

/** https://datatracker.ietf.org/doc/html/rfc7523#section-3 */
function assertion({ account, pem, id, tokenUrl }: ServiceAccountKey, now: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const issuedAt = Math.floor(now / 1000);
  const claims = { iss: account, scope, aud: tokenUrl.href, iat: issuedAt, exp: issuedAt + assertionSeconds };
  const text = `${part({ alg: 'RS256', typ: 'JWT', ...(id === undefined ? {} : { kid: id }) })}.${part(claims)}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), pem).toString('base64url')}`;
}

/** No answer at all, or one of a service that is not well: nothing was said about the key. */
function isUnreachable(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError)) return false;
  const { status } = error;
  // What is in between may answer in Google's place: a proxy that lets nobody through, a page instead of JSON.
  return status === undefined || status === 407 || status === 429 || status >= 500;
}
