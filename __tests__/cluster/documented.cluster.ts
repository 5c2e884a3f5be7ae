import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clusterBlocks, createReader, nameOf, type Reader } from '../deploy/documented';
import type { ApiServer } from './apiServer';
import { defineKind, group, resourcePath, startFakeOperator, type FakeOperator } from './operatorFake';
import { createServer, createWorld, environmentOf, type World } from './world';

/* What docs/deploying.md says, one block after the other, on KFP 2.5.0. */

let server: ApiServer;
let world: World;
let reader: Reader;
/** A namespace of Open Data Hub's. */
let project: World;
let operator: FakeOperator;

beforeAll(async () => {
  server = await createServer();
  world = await createWorld(server, '2.5.0', 'kubeflow');
  reader = await createReader(server.folder);
  const account = (namespace: string, name: string) =>
    server.api(`/api/v1/namespaces/${namespace}/serviceaccounts`, { method: 'POST', body: { metadata: { name } } });
  const labels = { 'pipelines.kubeflow.org/enabled': 'true' };
  await server.api('/api/v1/namespaces', { method: 'POST', body: { metadata: { name: 'dana', labels } } });
  await account('dana', 'default-editor');
  await account('kubeflow', 'pipeline-runner');
  await defineKind(server);
  project = await createWorld(server, 'none', 'my-project');
  operator = startFakeOperator(server, 'my-project');
  const body = {
    apiVersion: `${group}/v1`,
    kind: 'DataSciencePipelinesApplication',
    metadata: { name: 'sample' },
    spec: {},
  };
  await server.api(resourcePath('my-project'), { method: 'POST', body });
  while (((await project.state()) as unknown[]).length < 3) await sleep(50);
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await operator[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test.each(clusterBlocks.map((block) => [nameOf(block), block]))('%s', async (_, block) => {
  // make asks too.
  const { exitCode, stdout, stderr } = await reader.run(block, { ...environmentOf(server), YES: '1' });
  expect(exitCode, stdout + stderr).toBe(0);
});

test('and then the accounts of runs can pull', async () => {
  for (const [namespace, name] of [
    ['dana', 'default-editor'],
    ['kubeflow', 'pipeline-runner'],
  ] as const) {
    const account = await server.api(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}`);
    expect(account.json).toMatchObject({ imagePullSecrets: [{ name: 'regcred-gar' }] });
    const secret = await server.api(`/api/v1/namespaces/${namespace}/secrets/regcred-gar`);
    expect(secret.json).toMatchObject({ type: 'kubernetes.io/dockerconfigjson' });
  }
});
