import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { startFaultProxy, type FaultProxy } from '../support/faultProxy';
import { startRegistry, type TestRegistry } from '../support/registry';
import { startTokenServer, type TokenServer } from '../support/tokenServer';
import type { SecretSearch } from './secrets';

/** A real registry behind a proxy of its own. */
export interface EndToEndRegistry extends AsyncDisposable {
  readonly registry: TestRegistry;
  readonly proxy: FaultProxy;
  /** Blobs of the registry that hold a part of a secret; each is looked at once. */
  leakingBlobs(secrets: SecretSearch): Promise<readonly string[]>;
  /** Tokens issued so far: secrets, all of them. */
  readonly tokens: readonly string[];
}

/** Less than a run takes: a token ends in the middle of each. */
const tokenSeconds = 2;

/** Starts one, with passwords or with a token server; `folder` is for the server's certificate. */
export async function startEndToEndRegistry(auth: 'htpasswd' | 'token', folder: string): Promise<EndToEndRegistry> {
  let server: TokenServer | undefined;
  let password = '';
  if (auth === 'token') {
    await mkdir(folder);
    // The same key, however its JSON is written.
    const knows = (given: string): boolean => isDeepStrictEqual(JSON.parse(given), JSON.parse(password));
    server = await startTokenServer({ folder, username: '_json_key', password: knows, seconds: tokenSeconds });
  }
  const registry = await startRegistry(server === undefined ? {} : { auth: { token: server.token } });
  password = registry.password;
  const proxy = await startFaultProxy(registry.host);
  const seen = new Set<string>();
  return {
    registry,
    proxy,
    tokens: server?.issued ?? [],
    leakingBlobs: async (secrets) => {
      const top = join(registry.dataDir, 'docker/registry/v2/blobs/sha256');
      const paths = await readdir(top, { recursive: true }).catch(() => []);
      const leaking: string[] = [];
      for (const path of paths.filter((each) => each.endsWith('/data') && !seen.has(each))) {
        seen.add(path);
        const bytes = await readFile(join(top, path));
        const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
        if (secrets.find(isGzip ? gunzipSync(bytes) : bytes) !== undefined) leaking.push(path);
      }
      return leaking;
    },
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await Promise.all([registry.stop(), server?.close()]);
    },
  };
}

/** What is secret in a service account key's JSON: its id and the lines of its PEM. */
export function secretsOfKey(keyJson: string): readonly string[] {
  const key = JSON.parse(keyJson) as { readonly private_key: string; readonly private_key_id: string };
  const lines = key.private_key.split('\n').filter((text) => text !== '' && !text.startsWith('-----'));
  // What a key of this kind begins with is the same in all: another test's would be taken for this one.
  return [...lines.map((text, index) => (index === 0 ? text.slice(headLength) : text)), key.private_key_id];
}

/** In characters of base64: PKCS #8's and RSA's own words before the modulus of 2048 bits. */
const headLength = 52;
