import { createPublicKey, type KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { assertedBy } from './keyAssertion';
import { serve, type Received, type Reply } from './httpServer';

/**
 * A FAKE, on a real loopback socket, of the services that Google credentials are made tokens with: GitHub's OIDC provider,
 * Google's Security Token Service, IAM Service Account Credentials, OAuth 2.0 token endpoint and Compute Engine metadata server.
 * Written from https://docs.github.com/actions/reference/security/oidc , https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token ,
 * https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken ,
 * https://developers.google.com/identity/protocols/oauth2/web-server#offline and https://cloud.google.com/compute/docs/metadata/querying-metadata .
 * It checks what the real ones check of a request, and nothing of who may do what.
 */
export interface GoogleTokens {
  readonly host: string;
  readonly requests: readonly Received[];
  /** Every secret that was given out, in order: outside, federated and access tokens. */
  readonly issued: readonly string[];
  /** Access tokens that open a registry now. */
  isGood(token: string): boolean;
  /** The next answers, before the usual ones. */
  readonly script: Reply[];
  /** Knows a service account's key from now on. PEM. */
  trust(account: string, privateKey: string): void;
  close(): Promise<void>;
}

export const account = 'image-builder@kfp-demo.iam.gserviceaccount.com';
const audience = '//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/github/providers/fork';
const bearer = 'the-request-token-of-the-runner';

export async function startGoogleTokens(options: { readonly seconds?: number } = {}): Promise<GoogleTokens> {
  const seconds = options.seconds ?? 3600;
  const issued: string[] = [];
  const good = new Map<string, number>();
  const script: Reply[] = [];
  const keys = new Map<string, KeyObject>();
  const issue = (kind: string, opens: boolean): string => {
    const token = `ya29.${kind}-${issued.length}-${Math.random().toString(36).slice(2)}`;
    issued.push(token);
    if (opens) good.set(token, Date.now() + seconds * 1000);
    return token;
  };
  const isGood = (token: string): boolean => (good.get(token) ?? 0) > Date.now();
  const server = await serve((request) => script.shift() ?? answer(request));

  function answer(request: Received): Reply {
    const { pathname } = new URL(request.path, 'http://x');
    const form = Object.fromEntries(new URLSearchParams(request.body.toString()));
    const authorization = request.headers.authorization;
    switch (pathname) {
      case '/oidc':
        if (authorization !== `Bearer ${bearer}`) return json(401, {});
        return json(200, { value: issue('outside', false) });
      case '/v1/token': {
        const isExchange = form['grant_type'] === 'urn:ietf:params:oauth:grant-type:token-exchange';
        if (!isExchange || form['audience'] !== audience || !issued.includes(form['subject_token'] ?? '')) {
          return json(400, { error: 'invalid_grant', error_description: 'The given credential is rejected.' });
        }
        const token = issue('federated', true);
        return json(200, { access_token: token, token_type: 'Bearer', expires_in: seconds });
      }
      case `/v1/projects/-/serviceAccounts/${account}:generateAccessToken`: {
        const by = /^Bearer (.*)$/.exec(authorization ?? '')?.[1] ?? '';
        const body = JSON.parse(request.body.toString()) as { scope?: unknown };
        if (!isGood(by) || !Array.isArray(body.scope)) return json(403, denied);
        const expireTime = new Date(Date.now() + seconds * 1000).toISOString();
        return json(200, { accessToken: issue('account', true), expireTime });
      }
      case '/token':
        if (form['assertion'] !== undefined) {
          const by = assertedBy(form, `http://${server.host}/token`, keys);
          if (by === undefined)
            return json(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' });
          return json(200, { access_token: issue('key', true), expires_in: seconds, token_type: 'Bearer' });
        }
        if (form['grant_type'] !== 'refresh_token' || form['refresh_token'] !== user.refresh_token) {
          return json(400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' });
        }
        return json(200, { access_token: issue('user', true), expires_in: seconds, token_type: 'Bearer' });
      default:
        return metadata(request, pathname);
    }
  }

  function metadata({ headers }: { headers: IncomingMessage['headers'] }, path: string): Reply {
    const base = '/computeMetadata/v1/instance/service-accounts/default';
    if (headers['metadata-flavor'] !== 'Google') return { status: 403 };
    const flavor = { 'metadata-flavor': 'Google' };
    if (path === `${base}/email`) return { status: 200, headers: flavor, body: account };
    if (path !== `${base}/token`) return { status: 404 };
    const token = { access_token: issue('machine', true), expires_in: seconds, token_type: 'Bearer' };
    return { status: 200, headers: flavor, body: JSON.stringify(token) };
  }

  return {
    host: server.host,
    requests: server.requests,
    issued,
    isGood,
    script,
    trust: (name, privateKey) => void keys.set(name, createPublicKey(privateKey)),
    close: () => server.close(),
  };
}

const denied = {
  error: { code: 403, message: "Permission 'iam.serviceAccounts.getAccessToken' denied", status: 'PERMISSION_DENIED' },
};

const user = {
  type: 'authorized_user',
  client_id: 'id.apps.googleusercontent.com',
  client_secret: 'the-client-secret',
  refresh_token: '1//the-refresh-token',
};

/** As google-github-actions/auth writes it for workload identity federation, its services being the fake's. */
export function externalAccount(host: string, options: { readonly impersonates?: boolean } = {}): object {
  return {
    type: 'external_account',
    universe_domain: 'googleapis.com',
    audience,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `http://${host}/v1/token`,
    ...(options.impersonates === true ? { service_account_impersonation_url: impersonation(host) } : {}),
    credential_source: {
      url: `http://${host}/oidc?audience=x`,
      headers: { Authorization: `Bearer ${bearer}` },
      format: { type: 'json', subject_token_field_name: 'value' },
    },
  };
}

/** As `gcloud auth application-default login` writes it. */
export function authorizedUser(host: string): object {
  return { ...user, account: 'dana@example.com', token_uri: `http://${host}/token` };
}

/** As the same with `--impersonate-service-account` does. */
export function impersonatedAccount(host: string): object {
  return {
    type: 'impersonated_service_account',
    delegates: [],
    service_account_impersonation_url: impersonation(host),
    source_credentials: authorizedUser(host),
  };
}

function impersonation(host: string): string {
  return `http://${host}/v1/projects/-/serviceAccounts/${account}:generateAccessToken`;
}

function json(status: number, body: object): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
