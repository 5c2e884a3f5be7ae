import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../src/errors';
import { ambientLogin } from '../../src/docker/ambientLogin';
import { readDockerConfig } from '../../src/docker/dockerConfig';
import type { Login } from '../../src/oci/login';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kfp-images-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const host = 'europe-west3-docker.pkg.dev';
const login: Login = { username: '_json_key', password: '{"a":"key: ü"}' };
const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const give = (config: unknown): Promise<void> =>
  writeFile(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
const env = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({ DOCKER_CONFIG: folder, ...more });

/** A credential helper by the real protocol, as a program of its own on PATH. */
async function helper(name: string, script: string): Promise<void> {
  const file = join(folder, `docker-credential-${name}`);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

describe('the docker login of this machine', () => {
  const find = async (of = host, more: Record<string, string> = {}): Promise<Login | undefined> =>
    ambientLogin(await readDockerConfig(env(more)), of);

  const cases: readonly { name: string; config: unknown; of?: string; expected: Login | undefined }[] = [
    { name: 'none without a file', config: '', expected: undefined },
    { name: 'none for another host', config: { auths: { 'ghcr.io': { auth: base64('a:b') } } }, expected: undefined },
    { name: 'from auth', config: { auths: { [host]: { auth } } }, expected: login },
    {
      name: 'from auth with colons and zeros behind the password',
      config: { auths: { [host]: { auth: base64('me:a:b\0\0') } } },
      expected: { username: 'me', password: 'a:b' },
    },
    {
      name: 'from user and password',
      config: { auths: { [host]: { username: 'me', password: 'x' } } },
      expected: { username: 'me', password: 'x' },
    },
    {
      name: 'an identity token before a password',
      config: { auths: { [host]: { auth: base64('me:x'), identitytoken: 'id' } } },
      expected: { username: '<token>', password: 'id' },
    },
    {
      name: 'under a URL',
      config: { auths: { [`https://${host}/v1/`]: { auth } } },
      expected: login,
    },
    {
      name: 'of Docker Hub',
      config: { auths: { 'https://index.docker.io/v1/': { auth } } },
      of: 'docker.io',
      expected: login,
    },
    { name: 'not from an empty entry', config: { auths: { [host]: {} } }, expected: undefined },
    {
      name: 'not from names of Object',
      config: '{"auths":{"__proto__":{"auth":"eDp5"}}}',
      of: 'x',
      expected: undefined,
    },
    {
      name: 'not from auths that are none',
      config: { auths: [1], credHelpers: 7, credsStore: 7 },
      expected: undefined,
    },
  ];
  it.each(cases)('$name', async ({ config, of, expected }) => {
    if (config !== '') await give(config);
    expect(await find(of)).toEqual(expected);
  });

  it('from the environment', async () => {
    expect(await find(host, { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [host]: { auth } } }) })).toEqual(login);
  });

  it.each([
    ['no JSON', '{"auths": {\n "x": s3cret', /config\.json is not JSON\. Fix it \("docker login"/],
    ['no object', '[]', /is not a JSON object/],
  ])('is an error when the file is %s, without its text', async (_, config, text) => {
    await give(config);
    await expect(find()).rejects.toThrow(EnvironmentError);
    await expect(find()).rejects.toThrow(text);
    await expect(find()).rejects.not.toThrow(/s3cret/);
  });

  it('is an error when the entry can’t be read', async () => {
    await give({ auths: { [host]: { auth: base64('without a colon') } } });
    await expect(find()).rejects.toThrow(`Run "docker login ${host}" again.`);
  });

  describe('from a helper', () => {
    const path = process.env['PATH'];
    beforeEach(() => {
      process.env['PATH'] = `${folder}:${path ?? ''}`;
    });
    afterEach(() => {
      process.env['PATH'] = path;
    });

    it('of this host, which gets the host on standard input', async () => {
      await give({
        credHelpers: { [host]: 'test' },
        credsStore: 'other',
        auths: { [host]: { auth: base64('not:this') } },
      });
      await helper(
        'test',
        'read -r host; printf \'{"ServerURL":"%s","Username":"me","Secret":"%s %s"}\' x "$1" "$host"',
      );
      expect(await find()).toEqual({ username: 'me', password: `get ${host}` });
    });

    it('of all hosts, but not of one that is taken out', async () => {
      await helper('test', 'cat >&2; echo \'{"Username":"<token>","Secret":"id"}\'');
      await give({ credsStore: 'test', credHelpers: { 'ghcr.io': '' }, auths: { 'ghcr.io': { auth } } });
      expect(await find()).toEqual({ username: '<token>', password: 'id' });
      expect(await find('ghcr.io')).toEqual(login);
    });

    it('that has none', async () => {
      await give({ credsStore: 'test' });
      await helper('test', 'echo "credentials not found in native keychain"; exit 1');
      expect(await find()).toBeUndefined();
    });

    it.each([
      [
        'fails',
        'echo "vault \u001b[31msealed" >&2; exit 1',
        /docker-credential-test gives no login for \S+: "vault \\u\{1b\}\[31msealed"/,
      ],
      ['says nothing', 'exit 0', /something that is not a login/],
      ['ends without reading', 'exec 0<&-; exit 3', /gives no login/],
    ])('that %s is an error', async (_, script, text) => {
      await give({ credsStore: 'test' });
      await helper('test', script);
      await expect(find()).rejects.toThrow(EnvironmentError);
      await expect(find()).rejects.toThrow(text);
    });

    it('that is not installed, or is not a name, is an error', async () => {
      await give({ credsStore: 'missing' });
      await expect(find()).rejects.toThrow(
        /config\.json names docker-credential-missing for the login of \S+, but that program is not installed .* take it out of that file/,
      );
      await give({ credsStore: '../evil' });
      await expect(find()).rejects.toThrow("names a credential helper that can't be one");
    });
  });
});
