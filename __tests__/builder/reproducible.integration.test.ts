import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { detectBuilder } from '../../src/builder/builder';
import { capabilitiesOf, checkBuilder } from '../../src/builder/capabilities';
import { imageStore } from '../support/engine';
import { startRegistry, type TestRegistry } from '../support/registry';
import { base, date, openWorkbench, type Workbench } from './workbench';

let registry: TestRegistry;
let bench: Workbench;

beforeAll(async () => {
  registry = await startRegistry();
  bench = await openWorkbench(registry);
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await registry.stop();
});

/** Builds without any cache, from files that are as new as `now`. */
async function fromNothing(now: number): Promise<string> {
  await bench.write({
    Dockerfile: `FROM ${base}\nWORKDIR /work\nCOPY x .\nRUN mkdir -p a/b && echo made > a/b/c\n`,
    x: 'x',
  });
  await utimes(join(bench.scratch.tree, 'x'), now, now);
  const { args, ...command } = await bench.command({});
  const { outcome } = await bench.build(
    {},
    { command: { ...command, args: [...args.slice(0, 2), '--no-cache', ...args.slice(2)] } },
  );
  if (outcome.kind !== 'built') throw new Error(JSON.stringify(outcome));
  return outcome.digest;
}

it('the same commit built twice from nothing has the same digest, or the run says that it can not', async () => {
  const builder = await detectBuilder();
  const said = checkBuilder(builder, { platforms: ['linux/amd64'], push: true, cache: 'none' });
  const first = await fromNothing(date + 100_000);
  // Times in a layer are whole seconds.
  await new Promise((done) => setTimeout(done, 1_100));
  const second = await fromNothing(date + 200_000);
  const isContainerd = (await imageStore()) === 'containerd';
  expect(capabilitiesOf(builder).rewritesTimes).toBe(isContainerd);
  expect(first === second).toBe(isContainerd);
  expect(said.join('\n')).toMatch(isContainerd ? /^$/ : /gives other digests/);
});

it('a later commit finds the steps of an earlier one', async () => {
  await bench.write({ Dockerfile: `FROM ${base}\nWORKDIR /work\nCOPY x .\nRUN echo ${date} > made\n`, x: 'same' });
  await bench.build({});
  const { outcome } = await bench.build({}, { request: { date: date + 86_400 } });
  expect(outcome).toMatchObject({ kind: 'built', timing: { steps: 3, cachedSteps: 3 } });
});
