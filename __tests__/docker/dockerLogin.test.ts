import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../src/errors';
import { createDockerLogin } from '../../src/docker/dockerLogin';
import type { Login } from '../../src/oci/login';

let folder: string;
let user: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kfp-images-test-'));
  user = join(folder, 'user');
  await mkdir(user);
});
afterEach(() => rm(folder, { recursive: true }));

const host = 'europe-west3-docker.pkg.dev';
const login: Login = { username: '_json_key', password: '{"a":"key: ü"}' };
const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const give = (config: unknown): Promise<void> =>
  writeFile(join(user, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
const env = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({ DOCKER_CONFIG: user, ...more });

describe('the private configuration', () => {
  const directory = (): string => join(folder, 'private');
  const written = async (): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(join(directory(), 'config.json'), 'utf8')) as Record<string, unknown>;

  const cases: readonly { name: string; config: unknown; env?: Record<string, string>; expected: unknown }[] = [
    { name: 'of who has none', config: '', expected: { auths: { [host]: { auth } } } },
    {
      name: 'keeps other logins and everything else',
      config: {
        auths: { 'ghcr.io': { auth: 'eDp5' } },
        currentContext: 'mine',
        proxies: { default: { httpProxy: 'http://p' } },
        cliPluginsExtraDirs: ['/plugins'],
        HttpHeaders: { a: 'b' },
      },
      expected: {
        auths: { 'ghcr.io': { auth: 'eDp5' }, [host]: { auth } },
        currentContext: 'mine',
        proxies: { default: { httpProxy: 'http://p' } },
        cliPluginsExtraDirs: ['/plugins'],
        HttpHeaders: { a: 'b' },
      },
    },
    {
      name: 'puts the login in place of every other form of the host',
      config: {
        auths: { [host]: { auth: 'b2xk' }, [`https://${host}`]: { auth: 'b2xk' }, [`https://${host}/v2/`]: {} },
      },
      expected: { auths: { [host]: { auth } } },
    },
    {
      name: 'takes the host from its helper and leaves the others theirs',
      config: { credHelpers: { [host]: 'gcloud', 'gcr.io': 'gcloud' } },
      expected: { auths: { [host]: { auth } }, credHelpers: { [host]: '', 'gcr.io': 'gcloud' } },
    },
    {
      name: 'takes the host from the store and leaves the others there',
      config: { credsStore: 'desktop', auths: { 'ghcr.io': {} } },
      expected: { credsStore: 'desktop', auths: { 'ghcr.io': {}, [host]: { auth } }, credHelpers: { [host]: '' } },
    },
    {
      name: 'comes before the logins of the environment, which are kept',
      config: {},
      env: { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'ghcr.io': { auth: 'eDp5' }, [host]: { auth: 'b2xk' } } }) },
      expected: {
        auths: { 'ghcr.io': { auth: 'eDp5' }, [host]: { auth } },
        credHelpers: { 'ghcr.io': '', [host]: '' },
      },
    },
  ];
  it.each(cases)('$name', async ({ config, env: more = {}, expected }) => {
    if (config !== '') await give(config);
    await createDockerLogin(directory(), host, login, env(more));
    expect(await written()).toEqual(expected);
  });

  it('is nobody else’s to read, and its folder neither', async () => {
    await mkdir(directory(), { mode: 0o755 });
    await createDockerLogin(directory(), host, login, env());
    expect((await stat(directory())).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory(), 'config.json'))).mode & 0o777).toBe(0o600);
  });

  it('writes an identity token where docker keeps one', async () => {
    await createDockerLogin(directory(), host, { username: '<token>', password: 'identity' }, env());
    expect(await written()).toEqual({ auths: { [host]: { identitytoken: 'identity' } } });
  });

  it('uses Docker Hub’s own key', async () => {
    await give({ auths: { 'docker.io': { auth: 'b2xk' } } });
    await createDockerLogin(directory(), 'docker.io', login, env());
    expect(await written()).toEqual({ auths: { 'https://index.docker.io/v1/': { auth } } });
  });

  it('without a login is the user’s', async () => {
    const config = { auths: { [host]: { auth: 'eDp5' } }, credsStore: 'desktop' };
    await give(config);
    await createDockerLogin(directory(), host, undefined, env());
    expect(await written()).toEqual(config);
  });

  it('leaves the user’s files as they are, through all its life', async () => {
    await give({ auths: { [host]: { auth: 'eDp5' } } });
    await mkdir(join(user, 'contexts', 'meta'), { recursive: true });
    await writeFile(join(user, 'contexts', 'meta', 'x'), 'x');
    await mkdir(join(user, 'buildx'));
    const before = await readFile(join(user, 'config.json'), 'utf8');
    const docker = await createDockerLogin(directory(), host, login, env());
    expect(docker.env).toEqual({ DOCKER_CONFIG: directory(), BUILDX_CONFIG: join(user, 'buildx') });
    expect(await readFile(join(directory(), 'contexts', 'meta', 'x'), 'utf8')).toBe('x');
    await docker.renew({ ...login, password: 'renewed' });
    expect((await written())['auths']).toEqual({ [host]: { auth: base64('_json_key:renewed') } });
    expect((await readdir(directory())).sort()).toEqual(['config.json', 'contexts']);
    await rm(directory(), { recursive: true, force: true });
    await rm(directory(), { recursive: true, force: true });
    expect((await readdir(folder)).sort()).toEqual(['user']);
    expect(await readFile(join(user, 'config.json'), 'utf8')).toBe(before);
    expect(await readFile(join(user, 'contexts', 'meta', 'x'), 'utf8')).toBe('x');
  });

  it('leaves a BUILDX_CONFIG alone, and turns DOCKER_AUTH_CONFIG off', async () => {
    await mkdir(join(user, 'buildx'));
    const docker = await createDockerLogin(
      directory(),
      host,
      login,
      env({ BUILDX_CONFIG: '/b', DOCKER_AUTH_CONFIG: '{' }),
    );
    expect(docker.env).toEqual({ DOCKER_CONFIG: directory(), DOCKER_AUTH_CONFIG: '' });
  });

  it('is always whole for who reads while it is renewed', async () => {
    const docker = await createDockerLogin(directory(), host, login, env());
    let renewing = true;
    const renewals = (async () => {
      for (let time = 0; time < 50; time++) await docker.renew({ ...login, password: 'x'.repeat(time * 1000) });
      renewing = false;
    })();
    while (renewing) expect(await written()).toHaveProperty('auths');
    await renewals;
  });

  it('says where it could not be made', async () => {
    await writeFile(join(folder, 'file'), '');
    const made = createDockerLogin(join(folder, 'file', 'x'), host, login, env());
    await expect(made).rejects.toThrow(EnvironmentError);
    await expect(made).rejects.toThrow(`can be made in ${join(folder, 'file', 'x')}`);
  });
});
