import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestType, sha256, testClient, type TestClient } from '../support/registryClient';
import { startRegistry, type TestRegistry } from '../support/registry';
import { startTokenServer, type TokenServer } from '../support/tokenServer';

const config = Buffer.from(
  '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}',
);
const configType = 'application/vnd.oci.image.config.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

/** Everything the client can do, once, on a registry where nothing is yet. */
async function wholeTour(client: TestClient, path: string): Promise<void> {
  const { registry } = client;
  const [repository, other] = [`${path}/driver`, `${path}/launcher`];
  expect(await registry.tags(repository)).toEqual([]);
  expect(await registry.head(repository, 'latest')).toBeUndefined();
  expect(await registry.manifest(repository, 'latest')).toBeUndefined();

  const blob = await registry.putBlob(repository, configType, config);
  expect(blob).toEqual({ mediaType: configType, digest: sha256(config), size: config.length });
  expect(await registry.putBlob(repository, configType, config)).toEqual(blob);
  expect(await registry.hasBlob(repository, blob.digest)).toBe(true);
  expect(await registry.hasBlob(other, blob.digest)).toBe(false);
  expect(Buffer.from(await registry.blob(repository, blob.digest))).toEqual(config);
  await expect(registry.blob(repository, sha256('nothing'))).rejects.toMatchObject({
    status: 404,
    codes: ['BLOB_UNKNOWN'],
  });

  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: blob, layers: [] }));
  const put = await registry.putManifest(repository, 'commit-1', manifestType, bytes);
  expect(put).toEqual({ mediaType: manifestType, digest: sha256(bytes), size: bytes.length });
  expect(await registry.putManifest(repository, put.digest, manifestType, bytes)).toEqual(put);
  await registry.putManifest(repository, 'latest', manifestType, bytes);
  expect(await registry.head(repository, 'latest')).toEqual(put);
  expect(await registry.manifest(repository, put.digest)).toMatchObject({ ...put, bytes });
  expect([...(await registry.tags(repository))].sort()).toEqual(['commit-1', 'latest']);

  expect(await registry.mountBlob(other, blob.digest, repository)).toBe(true);
  expect(await registry.hasBlob(other, blob.digest)).toBe(true);
  expect(await registry.mountBlob(other, sha256('nothing'), repository)).toBe(false);

  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [put] }));
  expect(await registry.putManifest(repository, 'all', indexType, index)).toMatchObject({ digest: sha256(index) });
  expect(await registry.head(repository, 'all')).toMatchObject({ mediaType: indexType });
  const missing = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [{ ...put, digest: sha256('nothing') }] }));
  await expect(registry.putManifest(repository, 'half', indexType, missing)).rejects.toMatchObject({ status: 400 });

  expect(await registry.deleteManifest(repository, sha256(index))).toBe(true);
  expect(await registry.deleteManifest(repository, sha256(index))).toBe(false);
  expect(client.lines).toEqual([]);
}

describe('a registry with a htpasswd login', () => {
  let server: TestRegistry;
  beforeAll(async () => {
    server = await startRegistry();
  });
  afterAll(() => server.stop());

  it('does all that is asked of it', async () => {
    await wholeTour(testClient({ login: server }), server.path);
  });

  it('refuses another key, and says so at once', async () => {
    const client = testClient({ login: { username: server.username, password: '{"project_id":"other"}' } });
    await expect(client.registry.tags(`${server.path}/driver`)).rejects.toMatchObject({
      status: 401,
      codes: ['UNAUTHORIZED'],
    });
    await expect(testClient().registry.tags(`${server.path}/driver`)).rejects.toThrow('there is none');
    expect(client.lines).toEqual([]);
  });

  it('is waited for while it restarts', async () => {
    const client = testClient({ login: server, limits: { firstDelayMs: 50, longestDelayMs: 500, attempts: 500 } });
    await client.registry.putBlob(`${server.path}/driver`, configType, config);
    const restarted = server.restart();
    const calls = Array.from({ length: 20 }, () => client.registry.hasBlob(`${server.path}/driver`, sha256(config)));
    expect(new Set(await Promise.all(calls))).toEqual(new Set([true]));
    await restarted;
  });
});

describe('a registry with a token server', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kfp-images-test-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const login = { username: '_json_key', password: '{"a":"key"}' };

  async function withTokens(
    options: { seconds?: number; tellsLifetime?: boolean },
    work: (registry: TestRegistry, tokens: TokenServer) => Promise<void>,
  ): Promise<void> {
    const tokens = await startTokenServer({ folder, ...login, ...options });
    const registry = await startRegistry({ auth: { token: tokens.token } });
    try {
      await work(registry, tokens);
    } finally {
      await registry.stop();
      await tokens.close();
    }
  }

  it('does all that is asked of it, with one token for each set of rights', async () => {
    await withTokens({}, async (registry, tokens) => {
      const client = testClient({ login });
      await wholeTour(client, registry.path);
      const scopes = tokens.requests.map(({ path }) => path);
      expect(new Set(scopes).size).toBe(scopes.length);
      expect(client.secrets).toEqual(expect.arrayContaining([...tokens.issued]));
    });
  });

  it('gives an identity token’s holder the same', async () => {
    await withTokens({}, async (registry, tokens) => {
      await wholeTour(testClient({ login: { username: '<token>', password: login.password } }), registry.path);
      expect(new Set(tokens.requests.map(({ method }) => method))).toEqual(new Set(['POST']));
    });
  });

  it('refuses who has no key', async () => {
    await withTokens({}, async (registry) => {
      const failure = testClient({ login: { ...login, password: 'x' } }).registry.tags(`${registry.path}/driver`);
      await expect(failure).rejects.toThrow('as _json_key failed');
      await expect(failure).rejects.toMatchObject({ status: 401 });
    });
  });

  it.each([true, false])(
    'whose tokens end after a second is used for longer (announced: %s)',
    async (tellsLifetime) => {
      await withTokens({ seconds: 1, tellsLifetime }, async (registry, tokens) => {
        const client = testClient({ login });
        for (let step = 0; step < 12; step++) {
          await client.registry.putBlob(`${registry.path}/driver`, 'text/plain', Buffer.from(`blob ${step}`));
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
        expect(tokens.issued.length).toBeGreaterThan(2);
      });
    },
  );
});
