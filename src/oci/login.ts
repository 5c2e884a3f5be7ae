/**
 * A user and what proves it, for one registry host. An identity token (OAuth2 refresh token, as `docker login` keeps it
 * for some registries) is the password of the user `<token>`, as credential helpers write it:
 * https://github.com/docker/docker-credential-helpers#development
 */
export interface Login {
  readonly username: string;
  readonly password: string;
  /** Milliseconds since the epoch at which the password ends; undefined: it doesn't. */
  readonly expiresAt?: number;
}

/** The user name that says: the password is an identity token. */
export const identityTokenUser = '<token>';

/** What `Authorization: Basic` and the field `auth` of Docker's config file carry. A secret. */
export function basicAuth(login: Login): string {
  return Buffer.from(`${login.username}:${login.password}`, 'utf8').toString('base64');
}

/**
 * The pieces of a secret that a runner can mask. It masks line by line, so of a text of many lines only the long ones are
 * given: else every { of a key's JSON would make stars of every { in the log. Very short ones would do the same.
 */
export function maskable(secret: string): readonly string[] {
  if (!secret.includes('\n')) return secret.length < 4 ? [] : [secret];
  return secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= 16);
}
