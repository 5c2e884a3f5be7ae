import { isLoopbackHost } from '../../oci/names';
import { printable } from '../../oci/text';
import { invalidCredentials, type KeyText } from './keyText';
import { googleUrl, impersonated, secureUrl } from './trustedUrl';

/** Workload identity federation: https://google.aip.dev/auth/4117 */
export interface ExternalAccount {
  readonly kind: 'external-account';
  readonly account: string;
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly tokenUrl: URL;
  /** Where the federated token becomes one of a service account; undefined: it is used as it is. */
  readonly impersonationUrl: URL | undefined;
  readonly subject: SubjectTokenSource;
  readonly isLocal: boolean;
}

/** Where the token of the outside identity is: in a file, or to be asked for (GitHub's OIDC). */
export interface SubjectTokenSource {
  readonly from: { readonly kind: 'file'; readonly path: string } | { readonly kind: 'url'; readonly url: URL };
  readonly headers: Readonly<Record<string, string>>;
  /** Field of the JSON that holds it; undefined: the text is the token. */
  readonly field: string | undefined;
}

/** Reads one, taking nothing over that was not checked. UsageError when it can't be used. */
export function readExternalAccount(json: KeyText['json'], source: string, env: NodeJS.ProcessEnv): ExternalAccount {
  const { audience, subject_token_type: subjectTokenType } = json;
  if (typeof audience !== 'string' || typeof subjectTokenType !== 'string') {
    throw invalidCredentials(
      source,
      'it has no audience or subject_token_type',
      'Create the file again with gcloud or google-github-actions/auth',
    );
  }
  const tokenUrl = googleUrl(json['token_url'], 'token_url', source, env);
  const field = 'service_account_impersonation_url';
  const impersonationUrl = json[field] === undefined ? undefined : googleUrl(json[field], field, source, env);
  return {
    kind: 'external-account',
    account: impersonationUrl === undefined ? poolOf(audience) : impersonated(impersonationUrl),
    audience,
    subjectTokenType,
    tokenUrl,
    impersonationUrl,
    subject: readSubject(json['credential_source'], source),
    isLocal: isLoopbackHost(tokenUrl.host),
  };
}

function poolOf(audience: string): string {
  const pool = /\/workloadIdentityPools\/([a-z0-9-]+)/.exec(audience)?.[1];
  return pool === undefined ? 'an external account' : `workload identity pool ${printable(pool, 100)}`;
}

function readSubject(value: unknown, source: string): SubjectTokenSource {
  const from = objectOf(value);
  const format = objectOf(from['format']);
  const field = format['type'] === 'json' ? format['subject_token_field_name'] : undefined;
  if (format['type'] === 'json' && typeof field !== 'string') {
    throw invalidCredentials(
      source,
      'its credential_source names no subject_token_field_name',
      'Create the file again with gcloud',
    );
  }
  const headers = Object.entries(objectOf(from['headers'])).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const common = { headers: Object.fromEntries(headers), field: typeof field === 'string' ? field : undefined };
  if (typeof from['url'] === 'string') {
    return { ...common, from: { kind: 'url', url: secureUrl(from['url'], 'credential_source.url', source) } };
  }
  if (typeof from['file'] === 'string') return { ...common, from: { kind: 'file', path: from['file'] } };
  const fix =
    'Let google-github-actions/auth make an access token (token_format: access_token) and log docker in with it';
  throw invalidCredentials(
    source,
    'its credential_source is neither a file nor a URL, and nothing else is known here',
    fix,
  );
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
