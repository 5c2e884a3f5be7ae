import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDockerLogin, type DockerLogin } from '../../src/docker/dockerLogin';
import { docker, tempDir, type TempDir } from '../support/engine';
import { startRegistry, type TestRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';

// The user of this test keeps logins in a store (a helper that isn't even installed), works in a context of his own, has a
// builder, and finds buildx through his configuration.
let folder: TempDir;
let registry: TestRegistry;
let user: string;
const userEnv = (): NodeJS.ProcessEnv => ({ ...process.env, DOCKER_CONFIG: user });
const userDocker = (...args: string[]): Promise<string> => docker(args, { env: { DOCKER_CONFIG: user } });

beforeAll(async () => {
  folder = await tempDir();
  registry = await startRegistry();
  user = join(folder.path, 'user');
  await mkdir(user);
  const own = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const text = await readFile(join(own, 'config.json'), 'utf8').catch(() => '{}');
  const { cliPluginsExtraDirs = [] } = JSON.parse(text) as { readonly cliPluginsExtraDirs?: readonly string[] };
  await cp(join(own, 'cli-plugins'), join(user, 'cli-plugins'), { recursive: true }).catch(() => undefined);
  await writeFile(join(user, 'config.json'), JSON.stringify({ cliPluginsExtraDirs }));
  const endpoint = await userDocker('context', 'inspect', '--format', '{{.Endpoints.docker.Host}}');
  await userDocker('context', 'create', 'mine', '--docker', `host=${endpoint}`);
  await userDocker('buildx', 'create', '--name', 'my-builder', '--driver', 'docker-container', 'mine');
  const config = { cliPluginsExtraDirs, credsStore: 'not-installed', auths: { [registry.host]: {} } };
  await writeFile(join(user, 'config.json'), JSON.stringify(config));
});
afterAll(async () => {
  await registry.stop();
  await folder.remove();
});

async function push(login: DockerLogin, tag: string): Promise<string> {
  const image = `${registry.path}/driver:${tag}`;
  const args = ['buildx', 'build', '--builder', 'default', '--provenance=false', '--push', '--tag', image, '-'];
  const env = { ...login.env, BUILDX_BUILDER: '' };
  return docker(args, { env, input: `FROM scratch\nLABEL tag=${tag}\n` });
}

it('pushes with our login, where the user’s configuration would ask a helper, and keeps context, builder and plugin', async () => {
  const directory = join(folder.path, 'private');
  const login = await createDockerLogin(directory, registry.host, registry, userEnv());
  await push(login, 'first');
  expect(await testClient({ login: registry }).registry.tags(`${registry.path}/driver`)).toEqual(['first']);

  const contexts = await docker(['context', 'ls', '--format', '{{.Name}}'], { env: login.env });
  expect(contexts.split('\n')).toContain('mine');
  expect(await docker(['buildx', 'ls', '--format', '{{.Name}}'], { env: login.env })).toContain('my-builder');
  expect(await docker(['--context', 'mine', 'version', '--format', '{{.Server.Os}}'], { env: login.env })).toBe(
    'linux',
  );

  await login.renew({ username: registry.username, password: 'of another key' });
  await expect(push(login, 'second')).rejects.toThrow(/401|unauthorized|basic auth/i);
  await login.renew(registry);
  await push(login, 'second');

  const before = await readFile(join(user, 'config.json'), 'utf8');
  await rm(directory, { recursive: true, force: true });
  expect(await readFile(join(user, 'config.json'), 'utf8')).toBe(before);
  expect(before).not.toContain(Buffer.from(registry.password).toString('base64').slice(20, 60));
  expect(await userDocker('context', 'ls', '--format', '{{.Name}}')).toContain('mine');
});
