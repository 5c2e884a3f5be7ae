import { describe, expect, it } from 'vitest';
import { makePlan, type PlanQuestion, type Since } from '../../src/plan/plan';
import type { ContentKey, Plan } from '../../src/types';
import { base, kfp, key } from './planned';

describe('a plan', () => {
  const keys = new Map(
    ['apiserver', 'driver', 'launcher', 'viewer'].map((name) => [name, key([`file ${name}.go\t1 1`, ...base])]),
  );
  const question: PlanQuestion = {
    commit: 'c'.repeat(40),
    selection: { keywords: ['apiserver'], images: ['apiserver'], warnings: ['[drivr] is near'] },
    catalog: kfp,
    keys,
    rebuild: 'changed',
  };
  const outcome = (own: Partial<PlanQuestion>): readonly string[] =>
    makePlan({ ...question, ...own }).images.map(({ name, action, reason }) => `${name}: ${action}, ${reason}`);
  const sinceWith = (changed: Readonly<Record<string, ContentKey | undefined>>, own: Partial<Since> = {}): Since => {
    const all = new Map(keys);
    for (const [name, other] of Object.entries(changed)) {
      if (other === undefined) all.delete(name);
      else all.set(name, other);
    }
    return { label: 'v1', keys: all, ...own };
  };

  it('holds everything that a run needs', () => {
    const plan: Plan = makePlan(question);
    expect(plan).toEqual({
      version: 1,
      commit: 'c'.repeat(40),
      keywords: ['apiserver'],
      warnings: ['[drivr] is near'],
      order: [['driver', 'launcher'], ['apiserver']],
      images: [
        expect.objectContaining({
          name: 'apiserver',
          requested: true,
          neededBy: [],
          dockerfile: 'docker/apiserver',
          binds: { IMAGE_driver: 'driver', IMAGE_launcher: 'launcher' },
        }),
        expect.objectContaining({
          name: 'driver',
          requested: false,
          neededBy: ['apiserver'],
          key: keys.get('driver')?.key,
          changed: [],
          binds: {},
        }),
        expect.objectContaining({ name: 'launcher', requested: false, neededBy: ['apiserver'] }),
      ],
    });
  });

  it('builds everything where nothing can be compared', () => {
    expect(outcome({})).toEqual([
      'apiserver: build, requested',
      'driver: build, bound by apiserver',
      'launcher: build, bound by apiserver',
    ]);
  });

  it('builds what the registry does not have', () => {
    const registry = new Map([
      ['apiserver', 'present'],
      ['driver', 'absent'],
      ['launcher', 'unknown'],
    ] as const);
    expect(outcome({ registry })).toEqual([
      'apiserver: reuse, the registry has an image of the same content',
      'driver: build, the registry has no image of this content',
      'launcher: build, the registry could not say whether it has it',
    ]);
    expect(outcome({ registry: new Map() })[0]).toBe('apiserver: build, the registry could not say whether it has it');
  });

  it('says what changed since when', () => {
    const many = Array.from({ length: 600 }, (_, index) => `file many/${String(index).padStart(3, '0')}\t1 1`);
    const since = sinceWith({ driver: key(base), launcher: key([...base, 'file launcher.go\t1 0', ...many]) });
    expect(outcome({ since })).toEqual([
      'apiserver: reuse, nothing it is made from changed since v1',
      'driver: build, driver.go changed since v1',
      'launcher: build, launcher.go, many/000, many/001 and 598 more changed since v1',
    ]);
    const [, , launcher] = makePlan({ ...question, since }).images;
    expect(launcher?.changed).toHaveLength(500);
  });

  it('says so, too, when the registry has been asked', () => {
    const registry = new Map([
      ['apiserver', 'present'],
      ['driver', 'absent'],
      ['launcher', 'absent'],
    ] as const);
    expect(outcome({ registry, since: sinceWith({ driver: key(base) }) })).toEqual([
      'apiserver: reuse, nothing it is made from changed since v1',
      'driver: build, driver.go changed since v1',
      'launcher: build, the registry has no image of this content',
    ]);
    expect(outcome({ registry, since: sinceWith({ apiserver: key(base), driver: undefined }) }).slice(0, 2)).toEqual([
      'apiserver: reuse, the registry has an image of the same content',
      'driver: build, v1 does not have it',
    ]);
  });

  it('knows a base image that moved', () => {
    const registry = new Map([
      ['apiserver', 'absent'],
      ['driver', 'absent'],
      ['launcher', 'present'],
    ] as const);
    const recorded = new Map([
      ['apiserver', 'old'],
      ['driver', keys.get('driver')?.key ?? ''],
      ['launcher', 'old'],
    ]);
    const plan = makePlan({ ...question, registry, since: sinceWith({}, { recorded }) });
    expect(plan.images.map(({ name, action, reason }) => `${name}: ${action}, ${reason}`)).toEqual([
      'apiserver: build, base image alpine:3 moved since v1',
      'driver: build, the registry has no image of this content',
      'launcher: reuse, the registry has an image of the same content',
    ]);
    expect(plan.images[0]?.changed).toEqual(['base image alpine:3']);
    const pinned = new Map([['driver', key(['base go\tpinned'])]]);
    const selection = { keywords: [], images: ['driver'], warnings: [] };
    const since = { label: 'v1', keys: pinned, recorded: new Map([['driver', 'old']]) };
    expect(outcome({ keys: pinned, registry, selection, since })).toEqual([
      'driver: build, content keys are made in another way than for v1',
    ]);
  });

  it('never takes a key for current whose base image nobody could look up', () => {
    const open = new Map(keys).set('driver', key(base, { unresolvedBases: ['alpine:3', 'b'], notes: ['note'] }));
    const registry = new Map([
      ['apiserver', 'present'],
      ['driver', 'present'],
      ['launcher', 'present'],
    ] as const);
    const plan = makePlan({ ...question, keys: open, registry });
    expect(plan.images[1]).toMatchObject({
      action: 'build',
      reason: 'base image alpine:3 and b could not be looked up, so it may have changed',
      notes: ['note'],
    });
    // Only two commits are compared here, for which the same is unknown.
    expect(outcome({ keys: open, since: { label: 'v1', keys: open } })[1]).toBe(
      'driver: reuse, nothing it is made from changed since v1',
    );
  });

  it('builds everything when it is asked to', () => {
    const registry = new Map([
      ['apiserver', 'present'],
      ['driver', 'present'],
      ['launcher', 'present'],
    ] as const);
    const plan = makePlan({ ...question, registry, since: sinceWith({}), rebuild: 'all' });
    expect(plan.images.map(({ action }) => action)).toEqual(['build', 'build', 'build']);
    expect(plan.images[0]?.reason).toBe('everything is rebuilt, as asked');
  });

  it('builds nothing a second time that another job of the same rebuild has built', () => {
    const registry = new Map([
      ['apiserver', 'absent'],
      ['driver', 'present'],
      ['launcher', 'in-parts'],
    ] as const);
    const plan = makePlan({ ...question, registry, rebuild: 'all', isMarked: true });
    expect(Object.fromEntries(plan.images.map(({ name, action }) => [name, action]))).toEqual({
      apiserver: 'build',
      driver: 'reuse',
      launcher: 'reuse',
    });
  });

  it('of nothing is empty', () => {
    const selection = { keywords: [], images: [], warnings: [] };
    expect(makePlan({ ...question, selection })).toMatchObject({ images: [], order: [] });
  });

  it('needs a key for every image', () => {
    expect(() => makePlan({ ...question, keys: new Map() })).toThrow(/"apiserver" has no content key/);
  });
});
