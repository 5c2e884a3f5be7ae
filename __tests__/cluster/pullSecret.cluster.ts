import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { before, programs, whereIs } from '../run/world';
import { startRegistry, type TestRegistry } from '../support/registry';
import type { ApiServer } from './apiServer';
import { createServer, createWorld, type Flags, type World } from './world';

/* Pull secrets on a real API server, with keys that a real registry judges. */

let server: ApiServer;
let registry: TestRegistry;
let world: World;
let keyFile: string;
let namespaces = 0;
let namespace: string;

beforeAll(async () => {
  server = await createServer();
  registry = await startRegistry();
  world = await createWorld(server, '2.5.0', 'kubeflow');
  keyFile = join(server.folder, 'key.json');
  await writeFile(keyFile, registry.keyJson, { mode: 0o600 });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await registry.stop();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  namespace = `profile-${(namespaces += 1)}`;
  const labels = { 'pipelines.kubeflow.org/enabled': 'true' };
  await server.api('/api/v1/namespaces', { method: 'POST', body: { metadata: { name: namespace, labels } } });
  await server.api(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
    method: 'POST',
    body: { metadata: { name: 'default-editor' }, imagePullSecrets: [{ name: 'there-before' }] },
  });
});

const pullSecret = (flags: Flags, options = {}) =>
  world.run(
    'pull-secret',
    { key: keyFile, registryPath: registry.path, namespace: [namespace], ...flags },
    [],
    options,
  );

test('a secret is made, attached, and made once', async () => {
  const made = await pullSecret({ serviceAccount: ['default-editor'] });
  expect(made, made.stderr).toMatchObject({ exitCode: 0 });
  const key = registry.keyJson.trim();
  expect(await auths('regcred-gar')).toEqual({
    [registry.host]: { username: '_json_key', password: key, auth: base64(`_json_key:${key}`) },
  });
  const account = await server.api(`/api/v1/namespaces/${namespace}/serviceaccounts/default-editor`);
  expect(names(account.json)).toEqual(expect.arrayContaining(['there-before', 'regcred-gar']));
  const again = await pullSecret({ serviceAccount: ['default-editor'] });
  expect(again.stderr).toContain(`${namespace}/regcred-gar: unchanged`);
});

test('other registries, labels and fields stay', async () => {
  const config = { auths: { 'https://index.docker.io/v1/': { auth: 'ZDpk' } }, credHelpers: { 'x.example.com': 'x' } };
  await server.api(`/api/v1/namespaces/${namespace}/secrets`, {
    method: 'POST',
    body: {
      metadata: { name: 'regcred', labels: { mine: 'yes' } },
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': base64(JSON.stringify(config)) },
    },
  });
  const extended = await pullSecret({ name: 'regcred' });
  expect(extended, extended.stderr).toMatchObject({ exitCode: 0 });
  const found = await server.api(`/api/v1/namespaces/${namespace}/secrets/regcred`);
  expect(found.json).toMatchObject({ metadata: { labels: { mine: 'yes' } } });
  const data = (found.json as { data: Record<string, string> }).data['.dockerconfigjson'] ?? '';
  const written = JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as typeof config;
  expect(written.credHelpers).toEqual(config.credHelpers);
  expect(Object.keys(written.auths)).toEqual(['https://index.docker.io/v1/', registry.host]);
});

test('of many at the same time, each for a registry of its own, none loses what another wrote', async () => {
  const registries = await Promise.all([1, 2, 3, 4, 5].map(() => startRegistry()));
  try {
    const all = await Promise.all(
      registries.map(async (each, index) => {
        const key = join(server.folder, `key-${index}.json`);
        await writeFile(key, each.keyJson, { mode: 0o600 });
        return pullSecret({ registryPath: each.path, key });
      }),
    );
    expect(all.map(({ exitCode, stderr }) => (exitCode === 0 ? '' : stderr))).toEqual(['', '', '', '', '']);
    expect(Object.keys(await auths('regcred-gar')).sort()).toEqual(registries.map(({ host }) => host).sort());
  } finally {
    await Promise.all(registries.map((each) => each.stop()));
  }
});

test('a key that the registry refuses is not written', async () => {
  const wrong = join(server.folder, 'wrong.json');
  const key = { ...(JSON.parse(registry.keyJson) as object), private_key_id: 'another' };
  await writeFile(wrong, JSON.stringify(key));
  const refused = await pullSecret({ key: wrong });
  expect(refused.exitCode).toBe(1);
  expect((await server.api(`/api/v1/namespaces/${namespace}/secrets/regcred-gar`)).status).toBe(404);
});

test('a secret of another kind is left alone', async () => {
  await server.api(`/api/v1/namespaces/${namespace}/secrets`, {
    method: 'POST',
    body: { metadata: { name: 'opaque' }, data: { a: 'YQ==' } },
  });
  const refused = await pullSecret({ name: 'opaque' });
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('is not a pull secret');
});

test('all profiles', async () => {
  const done = await pullSecret({ namespace: undefined, profiles: true, json: true });
  expect(done, done.stderr).toMatchObject({ exitCode: 0 });
  const { secrets } = JSON.parse(done.stdout) as { secrets: { namespace: string }[] };
  expect(secrets.map((each) => each.namespace)).toContain(namespace);
});

test('the key is in no argument of any process and in no output', async () => {
  // Each kubectl tells what it is given; looking at processes again and again may miss one.
  const folder = await mkdtemp(join(server.folder, 'seen-'));
  const bin = await programs(folder, {
    kubectl: `cat /proc/$$/cmdline >>${folder}/$$; exec ${await whereIs('kubectl')} "$@"`,
  });
  const env = { PATH: before(bin) };
  const { exitCode, stdout, stderr } = await pullSecret({ serviceAccount: ['default-editor'], debug: true }, { env });
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
  const seen = await Promise.all(files.map(({ name }) => readFile(join(folder, name), 'latin1')));
  expect(exitCode, stderr).toBe(0);
  const { private_key: secret = '' } = JSON.parse(registry.keyJson) as { private_key?: string };
  const piece = secret.split('\n')[1] ?? '';
  expect(piece.length).toBeGreaterThan(20);
  expect(seen.some((text) => text.includes('kubectl\0') && text.includes('\0patch\0'))).toBe(true);
  const hidden = base64(`_json_key:${registry.keyJson}`).slice(20, 60);
  for (const text of [...seen, stdout, stderr]) {
    expect(text).not.toContain(piece);
    expect(text).not.toContain(hidden);
  }
});

async function auths(name: string): Promise<Record<string, unknown>> {
  const answer = await server.api(`/api/v1/namespaces/${namespace}/secrets/${name}`);
  const data = (answer.json as { data: Record<string, string> }).data['.dockerconfigjson'] ?? '';
  return (JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as { auths: Record<string, unknown> }).auths;
}

function names(account: unknown): readonly string[] {
  return (account as { imagePullSecrets: { name: string }[] }).imagePullSecrets.map(({ name }) => name);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
