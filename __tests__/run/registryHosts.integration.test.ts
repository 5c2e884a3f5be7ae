import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectBuilder } from '../../src/builder/builder';
import type { LockFile } from '../../src/types';
import { selfSignedCertificate } from '../support/certificate';
import { blobOf, createWorld, json, kfpImages, manifestOf, step, type World } from './world';

/*
 * Registries beyond this machine: by http, with an authority of their own, pushed by another host than they are pulled from. 0.0.0.0 leads to
 * this machine, but is no loopback address, to us as to the engine.
 */

let world: World;
/** The registry's path below its host. */
let path: string;
let port: string;

beforeAll(async () => {
  world = await createWorld();
  path = world.registry.path.slice(world.registry.host.length + 1);
  port = world.registry.host.split(':')[1] ?? '';
});
afterAll(() => world[Symbol.asyncDispose]());

const plan = (host: string, hosts: string, variables: Readonly<Record<string, string>> = {}) =>
  kfpImages(
    world.fork.directory,
    [
      ...['plan', '--images', 'driver', '--registry-path', `${host}/${path}`, '--credentials-json', world.keyFile],
      ...(hosts === '' ? [] : ['--registry-hosts', hosts]),
    ],
    { env: variables },
  );

describe('a host that is pushed to for another', () => {
  it('gets the images, and everything names the host that they are pulled from', async () => {
    const pulled = `images.corp.example/${path}`;
    const result = await step(world, {
      inputs: {
        images: 'apiserver',
        'registry-path': pulled,
        'registry-hosts': `images.corp.example=push:${world.registry.host}`,
      },
    });
    expect(result.exitCode, result.stdout).toBe(0);
    const images = json(result, 'images') as Readonly<Record<string, string>>;
    for (const [name, reference] of Object.entries(images)) {
      const [repository, digest = ''] = reference.split('@');
      expect(repository).toBe(`${pulled}/${name}`);
      expect((await manifestOf(world.registry, name, digest)).digest).toBe(digest);
    }
    const { manifest } = await manifestOf(world.registry, 'apiserver', 'latest');
    const config = (await blobOf(world.registry, 'apiserver', manifest.config.digest)) as {
      readonly config: { readonly Env: readonly string[] };
    };
    expect(config.config.Env).toContain(`V2_DRIVER_IMAGE=${String(images['driver'])}`);
    const lock = JSON.parse(await readFile(join(world.fork.directory, 'kfp-images.lock.json'), 'utf8')) as LockFile;
    expect(lock.registryPath).toBe(pulled);
    expect(result.summary).toContain('images.corp.example/');
    expect(result.summary).not.toContain(world.registry.host);

    const again = await step(world, {
      inputs: { images: 'apiserver', 'registry-path': pulled },
      env: { KFP_IMAGES_REGISTRY_HOSTS: `images.corp.example=push:${world.registry.host}` },
    });
    expect(json(again, 'built')).toEqual([]);
    expect(json(again, 'images')).toEqual(images);
  });

  it('gives verify --rebuild the image that differs', { timeout: 600_000 }, async () => {
    const dockerfile = 'backend/Dockerfile.driver';
    const text = await readFile(join(world.fork.directory, dockerfile), 'utf8');
    await world.fork.commit('Guess', {
      [dockerfile]: `${text}\nUSER 0\nRUN cat /proc/sys/kernel/random/uuid > /guess\n`,
    });
    const target = ['--registry-path', `images.corp.example/${path}`, '--credentials-json', world.keyFile];
    const env = { KFP_IMAGES_REGISTRY_HOSTS: `images.corp.example=push:${world.registry.host}` };
    const built = await kfpImages(world.fork.directory, ['build', '--images', 'driver', ...target], { env });
    expect(built.exitCode, built.stderr).toBe(0);
    const verified = await kfpImages(world.fork.directory, ['verify', '--rebuild', ...target], { env });
    expect(verified.stderr).toMatch(/driver: layer \d+ of \d+ \(RUN .*\): guess: content/);
    await world.fork.commit('Do not guess', { [dockerfile]: text });
  });
});

describe('http beyond this machine', () => {
  it('is spoken with a host that was named for it, and with no other', async () => {
    const refused = await plan(`0.0.0.0:${port}`, '');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`say so with registry-hosts: 0.0.0.0:${port}=plain-http`);
    const named = await plan(`0.0.0.0:${port}`, `0.0.0.0:${port}=plain-http`);
    expect(named.exitCode, named.stderr).toBe(0);
    expect(named.stdout).toMatch(/^driver {2}build {2}the registry has no image|reuse {2}the registry has/m);
  });

  it('is spoken by the builder too, or it is said how to tell it', async () => {
    const host = `0.0.0.0:${port}`;
    const inputs = {
      images: 'launcher',
      'registry-path': `${host}/${path}/http`,
      'registry-hosts': `${host}=plain-http`,
    };
    const result = await step(world, { inputs });
    const { store } = await detectBuilder();
    if (store === 'classic') {
      expect(result.exitCode).toBe(1);
      expect(result.stdout).toContain(`{"insecure-registries": ["${host}"]} in /etc/docker/daemon.json`);
    } else {
      expect(result.exitCode, result.stdout).toBe(0);
      expect(json(result, 'built')).toEqual(['launcher']);
    }
  });
});

describe('every command that asks a registry', () => {
  const target = () => ['--registry-path', `0.0.0.0:${port}/${path}`];
  const credentials = () => ['--credentials-json', world.keyFile];

  it.each([
    ['set', () => credentials()],
    ['verify', () => credentials()],
    ['report', () => credentials()],
    ['prune', () => [...credentials(), '--dry-run']],
    ['doctor', () => credentials()],
    ['deploy', () => [...credentials(), '--dry-run']],
    ['gitops', () => [...credentials(), '--file', 'none.yaml', '--dry-run']],
    ['pull-secret', () => ['--key', world.keyFile, '--dry-run']],
  ])('%s speaks as --registry-hosts says', async (command, more) => {
    const call = (...hosts: readonly string[]) =>
      kfpImages(world.fork.directory, [command, ...target(), ...more(), ...hosts]);
    const refusal = 'does not speak https';
    const [refused, named] = [await call(), await call('--registry-hosts', `0.0.0.0:${port}=plain-http`)];
    expect(refused.stdout + refused.stderr).toContain(refusal);
    expect(named.stdout + named.stderr).not.toContain(refusal);
    const wrong = await call('--registry-hosts', 'x=http');
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('--registry-hosts: "x=http" is not a setting of a registry');
  });
});

describe('an authority of its own', () => {
  let front: Server;
  let host: string;
  let authority: string;

  beforeAll(async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cert = selfSignedCertificate(pair.privateKey, pair.publicKey, '0.0.0.0');
    authority = join(world.folder.path, 'authority.pem');
    await writeFile(authority, cert);
    const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
    front = createServer({ key, cert }, (incoming, outgoing) => {
      const { method, url, headers } = incoming;
      const inner = request(`${world.registry.url}${url ?? ''}`, { method: method ?? 'GET', headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(inner);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    host = `0.0.0.0:${String((front.address() as AddressInfo).port)}`;
  });
  afterAll(() => {
    front.closeAllConnections();
    front.close();
  });

  it('is trusted for the host that it was given for, and for no other', async () => {
    const refused = await plan(host, '');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`give its file with registry-hosts: ${host}=ca:FILE`);
    expect((await plan(host, `other.example=ca:${authority}`)).exitCode).toBe(1);
    const trusted = await plan(host, `${host}=ca:${authority}`);
    expect(trusted.exitCode, trusted.stderr).toBe(0);
    expect(trusted.stdout).toMatch(/^driver {2}(build|reuse) /m);
  });

  it('that can’t be read is said so', async () => {
    const missing = await plan(host, `${host}=ca:${world.folder.path}/none.pem`);
    expect(missing.stderr).toMatch(/registry-hosts: the certificates of .* can't be read/);
    const other = await plan(host, `${host}=ca:${world.keyFile}`);
    expect(other.stderr).toContain('holds no certificate in PEM form');
    const wrong = await plan(host, 'x=http,Y=plain-http');
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('"x=http" is not a setting of a registry; an entry is HOST=plain-http');
    expect(wrong.stderr).toContain('"Y=plain-http" names no host');
  });
});
