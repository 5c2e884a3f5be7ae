import type { Login } from '../../oci/login';

/** A login is renewed when it has no longer than this left (a fifth of its life, if that is shorter). */
const spareMs = 60_000;

/** Keeps what `mint` gave for as long as it is good, and mints once however many ask at the same time. */
export function renewing<T extends Login | undefined>(mint: () => Promise<T>): () => Promise<T> {
  let current: { readonly login: Promise<T>; readonly askedAt: number } | undefined;
  return async () => {
    const before = current;
    if (before !== undefined) {
      const login = await before.login;
      if (isGood(login, before.askedAt)) return login;
    }
    // Whoever waited for the same one may find it replaced already.
    if (current !== undefined && current !== before) return current.login;
    const made = { login: mint(), askedAt: Date.now() };
    current = made;
    made.login.catch(() => {
      if (current === made) current = undefined;
    });
    return made.login;
  };
}

function isGood(login: Login | undefined, askedAt: number): boolean {
  if (login?.expiresAt === undefined) return true;
  const spare = Math.min(spareMs, (login.expiresAt - askedAt) / 5);
  return Date.now() < login.expiresAt - spare;
}
