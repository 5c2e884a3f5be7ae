import type { AuthClient } from 'google-auth-library';
import type { Login } from '../../oci/login';
import { bounds } from '../../system/bounds';

/** Google's client reads an answer as a whole; its transport stops at so many bytes. */
const transporterOptions = { size: bounds.google.answer };

const scopes = ['https://www.googleapis.com/auth/cloud-platform'];

/**
 * The login to a registry of Google's as credentials for its API; undefined: it is not one that the API takes (an identity token, a login
 * of another kind). A key signs a token of its own (an hour, no token server is asked): https://google.aip.dev/auth/4111
 */
export async function authClientOf(login: Login): Promise<AuthClient | undefined> {
  const key = keyOf(login);
  const isToken = login.username === 'oauth2accesstoken' || login.username === '_token';
  if (key === undefined && !isToken) return undefined;
  const { JWT, OAuth2Client } = await import('google-auth-library');
  if (key !== undefined) {
    const client = new JWT({
      email: key.account,
      key: key.pem,
      ...(key.id === undefined ? {} : { keyId: key.id }),
      scopes,
      transporterOptions,
    });
    client.useJWTAccessWithScope = true;
    return client;
  }
  const client = new OAuth2Client({ transporterOptions });
  // Without its end: the library would want to renew a token that has less than five minutes, which is all that some ever have.
  client.setCredentials({ access_token: login.password });
  return client;
}

/** The account in words such as "service account key of builder@p.iam.gserviceaccount.com (credentials-json)". */
export function accountIn(described: string): string | undefined {
  return /[A-Za-z0-9][A-Za-z0-9._%+-]{0,127}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/.exec(described)?.[0];
}

interface Key {
  readonly account: string;
  readonly pem: string;
  readonly id: string | undefined;
}

function keyOf({ username, password }: Login): Key | undefined {
  if (username !== '_json_key' && username !== '_json_key_base64') return undefined;
  const text = username === '_json_key' ? password : Buffer.from(password, 'base64').toString('utf8');
  try {
    const { client_email, private_key, private_key_id } = JSON.parse(text) as Partial<Record<string, unknown>>;
    if (typeof client_email !== 'string' || typeof private_key !== 'string') return undefined;
    return {
      account: client_email,
      pem: private_key,
      id: typeof private_key_id === 'string' ? private_key_id : undefined,
    };
  } catch {
    return undefined;
  }
}
