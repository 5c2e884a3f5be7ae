import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changesTo, type Change } from '../../src/deploy/changes';
import { deployStamp, latestOperation, rollbackPlan } from '../../src/deploy/history';
import type { Deployment } from '../../src/deploy/objects';
import { overlaid, snapshotOf, type Snapshot } from '../../src/deploy/snapshot';

/*
 * Deploys and rollbacks that are killed between two patches, on a model of the Deployments that does what the patches ask for: nothing but
 * what the Deployments themselves say is left for the next command. __tests__/cluster kills real commands on a real API server.
 */

type Cluster = readonly Deployment[];
type SetName = 'A' | 'B' | 'C';

/** One command. `killedAfter`: so many patches; undefined: it came to its end. `order` shuffles the patches. */
type Step =
  | { readonly kind: 'deploy'; readonly set: SetName; readonly only: readonly string[]; readonly kill: Kill }
  | { readonly kind: 'rollback'; readonly kill: Kill };
interface Kill {
  readonly after: number | undefined;
  readonly order: readonly number[];
}

const names = ['api', 'cache', 'agent', 'viewer'];
const original: Cluster = names.map((name) => ({
  metadata: {
    name,
    uid: name,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '',
    annotations: {},
    labels: {},
  },
  spec: {
    replicas: 1,
    selector: { matchLabels: {} },
    template: {
      spec: {
        containers: [
          {
            name: 'main',
            image: `upstream/${name}:1`,
            env: name === 'api' ? [{ name: 'DRIVER', value: 'upstream/driver:1' }] : [],
          },
          { name: 'other', image: 'other:1', env: [] },
        ],
        initContainers: [],
        imagePullSecrets: [],
        serviceAccountName: 'default',
        volumes: [],
      },
    },
  },
  status: {
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    conditions: [],
  },
}));

let ids = 0;
const fresh = (): { readonly id: string; readonly at: string } => ({
  id: `id-${(ids += 1)}`,
  at: '2026-11-23T08:00:00Z',
});

function planned(cluster: Cluster, step: Step): readonly Change[] {
  if (step.kind === 'rollback')
    return latestOperation(cluster) === undefined ? [] : rollbackPlan(cluster, fresh()).changes;
  const targets = names
    .filter((name) => step.only.length === 0 || step.only.includes(name))
    .map((name) => ({
      deployment: name,
      container: 'main',
      image: `mine/${name}@${step.set}`,
      env: name === 'api' ? { DRIVER: `mine/driver@${step.set}` } : {},
    }));
  const set = { commit: step.set, id: step.set };
  // Set C comes with a pull secret of its own.
  const secret = step.set === 'C' ? 'login' : undefined;
  return changesTo(targets, cluster, set, secret, deployStamp(cluster, step.only.length === 0, fresh())).changes;
}

function play(cluster: Cluster, step: Step): Cluster {
  const { order, after } = step.kill;
  const changes = planned(cluster, step).toSorted((a, b) => rank(order, a) - rank(order, b));
  return changes
    .slice(0, after)
    .reduce(
      (all, change) =>
        all.map((live) => (live.metadata.name === change.deployment ? patched(live, change.after) : live)),
      cluster,
    );
}

function rank(order: readonly number[], { deployment }: Change): number {
  return order[names.indexOf(deployment)] ?? 0;
}

/** What a strategic-merge patch makes of a Deployment. */
function patched(live: Deployment, after: Snapshot): Deployment {
  const { spec } = live.spec.template;
  const containers = spec.containers.map((container) => {
    const { image = container.image, env = {} } = after.containers[container.name] ?? {};
    const kept = container.env.filter(({ name }) => !Object.hasOwn(env, name));
    const added = Object.entries(env).flatMap(([name, value]) => (value === null ? [] : [{ name, ...value }]));
    return { ...container, image, env: [...kept, ...added] };
  });
  const imagePullSecrets = [
    ...spec.imagePullSecrets.filter(({ name }) => !Object.hasOwn(after.pullSecrets, name)),
    ...Object.entries(after.pullSecrets).flatMap(([name, isThere]) => (isThere ? [{ name }] : [])),
  ];
  const annotations = Object.entries({ ...live.metadata.annotations, ...after.annotations });
  return {
    ...live,
    metadata: {
      ...live.metadata,
      annotations: Object.fromEntries(annotations.flatMap(([key, value]) => (value === null ? [] : [[key, value]]))),
    },
    spec: { ...live.spec, template: { spec: { ...spec, containers, imagePullSecrets } } },
  };
}

/** Containers with images and variables. */
function images(cluster: Cluster): string {
  return JSON.stringify(cluster.map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers]));
}

/** The same with pull secrets, which a deploy adds and never takes away; without our notes. */
function running(cluster: Cluster): string {
  return JSON.stringify(cluster.map(({ metadata, spec }) => [metadata.name, spec.template.spec]));
}

const whole = { after: undefined, order: [] };
const rollback: Step = { kind: 'rollback', kill: whole };
const deploy = (set: SetName, only: readonly string[] = []): Step => ({ kind: 'deploy', set, only, kill: whole });

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
