import { randomBytes } from 'node:crypto';
import { assertedBy } from '../keyAssertion';
import { serve, type Received, type Reply, type TestServer } from '../httpServer';
import type { FakeWorld } from './world';

/*
 * A FAKE of five token services, on one loopback port:
 *   GitHub's OIDC provider   GET  /oidc?audience=…   https://docs.github.com/actions/reference/security/oidc
 *   Google's STS             POST /v1/token          https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
 *   IAM credentials          POST /v1/projects/-/serviceAccounts/A:generateAccessToken
 *                                                    https://cloud.google.com/iam/docs/reference/credentials/rest
 *   Google's OAuth           POST /token             https://developers.google.com/identity/protocols/oauth2/web-server#offline
 *                            (and for signatures of a key: …/oauth2/service-account#httprest)
 *   the metadata server      GET  /computeMetadata/v1/instance/service-accounts/default/…
 *                                                    https://cloud.google.com/compute/docs/metadata/querying-metadata
 */

/** How the fake is set up. */
export interface IdentityOptions {
  /** Lifetime of what STS and OAuth give, in seconds. */
  readonly seconds?: number;
  /** Whom a federated identity may act as; others are refused. */
  readonly impersonates?: string;
}

export interface FakeIdentity {
  readonly server: TestServer;
  /** What google-github-actions/auth writes; with `account`, to act as this service account. */
  credentialsFile(account?: string): object;
  /** What `gcloud auth application-default login` writes. */
  userFile(): object;
  /** Secrets that went in or out. */
  readonly secrets: readonly string[];
}

export const federatedAccount =
  'principal://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/github/subject/repo';
export const user = 'ada@example.org';
export const machineAccount = '123456789-compute@developer.gserviceaccount.com';

export async function startFakeIdentity(world: FakeWorld, options: IdentityOptions = {}): Promise<FakeIdentity> {
  const requestToken = `ghs_${randomBytes(12).toString('hex')}`;
  const subjectToken = `eyJ.${randomBytes(24).toString('base64url')}.sig`;
  const refreshToken = `1//${randomBytes(24).toString('base64url')}`;
  const clientSecret = `d-${randomBytes(12).toString('base64url')}`;
  const audience =
    '//iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/github/providers/fork';
  const seconds = options.seconds ?? 3600;
  const answers: Readonly<Record<string, (request: Received) => Reply>> = {
    'GET /oidc': ({ headers, path }) =>
      headers.authorization === `Bearer ${requestToken}` &&
      new URLSearchParams(path.split('?')[1]).get('audience') !== null
        ? json(200, { value: subjectToken })
        : json(401, { message: 'bad credentials' }),
    'POST /v1/token': ({ body }) => {
      const form = new URLSearchParams(body.toString());
      if (form.get('audience') !== audience)
        return json(400, {
          error: 'invalid_target',
          error_description: 'The target service indicated by the "audience" parameters is invalid.',
        });
      if (form.get('subject_token') !== subjectToken)
        return json(400, {
          error: 'invalid_grant',
          error_description: 'The given credential is rejected by the attribute condition.',
        });
      const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
      return json(200, {
        access_token: world.issue(federatedAccount, seconds),
        issued_token_type,
        token_type: 'Bearer',
        expires_in: seconds,
      });
    },
    'POST /token': ({ body }) => {
      const form = new URLSearchParams(body.toString());
      if (form.has('assertion')) {
        const by = assertedBy(Object.fromEntries(form), `http://${server.host}/token`, world.keys);
        return by === undefined || !world.rights.has(by)
          ? json(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' })
          : json(200, { access_token: world.issue(by, seconds), expires_in: seconds, token_type: 'Bearer' });
      }
      const isKnown = form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === refreshToken;
      return isKnown
        ? json(200, { access_token: world.issue(user, seconds), expires_in: seconds, token_type: 'Bearer' })
        : json(400, { error: 'invalid_grant', error_description: 'Bad Request' });
    },
  };
  const server = await serve((request) => {
    const path = request.path.split('?')[0] ?? '';
    if (path.startsWith('/computeMetadata/')) return metadata(world, seconds, request, path);
    const account = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(
      decodeURIComponent(path),
    )?.[1];
    if (account !== undefined) return impersonation(world, options, request, account);
    return answers[`${request.method} ${path}`]?.(request) ?? json(404, { error: 'not found' });
  });
  const url = `http://${server.host}`;
  return {
    server,
    credentialsFile: (account) => ({
      type: 'external_account',
      audience,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${url}/v1/token`,
      credential_source: {
        url: `${url}/oidc?audience=x`,
        headers: { Authorization: `Bearer ${requestToken}` },
        format: { type: 'json', subject_token_field_name: 'value' },
      },
      ...(account === undefined
        ? {}
        : { service_account_impersonation_url: `${url}/v1/projects/-/serviceAccounts/${account}:generateAccessToken` }),
    }),
    userFile: () => ({
      type: 'authorized_user',
      client_id: 'fake.apps.googleusercontent.com',
      client_secret: clientSecret,
      refresh_token: refreshToken,
      token_uri: `${url}/token`,
      account: user,
    }),
    secrets: [requestToken, subjectToken, refreshToken, clientSecret],
  };
}

function metadata(world: FakeWorld, seconds: number, { headers }: Received, path: string): Reply {
  const base = '/computeMetadata/v1/instance/service-accounts/default';
  const flavor = { 'metadata-flavor': 'Google' };
  if (headers['metadata-flavor'] !== 'Google') return { status: 403 };
  if (path === `${base}/email`) return { status: 200, headers: flavor, body: machineAccount };
  if (path !== `${base}/token`) return { status: 404 };
  const token = { access_token: world.issue(machineAccount, seconds), expires_in: seconds, token_type: 'Bearer' };
  return { status: 200, headers: flavor, body: JSON.stringify(token) };
}

function impersonation(world: FakeWorld, options: IdentityOptions, request: Received, account: string): Reply {
  const caller = world.accountOf((request.headers.authorization ?? '').replace(/^Bearer /, ''));
  if (caller !== federatedAccount || options.impersonates !== account) {
    return google(
      403,
      'PERMISSION_DENIED',
      "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
      'IAM_PERMISSION_DENIED',
    );
  }
  const { lifetime } = JSON.parse(request.body.toString()) as { readonly lifetime: string };
  const seconds = Number(lifetime.replace('s', ''));
  const expireTime = new Date(Date.now() + seconds * 1000).toISOString();
  return json(200, { accessToken: world.issue(account, seconds), expireTime });
}

export function json(status: number, body: object) {
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(body) };
}

/** An error as Google's APIs word them over REST: https://cloud.google.com/apis/design/errors#http_mapping */
export function google(code: number, status: string, message: string, reason?: string, metadata: object = {}) {
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com', metadata };
  return json(code, { error: { code, message, status, ...(reason === undefined ? {} : { details: [info] }) } });
}
