import { expect, it } from 'vitest';
import { startSchedule, type Task } from '../../src/builder/scheduleState';
import { isPrivate } from '../../src/event/github';
import { findNearest } from '../../src/system/nearest';

/* Inputs that once took minutes. They are counted in work, not in time: with the old code these tests do not end. */

it('sixty images that each bind the twelve before them are put in order', () => {
  const tasks = Array.from({ length: 60 }, (_, at): Task => {
    const binds = Array.from({ length: Math.min(12, at) }, (_, back) => `i${String(at - 1 - back)}`);
    return { name: `i${String(at)}`, binds: Object.fromEntries(binds.map((bound) => [bound, bound])), action: 'build' };
  });
  const { state, actions } = startSchedule(tasks, { maxParallel: 1, failFast: false });
  expect(state.tasks[0]?.name).toBe('i0');
  expect(actions).toEqual([{ kind: 'build', name: 'i0' }]);
});

it('a long word among many long names finds the one that is meant, and no other', () => {
  const names = Array.from(
    { length: 3000 },
    (_, at) => `${'a'.repeat(100)}${String(at).padStart(4, '0')}${'b'.repeat(100)}`,
  );
  const meant = `${'a'.repeat(100)}0007${'b'.repeat(99)}`;
  expect(findNearest(meant, names)).toBe(names[7]);
  expect(findNearest('c'.repeat(204), names)).toBeUndefined();
});

it.each([
  ['https://github.example.com/api/v3', true],
  ['http://127.0.0.1:8080', true],
  ['http://github.example.com/api/v3', false],
  ['nonsense', false],
])('a token may go to %s: %s', (url, may) => {
  expect(isPrivate(url)).toBe(may);
});
