import { isLoopbackHost } from '../../oci/names';
import { printable } from '../../oci/text';
import { invalidCredentials } from './keyText';

/**
 * A URL from a credentials file to which a secret will be sent. Google wants such files checked before use, because one
 * from elsewhere may send tokens to whom it likes: https://cloud.google.com/docs/authentication/external/externally-sourced-credentials
 * Taken are Google's hosts, those of the universe that GOOGLE_CLOUD_UNIVERSE_DOMAIN names (never one that the file names),
 * and this very machine. Throws UsageError otherwise.
 */
export function googleUrl(value: unknown, field: string, source: string, env: NodeJS.ProcessEnv): URL {
  const url = secureUrl(value, field, source);
  const universes = ['googleapis.com', env['GOOGLE_CLOUD_UNIVERSE_DOMAIN'] ?? ''].filter((domain) => domain !== '');
  const isGoogles = universes.some((domain) => url.hostname.endsWith(`.${domain}`));
  if (isGoogles || isLoopbackHost(url.host)) return url;
  const fix = 'Create the file again with gcloud; outside of googleapis.com set GOOGLE_CLOUD_UNIVERSE_DOMAIN';
  throw invalidCredentials(source, `its ${field} is not one of Google's (${url.hostname.slice(0, 100)})`, fix);
}

/** Any https URL, or one of this very machine. */
export function secureUrl(value: unknown, field: string, source: string): URL {
  const fix = 'Create the file again with gcloud or google-github-actions/auth';
  if (typeof value !== 'string' || !URL.canParse(value))
    throw invalidCredentials(source, `its ${field} is not a URL`, fix);
  const url = new URL(value);
  const isSecure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.host));
  if (isSecure && url.username === '' && url.password === '') return url;
  throw invalidCredentials(source, `its ${field} is not an https URL`, fix);
}

/** The account in `…/serviceAccounts/ACCOUNT:generateAccessToken`. */
export function impersonated(url: URL): string {
  return printable(
    /\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(url.pathname)?.[1] ?? 'a service account',
    256,
  );
}
