import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { latestOperation } from '../../src/deploy/history';
import { overlaid, snapshotOf, type Snapshot } from '../../src/deploy/snapshot';
import {
  deploy,
  images,
  names,
  original,
  play,
  rollback,
  running,
  type Cluster,
  type Kill,
  type SetName,
  type Step,
} from './deploymentModel';

/*
 * Deploys and rollbacks that are killed between two patches, on a model of the Deployments: nothing but what these say themselves is left
 * for the next command. __tests__/cluster kills real commands on a real API server.
 */

const sets: readonly SetName[] = ['A', 'B', 'C'];
const wholeSets = new Set([original, ...sets.map((set) => play(original, deploy(set)))].map(images));

const kill: fc.Arbitrary<Kill> = fc.record({
  after: fc.option(fc.nat({ max: names.length }), { nil: undefined }),
  order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
});
const stepOf = (only: fc.Arbitrary<readonly string[]>): fc.Arbitrary<Step> =>
  fc.oneof(
    fc.record({ kind: fc.constant('deploy' as const), set: fc.constantFrom(...sets), only, kill }),
    fc.record({ kind: fc.constant('rollback' as const), kill }),
  );

describe('whatever was killed, and however often', () => {
  const history = fc.array(stepOf(fc.constant([])), { maxLength: 8 });

  test('a rollback ends with one set, and so does the next', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const once = play(steps.reduce(play, original), rollback);
        expect(wholeSets).toContain(images(once));
        expect(wholeSets).toContain(images(play(once, rollback)));
      }),
      { numRuns: 2000 },
    );
  });

  test('a deploy ends with its set, and a rollback after it with one', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(...sets), (steps, set) => {
        const deployed = play(steps.reduce(play, original), deploy(set));
        expect(images(deployed)).toBe(images(play(original, deploy(set))));
        expect(latestOperation(deployed)?.missing).toEqual([]);
        expect(wholeSets).toContain(images(play(deployed, rollback)));
      }),
      { numRuns: 2000 },
    );
  });

  test('also of deploys of some images, a rollback ends with what ran when nothing was half done', () => {
    const some = fc.array(stepOf(fc.subarray(names)), { maxLength: 8 });
    fc.assert(
      fc.property(some, (steps) => {
        const seen = new Set([running(original)]);
        const last = steps.reduce((cluster, step) => {
          const next = play(cluster, step);
          if (latestOperation(next)?.missing.length === 0) seen.add(running(next));
          return next;
        }, original);
        expect(seen).toContain(running(play(last, rollback)));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what a rollback goes back to', () => {
  const after = (...steps: readonly Step[]): Cluster => steps.reduce(play, original);
  const killed = (step: Step, count: number): Step => ({ ...step, kill: { after: count, order: [] } });

  test.each([
    [
      'a deploy of the same set over a half-done rollback',
      [deploy('A'), deploy('B'), killed(rollback, 2), deploy('B')],
      'A',
    ],
    [
      'a deploy of the set that a half-done rollback was about',
      [deploy('A'), deploy('B'), killed(rollback, 2), deploy('A')],
      'B',
    ],
    ['a third set over a half-done rollback', [deploy('A'), deploy('B'), killed(rollback, 2), deploy('C')], 'B'],
    ['a third set over a half-done deploy', [deploy('A'), killed(deploy('B'), 2), deploy('C')], 'A'],
    [
      'the set that ran before a half-done deploy',
      [deploy('C'), deploy('A'), killed(deploy('B'), 2), deploy('A')],
      'C',
    ],
    ['a repeat of a half-done deploy', [deploy('A'), killed(deploy('B'), 2), deploy('B')], 'A'],
  ] as const)('after %s', (_, steps, set) => {
    expect(images(play(after(...steps), rollback))).toBe(images(play(original, deploy(set))));
  });

  test('a deploy that finds all as it should be ends what was interrupted', () => {
    // Killed four times; by then every Deployment runs C again, one of them still with the record of the interrupted deploy.
    const b: Step = { kind: 'deploy', set: 'B', only: [], kill: { after: 2, order: [2, 3, 0, 1] } };
    const a: Step = { kind: 'deploy', set: 'A', only: [], kill: { after: 2, order: [3, 1, 0, 2] } };
    const c: Step = { kind: 'deploy', set: 'C', only: [], kill: { after: 1, order: [0, 3, 1, 2] } };
    const back: Step = { kind: 'rollback', kill: { after: 2, order: [2, 0, 3, 1] } };
    const ended = after(deploy('C'), b, a, c, back, deploy('C'));
    expect(images(ended)).toBe(images(play(original, deploy('C'))));
    expect(latestOperation(ended)?.missing).toEqual([]);
  });
});

test('a deploy in the place of a half-done rollback that is killed too is half done, however far that one had come', () => {
  const half = (step: Step, after: number): Step => ({ ...step, kill: { after, order: [] } });
  const steps = [deploy('A'), deploy('B'), half(rollback, 3), half(deploy('C'), 1)];
  const operation = latestOperation(steps.reduce(play, original));
  expect(operation?.kind).toBe('deploy');
  expect(operation?.missing.map(({ metadata }) => metadata.name)).toEqual(['cache', 'agent', 'viewer']);
});

test('two snapshots in one: the upper one counts', () => {
  const [live] = original;
  if (live === undefined) throw new Error('there is one');
  const like: Snapshot = {
    containers: { main: { image: '', env: { DRIVER: null } } },
    pullSecrets: { login: true },
    annotations: {},
  };
  const before = snapshotOf(live, like);
  expect(
    overlaid(before, {
      containers: { main: { env: { DRIVER: { value: 'x' } } } },
      pullSecrets: {},
      annotations: { note: null },
    }),
  ).toEqual({
    containers: { main: { image: 'upstream/api:1', env: { DRIVER: { value: 'x' } } } },
    pullSecrets: { login: false },
    annotations: { note: null },
  });
});
