import { basicAuth, maskable, type Login } from '../../oci/login';

/** Collects the secrets of one source of credentials. */
interface SecretRegistry {
  /** Tells of a secret, once. */
  readonly keep: (secret: string) => void;
  readonly all: () => readonly string[];
  /** Keeps the secrets of a login as soon as it is there. */
  readonly login: <T extends Login | undefined>(login: Promise<T>) => Promise<T>;
}

/** Makes one. `onSecret` gets each secret once, before anyone gets it. */
export function secretRegistry(onSecret: ((secret: string) => void) | undefined): SecretRegistry {
  const known = new Set<string>();
  const keep = (secret: string): void => {
    if (known.has(secret)) return;
    known.add(secret);
    onSecret?.(secret);
  };
  return {
    keep,
    all: () => [...known],
    login: async (pending) => {
      const login = await pending;
      if (login !== undefined) [...maskable(login.password), basicAuth(login)].forEach(keep);
      return login;
    },
  };
}
