import { describe, expect, test } from 'vitest';
import type { ApiServer } from './apiServer';
import { eachTest } from './eachTest';
import { setOf, type World } from './world';

/* What Deployments get of pull secrets, on KFP 2.5.0, beside those of their service accounts. */

const first = setOf('first');

let server: ApiServer;
let world: World;
eachTest('2.5.0', 'access', (own) => {
  ({ server, world } = own);
});

const deploy = async (lock: typeof first, flags = {}, operands: readonly string[] = []) =>
  world.run('deploy', { lock: await world.lock(lock), ...flags }, operands);

describe('pull secrets', () => {
  const secret = async (name: string, key: string): Promise<void> => {
    const config = Buffer.from(JSON.stringify({ auths: { [key]: { auth: 'eDp5' } } })).toString('base64');
    const body = { metadata: { name }, type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': config } };
    const answer = await server.api(`/api/v1/namespaces/${world.namespace}/secrets`, { method: 'POST', body });
    expect(answer.status).toBe(201);
  };
  const account = async (name: string, secrets: readonly string[]): Promise<void> => {
    const body = { metadata: { name }, imagePullSecrets: secrets.map((each) => ({ name: each })) };
    const answer = await server.api(`/api/v1/namespaces/${world.namespace}/serviceaccounts`, { method: 'POST', body });
    expect(answer.status).toBe(201);
  };
  const named = async (): Promise<unknown> =>
    ((await world.state()) as readonly { name: string; secrets: unknown }[]).find(({ name }) => name === 'cache-server')
      ?.secrets;

  test('one that is added brings along those of the service account, which the pods would lose', async () => {
    await secret('regcred-gar', '127.0.0.1:9/project');
    await account('kubeflow-pipelines-cache', ['dockerhub']);
    const { exitCode, stderr } = await deploy(first, { pullSecret: 'regcred-gar' }, ['cacheserver']);
    expect(exitCode, stderr).toBe(0);
    expect(await named()).toEqual([{ name: 'dockerhub' }, { name: 'regcred-gar' }]);
    expect(await world.run('rollback')).toMatchObject({ exitCode: 0 });
    expect(await named()).toEqual([]);
  });

  test('one that the service account gives already is left there', async () => {
    await secret('of-the-account', '127.0.0.1:9/proj');
    await account('kubeflow-pipelines-cache', ['dockerhub', 'of-the-account']);
    const { exitCode, stderr } = await deploy(first, {}, ['cacheserver']);
    expect(exitCode, stderr).toBe(0);
    expect(await named()).toEqual([]);
  });

  test('one for another path does not count', async () => {
    await secret('regcred-gar', '127.0.0.1:9/other');
    const { exitCode, stderr } = await deploy(first, { pullSecret: 'regcred-gar' }, ['cacheserver']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('has no secret regcred-gar with a login for 127.0.0.1:9');
  });
});
