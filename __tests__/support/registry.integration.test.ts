import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { ensureBaseImage } from './baseImages';
import { docker, imageStore, tempDir } from './engine';
import { dockerConfig, startRegistry, type TestRegistry } from './registry';

const basic = (registry: TestRegistry, password = registry.password): RequestInit => ({
  headers: { authorization: `Basic ${Buffer.from(`${registry.username}:${password}`).toString('base64')}` },
});

test('a registry takes its own key only, and keeps accounts, port and data over a restart', async () => {
  await using registry = await startRegistry();
  await using other = await startRegistry();
  const base = `${registry.url}/v2/`;
  expect((await fetch(base)).status).toBe(401);
  expect((await fetch(base, basic(registry))).status).toBe(200);
  expect((await fetch(base, basic(registry, other.password))).status).toBe(401);

  const upload = await fetch(`${base}some/image/blobs/uploads/`, { method: 'POST', ...basic(registry) });
  expect(upload.status).toBe(202);
  await registry.restart();
  expect((await fetch(base, basic(registry))).status).toBe(200);
  expect(await readdir(join(registry.dataDir, 'docker/registry/v2/repositories/some'))).toEqual(['image']);
  expect(registry.logs().match(/listening on/g)).toHaveLength(2);
});

test('the key has the fields that Google gives a service account key', async () => {
  await using registry = await startRegistry();
  expect(registry.path).toMatch(/^127\.0\.0\.1:\d+\/kfp-[0-9a-f]{8}\/images$/);
  const key = JSON.parse(registry.keyJson) as Readonly<Record<string, string>>;
  expect(key).toMatchObject({ type: 'service_account', project_id: registry.path.split('/')[1] });
  expect(key['private_key']).toMatch(/^-----BEGIN PRIVATE KEY-----\n[^]+\n-----END PRIVATE KEY-----\n$/);
});

test('without auth it asks for nothing; with tokens it says where to get one', async () => {
  await using open = await startRegistry({ auth: 'none' });
  expect((await fetch(`${open.url}/v2/`)).status).toBe(200);

  await using folder = await tempDir();
  const rootCertBundlePath = join(folder.path, 'bundle.pem');
  await writeFile(rootCertBundlePath, rootCertificates[0] ?? '');
  const token = { realm: 'http://127.0.0.1:1/token', service: 'registry', issuer: 'tests', rootCertBundlePath };
  await using closed = await startRegistry({ auth: { token } });
  const answer = await fetch(`${closed.url}/v2/`);
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="http://127.0.0.1:1/token",service="registry"');
});

test('a registry that cannot start says why', async () => {
  const token = { realm: 'r', service: 's', issuer: 'i', rootCertBundlePath: '/nonexistent.pem' };
  await expect(startRegistry({ auth: { token } })).rejects.toThrow(/nonexistent\.pem/);
});

test('a base image is made once, is a base for builds, and what is built from it can be pushed and run', async () => {
  const name = `kfp-images-test/base-${process.pid}:1`;
  const identity = (): Promise<string> =>
    docker(['image', 'inspect', '--format', '{{.Id}} {{.Metadata.LastTagTime}}', name]);
  await using folder = await tempDir();
  await using registry = await startRegistry();
  await ensureBaseImage(name);
  const plain = await identity();
  await ensureBaseImage(name);
  expect(await identity()).toBe(plain);

  const tool = join(folder.path, 'tool');
  await writeFile(tool, '#!/bin/sh\necho "$@" | tr a-z A-Z\n');
  await chmod(tool, 0o755);
  await ensureBaseImage(name, { 'usr/local/bin/tool': tool });
  expect(await identity()).not.toBe(plain);

  const tag = `${registry.path}/tool:1`;
  const env = { DOCKER_CONFIG: await dockerConfig(registry, folder.path) };
  const input = `FROM ${name}\nRUN tool built > /result\nUSER nobody\nCMD ["cat", "/result"]\n`;
  await docker(['buildx', 'build', '--push', '--provenance=false', '--tag', tag, '-'], { input, env });
  await docker(['image', 'rm', '--force', tag]);
  expect(await docker(['run', '--rm', '--network=none', tag], { env })).toBe('BUILT');
  await docker(['image', 'rm', '--force', tag, name]);
});

test('the image store is named', async () => {
  expect(['classic', 'containerd']).toContain(await imageStore());
});

test('a docker command that fails says what it said', async () => {
  await expect(docker(['image', 'inspect', 'kfp-images-test/no-such-image'])).rejects.toThrow(
    /docker image inspect kfp-images-test\/no-such-image ended with 1: .*no such image/i,
  );
});
