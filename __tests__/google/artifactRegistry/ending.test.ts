import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../../src/system/exec';
import type { FakeArtifactRegistry } from '../../support/fakeGoogle/artifactRegistryApi';
import { json } from '../../support/fakeGoogle/identity';
import type { FakeWorld } from '../../support/fakeGoogle/world';
import { account, openFakeRegistry } from './fakeRegistry';

/* Google's client may leave timers and connections behind: a process that has its answer must end by itself. Against the FAKE of its API. */

let world: FakeWorld;
let api: FakeArtifactRegistry;

beforeEach(async () => {
  ({ world, api } = await openFakeRegistry('admin'));
});
afterEach(() => api.close());

test('a process ends by itself after an operation that goes on for ever and an answer that never comes', async () => {
  const goesOn = json(200, { name: 'projects/my-project/locations/europe-west3/operations/1', done: false });
  // The first attempt asks about its operation as long as it may; whatever comes after that never gets an answer.
  api.answerNext(...Array.from({ length: 4 }, () => goesOn), ...Array.from({ length: 100 }, () => 'stall' as const));
  const { host, port } = api.endpoint;
  const driver = [join(__dirname, 'createAndEnd.ts'), host, String(port), world.issue(account, 600)];
  const args = ['script/ts.mjs', ...driver];
  const { stdout, stderr, exitCode } = await run({ command: process.execPath, args, cwd: join(__dirname, '../../..') });
  expect(stdout.match(/did not answer in time|sent nothing/g), stderr).toHaveLength(2);
  expect(exitCode).toBe(0);
});
