import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../support/interleavings';
import { send } from './kills';
import { apiserver, patched } from './operatorSets';
import { eachOperatorTest, type OperatorTest } from './operatorTest';
import { setOf } from './world';

/* A deploy or rollback by a custom resource that is killed: the next command leaves one set, and no half of two. */

let own: OperatorTest;
eachOperatorTest('killed', (each) => (own = each));

const [first, second, third] = [setOf('first'), setOf('second'), setOf('third')];

describe('killed at any moment: never half of two sets', () => {
  const seeds = Array.from({ length: Number(process.env['KFP_IMAGES_KILLS'] ?? 4) }, (_, index) => index + 1);
  test.each(seeds)('seed %i', async (seed) => {
    const { world, resource, spec, install, succeed } = own;
    const random = randomFrom(seed);
    const original = await install();
    await succeed('deploy', first);
    const victim = random() < 0.5 ? 'rollback' : 'deploy';
    const signal = (['SIGKILL', 'SIGKILL', 'SIGTERM'] as const)[Math.floor(random() * 3)] ?? 'SIGKILL';
    const isLate = random() < 0.6;
    const before = JSON.stringify((await resource()).metadata.annotations);
    let pid = 0;
    let isOver = false;
    const running = world
      .run(victim, victim === 'deploy' ? { lock: await world.lock(second) } : {}, [], { onStart: (id) => (pid = id) })
      .finally(() => (isOver = true));
    const over = (): boolean => isOver;
    while (!over() && (pid === 0 || (isLate && JSON.stringify((await resource()).metadata.annotations) === before)))
      await sleep(20);
    await Promise.race([sleep(random() * (isLate ? 300 : 3000)), running]);
    if (!over()) send(pid, signal);
    await running;

    const repair = random() < 0.5 ? 'rollback' : 'deploy';
    await succeed(repair, repair === 'deploy' ? third : undefined);
    const all = {
      original,
      first: patched(original, first),
      second: patched(original, second),
      third: patched(original, third),
    };
    const now = JSON.stringify(sorted(await spec()));
    const names = Object.entries(all).flatMap(([name, each]) => (JSON.stringify(sorted(each)) === now ? [name] : []));
    expect(names, now).toHaveLength(1);
    if (repair === 'deploy') expect(names).toEqual(['third']);
    // What the operator makes is of that set, too.
    const [set] = names;
    if (set !== 'original')
      expect(await world.deployment('ds-pipeline-sample')).toEqual(
        apiserver({ first, second, third }[set ?? ''] ?? first),
      );
    expect((await world.run('status')).stderr).not.toContain('interrupted');
  });
});

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
