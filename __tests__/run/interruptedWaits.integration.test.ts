import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startFaultProxy, type FaultProxy } from '../support/faultProxy';
import type { FaultProfile } from '../support/faultKinds';
import { runStep, type StepResult } from '../support/runner';
import { Said } from '../support/said';
import { noneLeft } from './processesOf';
import { bundle, createWorld, repository, shown, stackLine, tagsOf, type World } from './world';

/* The Action, ended while it waits for a registry that has stopped to answer: nobody waits for that, and nothing is left. */

let world: World;
let proxy: FaultProxy;
beforeAll(async () => {
  world = await createWorld();
});
beforeEach(async () => {
  proxy = await startFaultProxy(world.registry.host);
});
afterEach(() => proxy.close());
afterAll(() => world[Symbol.asyncDispose]());

/** A registry that never answers these requests. */
const silent = (pattern: RegExp): FaultProfile => ({
  ...{ seed: 1, rate: 0, redirects: false, stallMs: 3_600_000 },
  denial: { pattern, kind: 'stall-before' },
});

interface Ended extends StepResult {
  /** Milliseconds from the start to the signal. */
  readonly before: number;
  /** Milliseconds from the signal to the end. */
  readonly took: number;
  readonly temp: string;
}

/** Starts the Action, and sends it the signal when it waits for an answer of the registry; SIGTERM when it then says `and`. */
async function interrupted(signal: NodeJS.Signals, profile: FaultProfile, and?: RegExp): Promise<Ended> {
  proxy.behave(profile);
  const temp = join(world.folder.path, `runner-${String(Math.random()).slice(2)}`);
  await mkdir(temp);
  const started = performance.now();
  let sent = 0;
  let ended = 0;
  let main = 0;
  const said = new Said();
  const result = await runStep(
    {
      bundle: bundle('main'),
      workspace: world.fork.directory,
      event: 'workflow_dispatch',
      sha: await world.fork.git('rev-parse', 'HEAD'),
      payload: { repository },
      inputs: {
        'registry-path': world.registry.path.replace(world.registry.host, proxy.host),
        'credentials-json': world.registry.keyJson,
        images: 'launcher',
      },
      env: { RUNNER_TEMP: temp },
      onStart: (group) => {
        // Called for `post` too.
        if (sent !== 0) {
          ended = performance.now();
          return;
        }
        main = group;
        void whenWaiting().then(() => {
          sent = performance.now();
          process.kill(group, signal);
        });
      },
      onStdout: (chunk) => {
        said.add(chunk);
        if (and?.test(said.text) !== true) return;
        and = undefined;
        process.kill(main, 'SIGTERM');
      },
    },
    bundle('post'),
  );
  return { ...result, stdout: shown(result.stdout), before: sent - started, took: ended - sent, temp };
}

async function whenWaiting(): Promise<void> {
  while (proxy.faults.size === 0) await sleep(20);
  // What else was going on comes to its own waiting.
  await sleep(500);
}

const planning = /^(?:GET|HEAD) \/v2\/./;
const pushing = /^(?:POST|PATCH|PUT) \/v2\/.*\/blobs\/uploads\//;
const publishing = /^PUT \/v2\/.*\/manifests\/commit-/;
/** To the end of a set that is half named; GitHub's runner follows up with SIGTERM. */
const finishes = /is finished first, so that no set is left half named/;

it.each([
  ['while it plans', planning, 'SIGINT', 130, /Interrupted \(SIGINT\)/],
  ['while it plans', planning, 'SIGTERM', 143, /Stopped \(SIGTERM\)/],
  ['while a build pushes', pushing, 'SIGINT', 130, /Interrupted \(SIGINT\)/],
  ['while a build pushes', pushing, 'SIGTERM', 143, /Stopped \(SIGTERM\)/],
  ['while it publishes', publishing, 'SIGINT', 143, finishes],
  ['while it publishes', publishing, 'SIGTERM', 143, /Stopped \(SIGTERM\)/],
] as const)('%s (%s), %s ends it, and nothing is left', async (_, pattern, signal, status, says) => {
  await world.fork.commit(`Change the launcher ${String(pattern)} ${signal}`, {
    'backend/src/v2/cmd/launcher-v2/more.go': `package main\n\n// ${String(Math.random())}\n`,
  });
  const ended = await interrupted(signal, silent(pattern), says === finishes ? finishes : undefined);
  expect(ended.exitCode, ended.stdout).toBe(status);
  expect(ended.stdout + ended.stderr).toMatch(says);
  expect(ended.stdout + ended.stderr).not.toMatch(stackLine);
  // The registry would take an hour: it was not waited for, also not until the client's own limit (30 s).
  expect(ended.stdout + ended.stderr).not.toMatch(/sent nothing within|did not finish its answer/);
  // 2 s are promised; a machine that has other things to do takes as much longer as it took to come so far.
  expect(ended.took).toBeLessThan(Math.max(20_000, 5 * ended.before));
  expect(await readdir(ended.temp)).toEqual([]);
  await noneLeft(ended.temp);
  const sha = await world.fork.git('rev-parse', 'HEAD');
  const tags = await Promise.all(['launcher', 'kfp-images-set'].map((image) => tagsOf(world.registry, image)));
  expect(tags.flat().filter((tag) => tag.includes(sha))).toEqual([]);
});
