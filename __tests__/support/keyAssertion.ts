import { verify, type KeyObject } from 'node:crypto';

/**
 * Who signed the assertion of a token request, as Google's token service checks it: the key is known, the audience is the service, it is
 * in time. https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 * undefined: it proves nothing.
 */
export function assertedBy(
  form: Readonly<Record<string, string>>,
  audience: string,
  keys: ReadonlyMap<string, KeyObject>,
): string | undefined {
  if (form['grant_type'] !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return undefined;
  const [head = '', body = '', signature = ''] = (form['assertion'] ?? '').split('.');
  const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { readonly alg: string };
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Readonly<Record<string, unknown>>;
  const { iss, aud, iat, exp, scope } = claims;
  const now = Date.now() / 1000;
  const key = typeof iss === 'string' ? keys.get(iss) : undefined;
  const isInTime =
    typeof iat === 'number' && typeof exp === 'number' && iat <= now + 1 && exp > now && exp - iat <= 3600;
  const isSigned =
    key !== undefined && verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
  return alg === 'RS256' && aud === audience && typeof scope === 'string' && isInTime && isSigned
    ? String(iss)
    : undefined;
}
