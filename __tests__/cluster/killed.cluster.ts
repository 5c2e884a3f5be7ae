import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ended } from '../run/world';
import { randomFrom } from '../support/interleavings';
import type { ApiServer } from './apiServer';
import { createServer, createWorld, setOf, type World } from './world';

/*
 * Commands that are killed, stopped and interrupted, on KFP 2.5.0: never does the cluster stay between two sets once the next command has
 * ended. What remains possible in between is tried on a model by __tests__/deploy/interrupted.test.ts.
 */

const sets = { first: setOf('first'), second: setOf('second'), third: setOf('third') };
type SetName = keyof typeof sets;

let server: ApiServer;
let world: World;
let worlds = 0;
beforeAll(async () => {
  server = await createServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  world = await createWorld(server, '2.5.0', `killed-${(worlds += 1)}`);
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

describe('a deploy that is killed', () => {
  test.each([1, 2, 3, 4, 5])('after %i changes: a rollback takes back what was changed', async (count) => {
    await succeed('deploy first');
    const before = await world.state();
    await killAfter('second', count);
    const status = await world.run('status');
    expect(status.stderr).toMatch(/A deploy of \S+ was interrupted/);
    await succeed('rollback');
    expect(await world.state()).toEqual(before);
  });

  test('half-way: a repeat finishes it, and a rollback goes behind both parts', async () => {
    await succeed('deploy first');
    const before = await running();
    await killAfter('second', 3);
    await succeed('deploy second');
    for (const name of ['ml-pipeline', 'cache-server', 'ml-pipeline-viewer-crd']) {
      expect(await world.annotations(name)).toMatchObject({ 'kfp-images.dev/commit': sets.second.commit });
    }
    await succeed('rollback');
    expect(await running()).toEqual(before);
  });
});

/** What the cluster runs after each set, and before any. */
type Wholes = Readonly<Record<SetName | 'original', unknown>>;
const repairs = ['rollback', 'deploy first', 'deploy second', 'deploy third'] as const;
type Line = (typeof repairs)[number];

describe('at any moment, by any signal', () => {
  test.each(Array.from({ length: Number(process.env['KFP_IMAGES_KILLS'] ?? 14) }, (_, index) => index + 1))(
    'seed %i',
    async (seed) => {
      const random = randomFrom(seed);
      const among = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
      const victim = among(['rollback', 'deploy second'] as const);
      const signal = among(['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] as const);
      const repair = among(repairs);
      const about = `${victim}, ${signal}, then ${repair}`;

      const original = await running();
      const start = Date.now();
      await succeed('deploy first');
      const took = Date.now() - start;
      const first = await running();
      const wholes: Wholes = { original, first, second: asIn('second', first), third: asIn('third', first) };
      if (victim === 'rollback') await succeed('deploy second');
      const end = victim === 'rollback' ? 'first' : 'second';
      const before = await world.state();

      const delay = Math.round(random() * took);
      const ended = await hit(victim, signal, delay);
      const now = setName(wholes, await running());
      const seen = `${about} after ${delay} ms: status ${ended.exitCode}, runs ${now ?? 'a mixture'}\n${ended.stderr}`;
      if (signal !== 'SIGKILL') {
        expect([0, signal === 'SIGINT' ? 130 : 143], seen).toContain(ended.exitCode);
        if (ended.exitCode === 0) expect(now, seen).toBe(end);
        else expect(await world.state(), seen).toEqual(before);
      }

      const put = await run(repair);
      const right = setName(wholes, await running());
      const words = `${seen}\n${repair}: runs ${right ?? 'a mixture'}\n${put.stderr}`;
      expect(put.exitCode, words).toBe(0);
      if (repair !== 'rollback') expect(`deploy ${right ?? ''}`, words).toBe(repair);
      else expect(right, words).toBe(behind(victim, now));
      expect((await world.run('status')).stderr, words).not.toContain('interrupted');

      const back = await run('rollback');
      const last = setName(wholes, await running());
      expect(last, `${words}\nrollback: runs a mixture\n${back.stderr}`).toBeDefined();
      expect(back.exitCode, words).toBe(0);
    },
  );
});

/** Where a rollback leads: what was half done goes back or is finished, and from what is whole it goes behind the last change. */
function behind(victim: Line, now: string | undefined): string {
  if (now === undefined) return 'first';
  if (victim === 'rollback') return now === 'second' ? 'first' : 'second';
  return now === 'second' ? 'first' : 'original';
}

/** What the cluster runs after the first set, with the references of another one. */
function asIn(name: SetName, first: unknown): unknown {
  const { images, commit } = sets.first;
  const text = Object.entries(images).reduce(
    (all, [image, { digest }]) => all.replaceAll(digest, sets[name].images[image]?.digest ?? ''),
    JSON.stringify(first),
  );
  return JSON.parse(text.replaceAll(commit, sets[name].commit));
}

function setName(wholes: Wholes, state: unknown): string | undefined {
  const text = JSON.stringify(state);
  return Object.entries(wholes).find(([, whole]) => JSON.stringify(whole) === text)?.[0];
}

/** Runs a command and hits it after so many milliseconds; gives how it ended, once its last kubectl has ended too. */
async function hit(line: Line, signal: NodeJS.Signals, delay: number): Promise<Ended> {
  let pid = 0;
  const running = run(line, (started) => (pid = started));
  while (pid === 0) await sleep(1);
  await Promise.race([sleep(delay), running]);
  try {
    process.kill(pid, signal);
  } catch {
    // It was faster.
  }
  const ended = await running;
  await noneLeft();
  return ended;
}

async function run(line: Line, onStart?: (pid: number) => void): Promise<Ended> {
  const [command, set] = line.split(' ') as ['deploy' | 'rollback', SetName | undefined];
  const flags = set === undefined ? {} : { lock: await world.lock(sets[set]) };
  return world.run(command, flags, [], onStart === undefined ? {} : { onStart });
}

async function succeed(line: Line): Promise<void> {
  const ended = await run(line);
  expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
}

async function killAfter(set: SetName, count: number): Promise<void> {
  let pid = 0;
  const running = run(`deploy ${set}`, (started) => (pid = started));
  while ((await changedTo(sets[set].commit)) < count) await sleep(5);
  process.kill(pid, 'SIGKILL');
  await running;
  await noneLeft();
}

async function changedTo(commit: string): Promise<number> {
  const state = (await world.state()) as readonly { annotations: Record<string, string> }[];
  return state.filter(({ annotations }) => annotations['kfp-images.dev/commit'] === commit).length;
}

/** A patch that was sent is not taken back by killing its sender: waits for the last process that talks to this server. */
async function noneLeft(): Promise<void> {
  while (readdirSync('/proc').some((name) => /^\d+$/.test(name) && isOfServer(name))) await sleep(5);
}

function isOfServer(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`KUBECONFIG=${server.kubeconfig}\0`);
  } catch {
    return false;
  }
}

/** Containers with their images and variables, without notes. */
async function running(): Promise<unknown> {
  return ((await world.state()) as readonly { name: string; containers: unknown }[]).map(({ name, containers }) => ({
    name,
    containers,
  }));
}
