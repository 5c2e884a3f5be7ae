import type { IncomingMessage } from 'node:http';
import type { FakeWorld } from './world';

/* Part of the FAKE of Artifact Registry's Docker endpoint: who logs in to its token service, and what it says to who deletes. */

/** Who a token is for, and when it ends (milliseconds since the epoch). */
export interface Grant {
  readonly account: string;
  readonly endsAt: number;
}

/** Who logs in with this; text: what the token service says to it. https://cloud.google.com/artifact-registry/docs/docker/authentication */
export function authenticate(world: FakeWorld, username: string, password: string): Grant | string {
  if (username === '_json_key' || username === '_json_key_base64') {
    const text = username === '_json_key' ? password : Buffer.from(password, 'base64').toString();
    try {
      const { client_email: account } = JSON.parse(text) as { readonly client_email: string };
      return world.rights.has(account) ? { account, endsAt: Infinity } : 'authentication failed';
    } catch {
      return 'Unable to parse json key.';
    }
  }
  const account = ['oauth2accesstoken', '_token'].includes(username) ? world.accountOf(password) : undefined;
  if (account === undefined) return 'authentication failed';
  return { account, endsAt: world.tokens.find(({ token }) => token === password)?.endsAt ?? Infinity };
}

/** The login of a request, as it stands there; undefined: none. */
export function basic({
  headers,
}: IncomingMessage): { readonly username: string; readonly password: string } | undefined {
  const [, encoded] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [username = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  return { username, password: rest.join(':') };
}

/** https://cloud.google.com/artifact-registry/docs/docker/manage-images#deleting_images */
export const danglingTag = {
  status: 400,
  code: 'GOOGLE_MANIFEST_DANGLING_TAG',
  message: 'Manifest is still referenced by tag',
};
