import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../support/interleavings';
import { eachTest } from './eachTest';
import { asIn, hit, pathWherePatchesHang, runLine, running, setName, sets } from './kills';
import type { Line, Moment, Wholes } from './kills';
import type { World } from './world';

/*
 * Commands that are killed, stopped and interrupted, on KFP 2.5.0: never does the cluster stay between two sets once the next command has
 * ended. More histories than these are tried on a model, by __tests__/deploy/interrupted.test.ts.
 */

let world: World;
eachTest('2.5.0', 'killed', (own) => {
  ({ world } = own);
});

async function succeed(line: Line): Promise<void> {
  const ended = await runLine(world, line);
  expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
}

const after = (changed: number): Moment => ({ changed, delay: 0, killAfter: undefined });
const hangingAfter = async (patches: number): Promise<Readonly<Record<string, string>>> => ({
  PATH: await pathWherePatchesHang(await mkdtemp(join(world.server.folder, 'patches-')), patches),
});

describe('a deploy that is killed', () => {
  test.each([1, 2, 3, 4, 5])('after %i changes: a rollback takes back what was changed', async (count) => {
    await succeed('deploy first');
    const before = await world.state();
    await hit(world, 'deploy second', 'SIGKILL', after(count), await hangingAfter(count));
    const status = await world.run('status');
    expect(status.stderr).toMatch(/A deploy of \S+ was interrupted/);
    await succeed('rollback');
    expect(await world.state()).toEqual(before);
  });

  test('half-way: a repeat finishes it, and a rollback goes behind both parts', async () => {
    await succeed('deploy first');
    const before = await running(world);
    await hit(world, 'deploy second', 'SIGKILL', after(3), await hangingAfter(3));
    await succeed('deploy second');
    for (const name of ['ml-pipeline', 'cache-server', 'ml-pipeline-viewer-crd']) {
      expect(await world.annotations(name)).toMatchObject({ 'kfp-images.dev/commit': sets.second.commit });
    }
    await succeed('rollback');
    expect(await running(world)).toEqual(before);
  });
});

test('SIGTERM where putting back takes longer than there is: says so, and the next command does it', async () => {
  await succeed('deploy first');
  const before = await world.state();
  // From the third change on kubectl needs longer for a patch than SIGTERM leaves.
  const ended = await hit(world, 'deploy second', 'SIGTERM', after(2), await hangingAfter(2));
  expect(ended.exitCode, ended.stderr).toBe(143);
  const place = `--context test --namespace ${world.namespace}`;
  expect(ended.stderr).toContain(`The cluster may be between two sets: \`kfp-images status ${place}\``);
  expect((await world.run('status')).stderr).toMatch(/A deploy of \S+ was interrupted/);
  await succeed('rollback');
  expect(await world.state()).toEqual(before);
});

describe('at any moment, by any signal', () => {
  const seeds = Array.from({ length: Number(process.env['KFP_IMAGES_KILLS'] ?? 18) }, (_, index) => index + 1);

  test.each(seeds)('seed %i', async (seed) => {
    const random = randomFrom(seed);
    const among = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
    const victim = among(['rollback', 'deploy second'] as const);
    const signal = among(['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] as const);
    const repair = among(['rollback', 'deploy first', 'deploy second', 'deploy third'] as const);
    // Putting back can be killed too.
    const isKilledToo = signal !== 'SIGKILL' && seed % 3 === 2;

    const original = await running(world);
    const start = Date.now();
    await succeed('deploy first');
    const took = Date.now() - start;
    const first = await running(world);
    const wholes: Wholes = { original, first, second: asIn('second', first), third: asIn('third', first) };
    if (victim === 'rollback') await succeed('deploy second');
    const end = victim === 'rollback' ? 'first' : 'second';
    const before = await world.state();

    // Patches are made in a small part of the time: most often it is hit then.
    const changed = random() < 0.7 ? 1 + Math.floor(random() * 6) : 0;
    const moment: Moment = {
      changed,
      delay: Math.round(random() * took * (changed > 0 ? 0.05 : 1)),
      killAfter: isKilledToo ? Math.round(random() * took * 0.2) : undefined,
    };
    const ended = await hit(world, victim, signal, moment);
    const now = setName(wholes, await running(world));
    const seen =
      `${victim}, ${signal} ${JSON.stringify(moment)}: status ${ended.exitCode}, runs ${now ?? 'a mixture'}; ` +
      `then ${repair}\n${ended.stderr}`;
    // SIGTERM leaves 1.5 s for putting back; where a machine needs longer, it is said and the rest is the next command's, as after SIGKILL.
    const isTimeUp = signal === 'SIGTERM' && ended.stderr.includes('The cluster may be between two sets');
    if (isTimeUp) expect(ended.exitCode, seen).toBe(143);
    else if (signal !== 'SIGKILL' && !isKilledToo) {
      expect([0, signal === 'SIGINT' ? 130 : 143], seen).toContain(ended.exitCode);
      if (ended.exitCode === 0) expect(now, seen).toBe(end);
      else expect(await world.state(), seen).toEqual(before);
    }

    const put = await runLine(world, repair);
    const right = setName(wholes, await running(world));
    const words = `${seen}\n${repair}: runs ${right ?? 'a mixture'}\n${put.stderr}`;
    expect(put.exitCode, words).toBe(0);
    if (repair !== 'rollback') expect(`deploy ${right ?? ''}`, words).toBe(repair);
    else expect(right, words).toBe(behind(victim, now));
    expect((await world.run('status')).stderr, words).not.toContain('interrupted');

    const back = await runLine(world, 'rollback');
    const last = setName(wholes, await running(world));
    expect(last, `${words}\nrollback: runs a mixture\n${back.stderr}`).toBeDefined();
    expect(back.exitCode, words).toBe(0);
  });
});

/** Where a rollback leads: what was half done goes back or is finished, and from what is whole it goes behind the last change. */
function behind(victim: Line, now: string | undefined): string {
  if (now === undefined) return 'first';
  if (victim === 'rollback') return now === 'second' ? 'first' : 'second';
  return now === 'second' ? 'first' : 'original';
}
