import { kfpCatalog } from '../../src/catalog/kfp';
import { carryOut, type Outcome } from '../../src/deploy/carryOut';
import { readDeployments } from '../../src/deploy/cluster';
import { rollbackPlan } from '../../src/deploy/history';
import type { Kubectl } from '../../src/deploy/kubectl';
import { prepareDeploy, type Prepared } from '../../src/deploy/prepare';
import type { Patience } from '../../src/deploy/rollout';
import { lockOf } from './lockOf';

/* What is recorded on a real API server and replayed without one: the same calls, one by one. */

/** Where recorded answers are. */
export interface Recording {
  readonly calls: readonly {
    readonly args: readonly string[];
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
  }[];
}

export const place = { context: undefined, namespace: 'kubeflow' };
export const first = lockOf('first');
export const second = lockOf('second');

const patience: Patience = {
  timeoutMs: 60_000,
  pollMs: 50,
  signal: new AbortController().signal,
  onProgress: () => undefined,
};

/** What a scenario came to. */
export interface Played {
  readonly prepared: Prepared;
  readonly again: Prepared;
  readonly deployed: Outcome;
  readonly failed: Outcome;
  readonly rolledBack: Outcome;
}

/** A deploy, the same again, one that fails (`second` can't be pulled), and a rollback. */
export async function play(kubectl: Kubectl): Promise<Played> {
  const prepare = (lock: typeof first, id: string): Promise<Prepared> =>
    prepareDeploy(kubectl, place, {
      catalog: kfpCatalog,
      lock,
      names: [],
      pullSecret: undefined,
      isPrivate: false,
      fresh: { id, at: '2026-11-23T08:00:00.000Z' },
    });
  const work = ({ changeSet, expected }: Prepared): Promise<Outcome> =>
    carryOut(kubectl, { changes: changeSet.changes, expected }, patience);
  const prepared = await prepare(first, 'one');
  const deployed = await work(prepared);
  const again = await prepare(first, 'two');
  const failed = await work(await prepare(second, 'three'));
  const plan = rollbackPlan(await readDeployments(kubectl), { id: 'four', at: '2026-11-23T08:01:00.000Z' });
  const expected = new Map(plan.changes.map(({ live, after }) => [live.metadata.name, after.containers]));
  const rolledBack = await carryOut(kubectl, { changes: plan.changes, expected }, patience);
  return { prepared, again, deployed, failed, rolledBack };
}
