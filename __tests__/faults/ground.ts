import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '../support/engine';
import { startRegistry, type TestRegistry } from '../support/registry';
import { startTokenServer } from '../support/tokenServer';
import type { Scenario } from './scenario';
import { SecretSearch } from './secrets';

/** Registries that the rounds are played on. */
export interface Ground extends AsyncDisposable {
  registry(auth: Scenario['auth']): TestRegistry;
  /** Of the key, the login made of it and every token so far. */
  secrets(): SecretSearch;
  /** For processes. */
  readonly folder: string;
}

/** Two real registries: one with passwords, one with tokens that end after a second. */
export async function startGround(): Promise<Ground> {
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
  const [htpasswd, token] = await Promise.all([startRegistry(), startRegistry({ auth: { token: tokens.token } })]);
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
    registry: (auth) => (auth === 'htpasswd' ? htpasswd : token),
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
