import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finalDigest, schedule, type ScheduleSteps } from '../../src/builder/schedule';
import type { Task } from '../../src/builder/scheduleState';
import type { BuildObserver, BuildOutcome } from '../../src/types';

const timing = { queuedAt: 0, startedAt: 1, builtAt: 2, pushedAt: 3, boundAt: undefined, steps: 1, cachedSteps: 0 };

function ended(name: string, kind: 'built' | 'failed' | 'cancelled'): BuildOutcome {
  const of = { name, logFile: `${name}.log` };
  return kind === 'built'
    ? { ...of, kind, digest: `digest of ${name}`, timing }
    : kind === 'failed'
      ? { ...of, kind, message: 'no', at: undefined, tail: [], timing }
      : { ...of, kind };
}

class Recorder implements BuildObserver {
  readonly lines: string[] = [];
  queued(image: string): void {
    this.lines.push(`queued ${image}`);
  }
  started(image: string): void {
    this.lines.push(`started ${image}`);
  }
  event(): void {
    throw new Error('events come from builds, not from the schedule');
  }
  finished(outcome: BuildOutcome): void {
    this.lines.push(`${outcome.kind} ${outcome.name} ${outcome.logFile ?? '-'}`);
  }
}

const find = (outcomes: readonly BuildOutcome[], name: string): BuildOutcome | undefined =>
  outcomes.find((outcome) => outcome.name === name);
const options = { maxParallel: 2, failFast: false };
const set: readonly Task[] = [
  { name: 'apiserver', binds: { DRIVER: 'driver' }, action: 'build' },
  { name: 'driver', binds: {}, action: 'build' },
];
const steps: ScheduleSteps = {
  build: (name) => Promise.resolve(ended(name, 'built')),
  bind: (_, digest, bound) => Promise.resolve(`${digest} with ${[...bound].join(' ')}`),
};

describe('schedule', () => {
  it('binds to the finished digests and reports each image in turn', async () => {
    const observer = new Recorder();
    const result = await schedule(set, steps, { ...options, observer, signal: new AbortController().signal });
    expect(finalDigest(find(result, 'apiserver'))).toBe('digest of apiserver with driver,digest of driver');
    expect(finalDigest(find(result, 'driver'))).toBe('digest of driver');
    const outcome = find(result, 'apiserver');
    expect(outcome).toMatchObject({ kind: 'built', digest: 'digest of apiserver' });
    expect(outcome?.kind === 'built' && outcome.timing.boundAt).toBeTypeOf('number');
    expect(observer.lines).toEqual([
      'queued apiserver',
      'queued driver',
      'started driver',
      'started apiserver',
      'built driver driver.log',
      'built apiserver apiserver.log',
    ]);
  });

  it('makes a rejection of a build or a binding a failure of that image', async () => {
    const observer = new Recorder();
    const signal = new AbortController().signal;
    const unbound = await schedule(
      set,
      { ...steps, bind: () => Promise.reject(new Error('registry away')) },
      { ...options, observer, signal },
    );
    const failed = find(unbound, 'apiserver');
    expect(failed).toMatchObject({ kind: 'failed', message: 'registry away', timing: { builtAt: 2 } });
    expect(failed).not.toHaveProperty('digest');
    const unbuilt = await schedule(
      set,
      { ...steps, build: () => Promise.reject(new Error('bug')) },
      { ...options, observer, signal },
    );
    expect(find(unbuilt, 'driver')).toMatchObject({ kind: 'failed', message: 'bug' });
    expect(find(unbuilt, 'apiserver')).toMatchObject({ kind: 'blocked', by: ['driver'] });
    expect(unbuilt.map(finalDigest)).toEqual([undefined, undefined]);
  });

  it('starts nothing when it is stopped already', async () => {
    const observer = new Recorder();
    const result = await schedule(set, steps, { ...options, observer, signal: AbortSignal.abort() });
    expect(result.map(({ kind }) => kind)).toEqual(['cancelled', 'cancelled']);
    expect(observer.lines).toEqual([
      'queued apiserver',
      'queued driver',
      'cancelled apiserver -',
      'cancelled driver -',
    ]);
  });

  it('has nothing to do without images', async () => {
    expect(
      await schedule([], steps, { ...options, observer: new Recorder(), signal: new AbortController().signal }),
    ).toEqual([]);
  });
});

/** A set without cycles: an image binds only images before it. Each build and binding ends as drawn, in an order drawn too. */
const drawn = fc
  .array(
    fc.record({
      binds: fc.array(fc.nat(20), { maxLength: 3 }),
      build: fc.constantFrom('built', 'built', 'built', 'failed', 'cancelled', 'throws'),
      bind: fc.constantFrom('bound', 'bound', 'bound', 'throws'),
      seconds: fc.option(fc.nat(100), { nil: undefined }),
      reuse: fc.boolean(),
    }),
    { maxLength: 9 },
  )
  .map((rows) =>
    rows.map((row, index) => ({
      ...row,
      name: `i${index}`,
      binds: index === 0 ? [] : [...new Set(row.binds.map((each) => `i${each % index}`))],
    })),
  );

describe('whatever is built, in whatever order it ends', () => {
  it('keeps its promises', async () => {
    await fc.assert(
      fc.asyncProperty(
        drawn,
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        fc.boolean(),
        fc.scheduler(),
        async (rows, maxParallel, failFast, aborts, s) => {
          const row = (name: string): (typeof rows)[number] =>
            rows.find((each) => each.name === name) as (typeof rows)[number];
          const controller = new AbortController();
          const observer = new Recorder();
          const building = new Set<string>();
          const boundTo = new Map<string, ReadonlyMap<string, string>>();
          let most = 0;
          const work: ScheduleSteps = {
            build: async (name, signal) => {
              if (!row(name).reuse) building.add(name);
              most = Math.max(most, building.size);
              await s.schedule(Promise.resolve(), `build ${name}`);
              building.delete(name);
              if (signal.aborted) return ended(name, 'cancelled');
              const { build } = row(name);
              if (build === 'throws') throw new Error('thrown');
              return ended(name, build);
            },
            bind: async (name, digest, bound) => {
              boundTo.set(name, bound);
              await s.schedule(Promise.resolve(), `bind ${name}`);
              if (row(name).bind === 'throws') throw new Error('thrown');
              return `${digest}*`;
            },
          };
          const tasks = rows.map(({ name, binds, reuse, seconds }) => ({
            name,
            binds: Object.fromEntries(binds.map((bound) => [`${bound.toUpperCase()}_IMAGE`, bound])),
            action: reuse ? ('reuse' as const) : ('build' as const),
            ...(seconds === undefined ? {} : { seconds }),
          }));
          if (aborts) void s.schedule(Promise.resolve(), 'abort').then(() => controller.abort());
          let result: readonly BuildOutcome[] | undefined;
          void schedule(tasks, work, { maxParallel, failFast, observer, signal: controller.signal }).then(
            (all) => (result = all),
          );
          await s.waitIdle();

          // It ends, with each image told of once, and never with more builds than allowed.
          if (result === undefined) throw new Error('did not end');
          expect(result.map(({ name }) => name).sort()).toEqual(rows.map(({ name }) => name).sort());
          expect(observer.lines.filter((line) => / (i\d) (i\d\.log|-)$/.test(line))).toHaveLength(rows.length);
          expect(most).toBeLessThanOrEqual(maxParallel);
          const digest = (name: string): string | undefined => finalDigest(find(result ?? [], name));
          const failed = rows.some(({ name }) => find(result ?? [], name)?.kind === 'failed');
          for (const { name, binds } of rows) {
            const outcome = find(result, name) as BuildOutcome;
            // What is published carries the finished digests of this set, all of which are published.
            expect(digest(name) !== undefined).toBe(outcome.kind === 'built');
            if (outcome.kind === 'built') {
              expect(binds.filter((bound) => digest(bound) === undefined)).toEqual([]);
              if (binds.length > 0)
                expect([...(boundTo.get(name) ?? [])]).toEqual(binds.map((bound) => [bound, digest(bound)]));
            }
            if (outcome.kind === 'blocked')
              expect(outcome.by.filter((by) => find(result ?? [], by)?.kind === 'built')).toEqual([]);
            // Nothing is held back without a reason.
            if (!aborts && !failed && rows.every(({ build }) => build !== 'cancelled'))
              expect(outcome.kind).toBe('built');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
