import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { carryOut, type Outcome } from '../../src/deploy/carryOut';
import { readDeployments } from '../../src/deploy/cluster';
import { rollbackPlan } from '../../src/deploy/history';
import type { Kubectl } from '../../src/deploy/kubectl';
import { prepareDeploy } from '../../src/deploy/prepare';
import { DeployError } from '../../src/errors';
import type { LockFile } from '../../src/types';
import { randomFrom } from '../support/interleavings';
import { lockOf } from './lockOf';
import { MemoryCluster, type Starts } from './memoryCluster';

/*
 * Two deploys of one namespace at once, in many orders of their calls and of what the controller of Deployments does meanwhile: whichever
 * of them fails, what is left is one whole set, and each says what is true. __tests__/cluster/trouble.cluster.ts does it on a real API
 * server, in one order.
 */

const original = {
  'ml-pipeline': { name: 'ml-pipeline-api-server', image: 'upstream/api:1', env: [] },
  'cache-server': { name: 'server', image: 'upstream/cache:1', env: [] },
  'ml-pipeline-persistenceagent': { name: 'ml-pipeline-persistenceagent', image: 'upstream/agent:1', env: [] },
  'ml-pipeline-viewer-crd': { name: 'ml-pipeline-viewer-crd', image: 'upstream/viewer:1', env: [] },
};
const sets = { A: lockOf('A'), B: lockOf('B'), C: lockOf('C') };
type SetName = keyof typeof sets;

const place = { context: undefined, namespace: 'kubeflow' };
/** Orders of each kind. */
const count = Number(process.env['KFP_IMAGES_TOGETHER'] ?? 20);
let ids = 0;

async function deploy(kubectl: Kubectl, lock: LockFile): Promise<Outcome> {
  const { latest, expected } = await prepareDeploy(kubectl, place, {
    ...{ catalog: kfpCatalog, lock, names: [], pullSecret: undefined, isPrivate: false },
    fresh: { id: `id-${(ids += 1)}`, at: '2026-11-28T08:00:00.000Z' },
  });
  const { changes } = await latest();
  return carryOut(kubectl, { changes, expected }, patience);
}

async function rollback(kubectl: Kubectl): Promise<Outcome> {
  const { changes } = rollbackPlan(await readDeployments(kubectl), { id: `id-${(ids += 1)}`, at: '' });
  const expected = new Map(changes.map(({ live, after }) => [live.metadata.name, after.containers]));
  return carryOut(kubectl, { changes, expected }, patience);
}

const patience = { timeoutMs: 600_000, pollMs: 1, signal: new AbortController().signal, onProgress: () => undefined };

/** A command whose calls wait for their turn. */
class Hand {
  readonly pending: (() => Promise<void>)[] = [];
  result: Outcome | DeployError | undefined;
  waited = 0;
  readonly isDone: Promise<void>;

  constructor(cluster: MemoryCluster, command: (kubectl: Kubectl) => Promise<Outcome>) {
    const kubectl: Kubectl = (call) =>
      new Promise((resolve, reject) => {
        this.pending.push(() => cluster.kubectl(call).then(resolve, reject));
      });
    this.isDone = command(kubectl).then(
      (outcome) => void (this.result = outcome),
      (error: unknown) => {
        if (!(error instanceof DeployError)) throw error;
        this.result = error;
      },
    );
  }
}

/** Calls of others that a command may stand still for: none comes, fails and puts everything back while another one is between two patches. */
const longestWait = 3;

/** Runs commands to their ends, in an order drawn by chance. `head`: so many calls of the first come before all others. */
async function play(
  cluster: MemoryCluster,
  seed: number,
  commands: readonly ((kubectl: Kubectl) => Promise<Outcome>)[],
  head = 0,
): Promise<readonly (Outcome | DeployError | undefined)[]> {
  const random = randomFrom(seed);
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const hands = commands.map((command) => new Hand(cluster, command));
  // Long runs of one party overtake more than fair turns do.
  const change = pick([0.05, 0.2, 0.6]) ?? 1;
  let party = 0;
  for (let made = 0; ;) {
    while (hands.some(({ result, pending }) => result === undefined && pending.length === 0)) await turn();
    const live = hands.filter(({ result }) => result === undefined);
    if (live.length === 0) break;
    const behind = cluster.behind();
    if (made >= head && random() < change) party = Math.floor(random() * (live.length + 1));
    const overdue = live.find((each) => each.waited > longestWait);
    const hand = made < head ? hands[0] : (overdue ?? live[party % (live.length + 1)]);
    if (made >= head) for (const each of live) each.waited = each === hand ? 0 : each.waited + 1;
    if (hand !== undefined && hand.result === undefined) {
      if (hand === hands[0]) made++;
      await hand.pending.splice(Math.floor(random() * hand.pending.length), 1)[0]?.();
    } else {
      cluster.control(pick(behind) ?? pick(Object.keys(original)) ?? '');
      // Who has nothing to do for a while lets the others on.
      if (behind.length === 0) party = Math.floor(random() * live.length);
    }
    await turn();
  }
  while (cluster.behind().length > 0) cluster.control(cluster.behind()[0] ?? '');
  return hands.map(({ result }) => result);
}

/** What runs when a set is deployed and nothing else happens. */
async function whole(names: readonly SetName[]): Promise<string> {
  const cluster = new MemoryCluster(original, () => true);
  for (const name of names) await play(cluster, 1, [(kubectl) => deploy(kubectl, sets[name])]);
  return cluster.running();
}

const startsUnless =
  (...names: readonly SetName[]): Starts =>
  (image) =>
    !names.some((name) => Object.values(sets[name].images).some(({ digest }) => image.endsWith(digest)));

describe.each([
  ['both start', [], ['A', 'B']],
  ['the first fails', ['A'], ['B']],
  ['the second fails', ['B'], ['A']],
  ['both fail', ['A', 'B'], ['C', 'none']],
] as const)('two deploys at once, %s', (_, failing, expected) => {
  test('what is left is one set, and each says what is true', async () => {
    const wholes = { none: await whole([]), A: await whole(['A']), B: await whole(['B']), C: await whole(['C']) };
    const seen = new Set<string | undefined>();
    for (let seed = 1; seed <= count; seed++) {
      const cluster = new MemoryCluster(original, startsUnless(...failing));
      // Every second time on top of a set that runs.
      const base = seed % 2 === 0 ? 'none' : 'C';
      if (base === 'C') await play(cluster, seed, [(kubectl) => deploy(kubectl, sets.C)]);
      const [a, b] = await play(
        cluster,
        seed,
        [(kubectl) => deploy(kubectl, sets.A), (kubectl) => deploy(kubectl, sets.B)],
        seed % 40,
      );
      const now = Object.entries(wholes).find(([, each]) => each === cluster.running())?.[0];
      const words = `seed ${seed}: A ${told(a)}\nB ${told(b)}\n${cluster.running()}`;
      expect(now, words).toBeDefined();
      const done = [...(isDone(a) ? ['A'] : []), ...(isDone(b) ? ['B'] : [])];
      // A set that does not start is never said to run, and is never what is left.
      for (const name of failing) expect([...done, now], words).not.toContain(name);
      // What runs was said to, but where the other one went over it and took itself back before the first had looked.
      const isLeftToOther = now === 'A' && restoredOf(a).every((kind) => kind === 'changed-since');
      if (!isLeftToOther) expect(done.length > 0 ? done : [base], words).toContain(now);
      seen.add(now);
    }
    expect([...seen], 'too few orders were tried').toEqual(expect.arrayContaining([...expected]));
  });
});

function isDone(result: Outcome | DeployError | undefined): boolean {
  return result !== undefined && 'kind' in result && result.kind === 'done';
}

function restoredOf(result: Outcome | DeployError | undefined): readonly string[] {
  return result !== undefined && 'restored' in result ? result.restored.map(({ kind }) => kind) : ['none'];
}

function told(result: Outcome | DeployError | undefined): string {
  if (result === undefined) return 'killed';
  if (result instanceof DeployError) return result.message;
  return result.kind === 'failed' ? `${result.why} ${JSON.stringify(result.restored)}` : result.kind;
}

describe('a set that never became ready', () => {
  const deployed = (lock: LockFile) => (kubectl: Kubectl) => deploy(kubectl, lock);

  test('is nothing to go back to: a rollback from the next set goes behind both', async () => {
    for (const base of ['none', 'C'] as const) {
      for (let seed = 1; seed <= 5; seed++) {
        const cluster = new MemoryCluster(original, startsUnless('A'));
        if (base === 'C') await play(cluster, seed, [deployed(sets.C)]);
        const before = cluster.running();
        await killedWhileWaiting(cluster, sets.A);
        expect((await play(cluster, seed, [deployed(sets.B)]))[0]).toMatchObject({ kind: 'done' });
        expect(cluster.running()).toBe(await whole(['B']));
        expect((await play(cluster, seed, [rollback]))[0]).toMatchObject({ kind: 'done' });
        expect(cluster.running(), `seed ${seed}`).toBe(before);
        expect((await play(cluster, seed, [rollback]))[0]).toMatchObject({ kind: 'done' });
        expect(cluster.running()).toBe(await whole(['B']));
      }
    }
  });

  test('where the next one fails too, what is left is what ran before both', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const cluster = new MemoryCluster(original, startsUnless('A', 'B'));
      await play(cluster, seed, [deployed(sets.C)]);
      const before = JSON.stringify(
        cluster.deployments.map(({ annotations, containers }) => [annotations, containers]),
      );
      await killedWhileWaiting(cluster, sets.A);
      expect((await play(cluster, seed, [deployed(sets.B)]))[0]).toMatchObject({ kind: 'failed' });
      expect(cluster.running(), before).toBe(await whole(['C']));
    }
  });

  test('one that was ready and fails later is what a rollback goes back to, and so is one that somebody restarted', async () => {
    let starts: Starts = () => true;
    const cluster = new MemoryCluster(original, (image) => starts(image));
    await play(cluster, 1, [deployed(sets.A)]);
    starts = startsUnless('A');
    // As kubectl rollout restart does: another template with the same images, whose pod does not start.
    for (const { name } of cluster.deployments) cluster.restart(name);
    while (cluster.behind().length > 0) cluster.control(cluster.behind()[0] ?? '');
    expect((await play(cluster, 1, [deployed(sets.B)]))[0]).toMatchObject({ kind: 'done' });
    starts = () => true;
    expect((await play(cluster, 1, [rollback]))[0]).toMatchObject({ kind: 'done' });
    expect(cluster.running()).toBe(await whole(['A']));
  });
});

/** A deploy that made all its changes, and was killed while it waited for them. */
async function killedWhileWaiting(cluster: MemoryCluster, lock: LockFile): Promise<void> {
  const stop = new AbortController();
  let patches = 0;
  const counting: Kubectl = async (call) => {
    const answer = await cluster.kubectl(call);
    if (call.args[0] === 'patch' && (patches += 1) === Object.keys(original).length) stop.abort();
    return stop.signal.aborted ? new Promise(() => undefined) : answer;
  };
  void deploy(counting, lock);
  while (!stop.signal.aborted) await turn();
  while (cluster.behind().length > 0) cluster.control(cluster.behind()[0] ?? '');
}
