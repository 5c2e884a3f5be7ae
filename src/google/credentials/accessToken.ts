import { EnvironmentError, UsageError } from '../../errors';
import { readBounded } from '../../system/boundedFile';
import { bounds } from '../../system/bounds';
import type { Login } from '../../oci/login';
import type { ExternalAccount, SubjectTokenSource } from './externalAccount';
import type { GoogleCaller } from './googleCaller';
import type { AuthorizedUser, Impersonation } from './googleFile';

/** An access token is the password of this user: https://cloud.google.com/artifact-registry/docs/docker/authentication#token */
const username = 'oauth2accesstoken';

const scope = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * A federated token ends with the outside token it was made from, whatever its own lifetime says; GitHub's lives 5 to 10
 * minutes: https://github.com/google-github-actions/auth#direct-wif
 */
const federatedLifetime = 5 * 60_000;

/** A fresh login of short life, made of what the file allows. RegistryError when Google (or GitHub) refuses. */
export function mint(caller: GoogleCaller, file: ExternalAccount | AuthorizedUser | Impersonation): Promise<Login> {
  switch (file.kind) {
    case 'external-account':
      return federated(caller, file);
    case 'authorized-user':
      return ofUser(caller, file);
    case 'impersonation':
      return asServiceAccount(caller, file);
  }
}

/** https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token , then, where it is asked for, the service account's. */
async function federated(caller: GoogleCaller, file: ExternalAccount): Promise<Login> {
  const subjectToken = await subject(caller, file.subject);
  const askedAt = Date.now();
  const answer = await caller.post('exchanging the outside token for Google’s', file.tokenUrl, {
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: file.audience,
      scope,
      subject_token_type: file.subjectTokenType,
      subject_token: subjectToken,
    },
  });
  const token = caller.secretField(answer, 'access_token', file.tokenUrl);
  if (file.impersonationUrl !== undefined) return impersonate(caller, file.impersonationUrl, token, []);
  const lifetime = Math.min(secondsOf(answer['expires_in']) * 1000, federatedLifetime);
  return { username, password: token, expiresAt: askedAt + lifetime };
}

async function subject(caller: GoogleCaller, source: SubjectTokenSource): Promise<string> {
  const { from, headers, field } = source;
  if (from.kind === 'url') {
    const text = await caller.get('asking for the outside token', from.url, headers);
    return caller.secret(
      field === undefined ? text.trim() : caller.secretField(caller.parse(text, from.url), field, from.url),
    );
  }
  const what = `The token file ${from.path} that the credentials name`;
  const text = await readBounded(from.path, bounds.configurationFile, what).catch((cause: unknown) => {
    if (cause instanceof UsageError) throw cause;
    throw new EnvironmentError(`The token file ${from.path} that the credentials name can't be read.`, { cause });
  });
  const url = new URL('file:///token');
  return caller.secret(field === undefined ? text.trim() : caller.secretField(caller.parse(text, url), field, url));
}

/** https://developers.google.com/identity/protocols/oauth2/web-server#offline */
async function ofUser(caller: GoogleCaller, user: AuthorizedUser): Promise<Login> {
  caller.secret(user.refreshToken);
  caller.secret(user.clientSecret);
  const askedAt = Date.now();
  const answer = await caller.post('renewing the login of gcloud', user.tokenUrl, {
    form: {
      grant_type: 'refresh_token',
      client_id: user.clientId,
      client_secret: user.clientSecret,
      refresh_token: user.refreshToken,
    },
  });
  const password = caller.secretField(answer, 'access_token', user.tokenUrl);
  return { username, password, expiresAt: askedAt + secondsOf(answer['expires_in']) * 1000 };
}

async function asServiceAccount(caller: GoogleCaller, file: Impersonation): Promise<Login> {
  const { password } = await ofUser(caller, file.source);
  return impersonate(caller, file.url, password, file.delegates);
}

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
async function impersonate(
  caller: GoogleCaller,
  url: URL,
  token: string,
  delegates: readonly string[],
): Promise<Login> {
  const askedAt = Date.now();
  const json = { scope: [scope], lifetime: '3600s', ...(delegates.length === 0 ? {} : { delegates }) };
  const answer = await caller.post('getting a token of the service account', url, { json, token });
  const password = caller.secretField(answer, 'accessToken', url);
  const ends = typeof answer['expireTime'] === 'string' ? Date.parse(answer['expireTime']) : Number.NaN;
  return { username, password, expiresAt: Number.isNaN(ends) ? askedAt + 3600_000 : ends };
}

/** `expires_in`; a token that names no lifetime is taken to live a minute. */
function secondsOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 60;
}
