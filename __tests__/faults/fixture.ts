import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '../support/engine';
import { startRegistry, type TestRegistry } from '../support/registry';
import { startTokenServer } from '../support/tokenServer';
import type { Scenario } from './scenario';
import { SecretSearch } from './secrets';
import { readStorage, writeStorage, type Storage } from './storage';
import type { Storage as Memory } from '../support/memoryRegistry';

/** One registry: how to log in, what it holds under a path (without the host), and how that comes to be there before a round. */
export interface GroundRegistry {
  readonly host: string;
  /** What every name there begins with, `USER/` or nothing. */
  readonly top: string;
  readonly username: string;
  readonly password: string;
  /** It keeps what it got of a manifest that was cut off on its way. */
  readonly keepsScraps?: boolean | undefined;
  look(path: string): Promise<Storage>;
  /** Takes what a memory registry holds, where names start with `host`. */
  fill(host: string, memory: Memory): Promise<void>;
}

/** Registries that the rounds are played on. */
export interface Fixture extends AsyncDisposable {
  registry(auth: Scenario['auth']): GroundRegistry;
  /** Of the key, the login made of it and every token so far. */
  secrets(): SecretSearch;
  /** For processes. */
  readonly folder: string;
}

/**
 * Two real registries: one with passwords, one with tokens that end after a second. `program`: another Distribution than the one at hand;
 * `look`: how it is looked at.
 */
export async function startFixture(
  program?: string,
  look: (registry: TestRegistry) => GroundRegistry = onFiles,
): Promise<Fixture> {
  const folder = await tempDir();
  const certificates = join(folder.path, 'certificates');
  await mkdir(certificates);
  const passwords = new Set<string>();
  const username = '_json_key';
  const tokens = await startTokenServer({
    folder: certificates,
    username,
    password: (given) => passwords.has(given),
    seconds: 1,
  });
  const [htpasswd, token] = await Promise.all([
    startRegistry({ program }),
    startRegistry({ program, auth: { token: tokens.token } }),
  ]);
  const grounds = { htpasswd: look(htpasswd), token: look(token) };
  const search = new SecretSearch();
  for (const { password } of [htpasswd, token]) {
    passwords.add(password);
    const key: unknown = JSON.parse(password);
    const pem = typeof key === 'object' && key !== null && 'private_key' in key ? String(key.private_key) : password;
    for (const line of pem.split('\n')) if (!line.startsWith('-----')) search.add(line);
  }
  let known = 0;
  return {
    folder: folder.path,
    registry: (auth) => grounds[auth],
    secrets: () => {
      for (; known < tokens.issued.length; known++) {
        // The signature: what makes it a token.
        const issued = tokens.issued[known] ?? '';
        search.add(issued.slice(issued.lastIndexOf('.') + 1));
      }
      return search;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([htpasswd.stop(), token.stop(), tokens.close()]);
      await folder.remove();
    },
  };
}

/** Distribution, whose files are read and written: nothing that is between can be about them. */
function onFiles({ host, username, password, dataDir }: TestRegistry): GroundRegistry {
  return {
    host,
    top: '',
    username,
    password,
    look: (path) => Promise.resolve(readStorage(dataDir, path)),
    fill: (from, memory) => {
      writeStorage(dataDir, from, memory);
      return Promise.resolve();
    },
  };
}
