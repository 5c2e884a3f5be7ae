import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { ApiServer } from './apiServer';
import { defineKind, group, resourcePath, startFakeOperator, type FakeOperator } from './operatorFake';
import type { Lock, Spec } from './operatorSets';
import { createServer, createWorld, type World } from './world';

/* Tests with a custom resource `sample` from which a stand-in of the operator (operatorFake.ts) makes Deployments on a real API server. */

export const kind = 'DataSciencePipelinesApplication';

/** What one test has: the API server of its file, a namespace of its own and an operator there. */
export interface OperatorTest {
  readonly server: ApiServer;
  readonly world: World;
  readonly operator: FakeOperator;
  /** A custom resource as somebody writes it. */
  readonly manifest: (spec?: object) => object;
  /** `sample` as the API server has it. */
  readonly resource: () => Promise<{ metadata: { annotations?: Record<string, string> }; spec: Spec }>;
  readonly spec: () => Promise<Spec>;
  /** Makes `sample` and waits for its Deployments. */
  readonly install: (spec?: object) => Promise<Spec>;
  /** Waits for so many Deployments. */
  readonly made: (count: number) => Promise<void>;
  /** Runs a command that must succeed. */
  readonly succeed: (command: 'deploy' | 'rollback', lock?: Lock) => Promise<void>;
}

/** Gives each test of this file a namespace of its own, `PREFIX-1`, `PREFIX-2`, …, with an operator; ends them, and the server at the end. */
export function eachOperatorTest(prefix: string, take: (own: OperatorTest) => void): void {
  let server: ApiServer;
  let own: OperatorTest;
  let worlds = 0;
  beforeAll(async () => {
    server = await createServer();
    await defineKind(server);
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    const world = await createWorld(server, 'none', `${prefix}-${(worlds += 1)}`);
    own = operatorTest(server, world, startFakeOperator(server, world.namespace));
    take(own);
  });
  afterEach(async () => {
    await own.operator[Symbol.asyncDispose]();
    await own.world[Symbol.asyncDispose]();
  });
}

function operatorTest(server: ApiServer, world: World, operator: FakeOperator): OperatorTest {
  const { namespace } = world;
  const manifest = (spec: object = {}): object => ({
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: 'sample', namespace },
    spec: { apiServer: { enableSamplePipeline: true }, objectStorage: { externalStorage: { host: 's3' } }, ...spec },
  });
  const resource: OperatorTest['resource'] = async () =>
    (await server.api(resourcePath(namespace, 'sample'))).json as never;
  const spec = async (): Promise<Spec> => (await resource()).spec;
  const made = async (count: number): Promise<void> => {
    while (((await world.state()) as unknown[]).length < count) await sleep(50);
  };
  return {
    server,
    world,
    operator,
    manifest,
    resource,
    spec,
    made,
    install: async (more) => {
      const answer = await server.api(resourcePath(namespace), { method: 'POST', body: manifest(more) });
      expect(answer.status).toBe(201);
      await made(3);
      return spec();
    },
    succeed: async (command, lock) => {
      const ended = await world.run(command, lock === undefined ? {} : { lock: await world.lock(lock) });
      expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
    },
  };
}
