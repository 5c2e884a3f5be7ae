import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/system/exec';
import { runStep, type StepResult } from '../support/runner';
import { noneLeft, processesOf } from './processesOf';
import { bundle, createWorld, kfpImages, repository, shown, stackLine, tagsOf, type World } from './world';

/* What a run that is ended while it builds leaves in the registry and on the machine. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

describe.each([
  { signal: 'SIGTERM' as const, status: 143, says: /Stopped \(SIGTERM\)/ },
  { signal: 'SIGINT' as const, status: 130, says: /Interrupted \(SIGINT\)/ },
])('$signal while images are built', ({ signal, status, says }) => {
  it(`ends with ${String(status)}; no tag, no process, no file is left`, async () => {
    await slowCommit(`Take your time ${signal}`);
    const ended = await interrupted(signal);
    expect(ended.exitCode).toBe(status);
    // Where cleaning up takes longer than SIGTERM leaves, the last words go to standard error.
    expect(shown(ended.stdout) + ended.stderr).toMatch(says);
    expect(shown(ended.stdout)).not.toMatch(stackLine);
    expect(await published()).toEqual([]);
    await noneLeft(ended.temp);
    await world.fork.git('revert', '--no-edit', 'HEAD');
  });

  it('ends a terminal’s run in the same way', async () => {
    await slowCommit(`Take your time at a terminal ${signal}`);
    const temp = join(world.folder.path, `tmp-${signal}`);
    await run({ command: 'mkdir', args: [temp] });
    let group = 0;
    const ended = await kfpImages(world.fork.directory, ['build', '--images', 'driver', ...world.target], {
      env: { TMPDIR: temp },
      onStart: (started) => {
        group = started;
        void whenBuilding(temp).then(() => process.kill(group, signal));
      },
    });
    expect(ended.exitCode).toBe(status);
    expect(ended.stderr).toMatch(says);
    expect(await published()).toEqual([]);
    expect(await readdir(temp)).toEqual([]);
    await noneLeft(temp);
    await world.fork.git('revert', '--no-edit', 'HEAD');
  });
});

it('SIGKILL: post ends what still builds and removes login and tree', async () => {
  await slowCommit('Take your time until you are killed');
  // runStep runs post, and throws when it leaves anything in RUNNER_TEMP.
  const ended = await interrupted('SIGKILL');
  expect(ended.exitCode).toBe(137);
  expect(await published()).toEqual([]);
  await noneLeft(ended.temp);
  await world.fork.git('revert', '--no-edit', 'HEAD');
});

/** A commit whose driver takes far longer to build than anything here waits. */
async function slowCommit(message: string): Promise<string> {
  const path = 'backend/Dockerfile.driver';
  const text = await readFile(join(world.fork.directory, path), 'utf8');
  return world.fork.commit(message, {
    [path]: text.replace('RUN go build', `RUN sleep 900 && echo "${message}" && go build`),
  });
}

/** Starts the Action for the driver and sends it a signal as soon as docker builds; gives what it left. */
async function interrupted(signal: NodeJS.Signals): Promise<StepResult & { readonly temp: string }> {
  const sha = await world.fork.git('rev-parse', 'HEAD');
  const temp = join(world.folder.path, `runner-${signal}`);
  await run({ command: 'mkdir', args: [temp] });
  const control = { sent: false };
  const result = await runStep(
    {
      bundle: bundle('main'),
      workspace: world.fork.directory,
      event: 'workflow_dispatch',
      sha,
      payload: { repository },
      inputs: {
        'registry-path': world.registry.path,
        'credentials-json': world.registry.keyJson,
        images: 'driver',
      },
      env: { RUNNER_TEMP: temp },
      onStart: (group) => {
        if (control.sent) return;
        control.sent = true;
        void whenBuilding(temp).then(() => process.kill(group, signal));
      },
    },
    bundle('post'),
  );
  expect(await readdir(temp)).toEqual([]);
  return { ...result, temp };
}

/** Settles when a docker works for the run whose private folder is in `temp`. */
async function whenBuilding(temp: string): Promise<void> {
  while (!(await processesOf(temp)).some((line) => line.includes('buildx build'))) await sleep(25);
  // Past the start, in the step that sleeps.
  await sleep(1500);
}

/** What this fork's HEAD has in the registry. */
async function published(): Promise<readonly string[]> {
  const sha = await world.fork.git('rev-parse', 'HEAD');
  const tags = await Promise.all(['driver', 'kfp-images-set'].map((image) => tagsOf(world.registry, image)));
  return tags.flat().filter((tag) => tag.includes(sha));
}
