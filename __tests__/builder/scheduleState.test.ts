import { describe, expect, it } from 'vitest';
import {
  advance,
  isOver,
  startSchedule,
  type ScheduleEvent,
  type ScheduleLimits,
  type Task,
} from '../../src/builder/scheduleState';

const task = (name: string, binds: readonly string[] = [], more: Partial<Task> = {}): Task => ({
  name,
  binds: Object.fromEntries(binds.map((bound) => [`${bound.toUpperCase()}_IMAGE`, bound])),
  action: 'build',
  ...more,
});

const set = [task('apiserver', ['driver', 'launcher']), task('driver'), task('launcher'), task('cacheserver')];

/** The actions after the start and after each event, as words: `build driver`, `cancel apiserver`. */
function play(
  tasks: readonly Task[],
  events: readonly string[],
  limits: Partial<ScheduleLimits> = {},
): readonly (readonly string[])[] {
  const all = { maxParallel: 10, failFast: false, ...limits };
  let step = startSchedule(tasks, all);
  const words = [step.actions.map(({ kind, name }) => `${kind} ${name}`)];
  for (const text of events) {
    const [kind, name] = text.split(' ') as [string, string];
    step = advance(step.state, (kind === 'abort' ? { kind } : { kind, name }) as ScheduleEvent, all);
    words.push(step.actions.map((action) => `${action.kind} ${action.name}`));
  }
  return words;
}

/** The states in the end. */
function end(
  tasks: readonly Task[],
  events: readonly string[],
  limits: Partial<ScheduleLimits> = {},
): Record<string, string> {
  const all = { maxParallel: 10, failFast: false, ...limits };
  let { state } = startSchedule(tasks, all);
  for (const text of events) {
    const [kind, name] = text.split(' ') as [string, string];
    ({ state } = advance(state, (kind === 'abort' ? { kind } : { kind, name }) as ScheduleEvent, all));
  }
  return { ...Object.fromEntries(state.states), over: String(isOver(state)) };
}

describe('order', () => {
  it('starts everything at once, what others bind first', () => {
    expect(play(set, [])).toEqual([['build driver', 'build launcher', 'build apiserver', 'build cacheserver']]);
  });

  it('starts no more than there is room for, and the next when one ends', () => {
    expect(play(set, ['built driver', 'failed launcher'], { maxParallel: 2 })).toEqual([
      ['build driver', 'build launcher'],
      ['build apiserver'],
      ['cancel apiserver', 'build cacheserver'],
    ]);
  });

  it('starts the longest first, by the times of an earlier run', () => {
    const timed = [
      task('a', [], { seconds: 5 }),
      task('b', [], { seconds: 50 }),
      task('c'),
      task('d', [], { seconds: 7 }),
    ];
    expect(play(timed, [])).toEqual([['build b', 'build c', 'build d', 'build a']]);
  });

  it('puts a long image before a short one that it binds', () => {
    const timed = [task('driver', [], { seconds: 5 }), task('apiserver', ['driver'], { seconds: 50 })];
    expect(play(timed, [], { maxParallel: 1 })).toEqual([['build apiserver']]);
  });

  it('gives reused images no place among the builds', () => {
    const tasks = [
      task('driver', [], { action: 'reuse' }),
      task('launcher', [], { action: 'reuse' }),
      task('cacheserver'),
    ];
    expect(play(tasks, [], { maxParallel: 1 })).toEqual([['build driver', 'build launcher', 'build cacheserver']]);
  });

  it('takes a limit below one for one', () => {
    expect(play(set, [], { maxParallel: 0 })).toEqual([['build driver']]);
  });
});

describe('binding', () => {
  it('waits for what is bound, not for what compiles', () => {
    expect(play(set, ['built apiserver', 'built driver', 'built launcher', 'bound apiserver'])).toEqual([
      ['build driver', 'build launcher', 'build apiserver', 'build cacheserver'],
      [],
      [],
      ['bind apiserver'],
      [],
    ]);
  });

  it('goes through chains', () => {
    const chain = [task('c', ['b']), task('b', ['a']), task('a')];
    expect(play(chain, ['built c', 'built b', 'built a', 'bound b', 'bound c'])).toEqual([
      ['build a', 'build b', 'build c'],
      [],
      [],
      ['bind b'],
      ['bind c'],
      [],
    ]);
    expect(end(chain, ['built c', 'built b', 'built a', 'bound b', 'bound c'])).toEqual({
      a: 'done',
      b: 'done',
      c: 'done',
      over: 'true',
    });
  });

  it('takes no place among the builds', () => {
    const tasks = [task('b', ['a']), task('a'), task('c'), task('d')];
    expect(play(tasks, ['built a', 'built b', 'built c'], { maxParallel: 1 })).toEqual([
      ['build a'],
      ['build b'],
      ['bind b', 'build c'],
      ['build d'],
    ]);
  });
});

describe('failures', () => {
  it('blocks what binds the image: queued, building, or built', () => {
    const tasks = [task('queued', ['x']), task('building', ['x']), task('built', ['x']), task('x'), task('other')];
    const limits = { maxParallel: 4 };
    expect(end(tasks, ['built built', 'failed x'], limits)).toMatchObject({
      queued: 'blocked',
      building: 'blocked',
      built: 'blocked',
      x: 'failed',
      over: 'false',
    });
  });

  it('blocks through chains, also when binding fails', () => {
    const chain = [task('c', ['b']), task('b', ['a']), task('a')];
    expect(end(chain, ['built c', 'built b', 'built a', 'failed b'])).toEqual({
      a: 'done',
      b: 'failed',
      c: 'blocked',
      over: 'true',
    });
  });

  it('waits for a cancelled build to end', () => {
    expect(end(set, ['failed driver', 'built launcher', 'built cacheserver'])['over']).toBe('false');
    expect(end(set, ['failed driver', 'built launcher', 'built cacheserver', 'cancelled apiserver'])).toEqual({
      apiserver: 'blocked',
      driver: 'failed',
      launcher: 'done',
      cacheserver: 'done',
      over: 'true',
    });
  });

  it('lets the others go on', () => {
    expect(play(set, ['failed driver'])[1]).toEqual(['cancel apiserver']);
  });

  it('stops the others when asked to', () => {
    expect(play(set, ['failed driver'], { failFast: true })[1]).toEqual([
      'cancel apiserver',
      'cancel launcher',
      'cancel cacheserver',
    ]);
    expect(end(set, ['built cacheserver', 'failed driver'], { failFast: true, maxParallel: 3 })).toMatchObject({
      apiserver: 'blocked',
      launcher: 'cancelled',
      driver: 'failed',
    });
  });

  it('stops everything that is not done on abort, and starts nothing more', () => {
    const steps = play(set, ['built driver', 'abort', 'cancelled launcher'], { maxParallel: 2 });
    expect(steps.slice(2)).toEqual([['cancel launcher', 'cancel apiserver'], []]);
    expect(end(set, ['built driver', 'abort'])).toMatchObject({
      driver: 'done',
      apiserver: 'cancelled',
      cacheserver: 'cancelled',
    });
  });
});

describe('mistakes of the caller', () => {
  const limits = { maxParallel: 1, failFast: false };
  it('refuses what can never end', () => {
    expect(() => startSchedule([task('a', ['b'])], limits)).toThrow('a needs b, which is not in the set');
    expect(() => startSchedule([task('a', ['b']), task('b', ['a'])], limits)).toThrow('a needs itself');
  });
});

it('an image that is built on another waits for its build, but not for its binding', () => {
  const tasks = [task('child', [], { builtOn: ['base'] }), task('base', ['bound']), task('bound')];
  const limits = { maxParallel: 4, failFast: false };
  const first = startSchedule(tasks, limits);
  expect(first.actions.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual(['build base', 'build bound']);
  const second = advance(first.state, { kind: 'built', name: 'base' }, limits);
  expect(second.actions).toEqual([{ kind: 'build', name: 'child' }]);
  const failed = advance(first.state, { kind: 'failed', name: 'bound' }, limits);
  expect(failed.state.states.get('child')).toBe('blocked');
});
