import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BuildEvent } from '../../src/types';
import { imageStore } from '../support/engine';
import { dockerConfig, startRegistry, type TestRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';
import { openGate } from './gate';
import { base, openWorkbench, type Workbench } from './workbench';

let registry: TestRegistry;
let bench: Workbench;

beforeAll(async () => {
  registry = await startRegistry();
  bench = await openWorkbench(registry);
  await bench.write({ Dockerfile: `FROM ${base}\nRUN echo ${Date.now()} > /made\n` });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await registry.stop();
});

it('is written to the registry where the engine can, and read from there', async () => {
  const first = await bench.build({}, { request: { cache: 'registry' } });
  expect(first.outcome.kind).toBe('built');
  const tags = await testClient({ login: registry }).registry.tags(`${registry.path}/driver`);
  expect(tags.includes('buildcache')).toBe((await imageStore()) === 'containerd');

  const events: BuildEvent[] = [];
  await bench.build({}, { request: { cache: 'registry' }, events });
  const names = events.flatMap((event) => (event.kind === 'step' ? [event.name] : []));
  expect(names.some((name) => name.startsWith('importing cache manifest'))).toBe(true);
});

it('never fails a build: neither one that is broken, nor one that can not be reached', async () => {
  await using broken = await openGate(registry, (_, path) =>
    path.endsWith('/manifests/buildcache') ? 403 : undefined,
  );
  await dockerConfig({ ...registry, host: broken.host }, bench.scratch.docker);
  const { outcome } = await bench.build({}, { request: { cache: 'registry', repository: `${broken.path}/driver` } });
  expect(outcome.kind).toBe('built');
  expect(broken.refused()).toBeGreaterThan(0);
  const away = await bench.command({}, { cache: 'registry' });
  const args = away.args.map((arg) =>
    arg.startsWith('type=registry') ? arg.replace(registry.host, '127.0.0.1:9') : arg,
  );
  await dockerConfig(registry, bench.scratch.docker);
  expect((await bench.build({}, { command: { ...away, args } })).outcome.kind).toBe('built');
});
