import { afterEach, expect, test, vi } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import type { Kubectl } from '../../src/deploy/kubectl';
import { waitForRenewal, type Renewal, type RenewalWait } from '../../src/deploy/renewal';
import { compiledWorkflow, scheduledWorkflow } from './kfpObjects';

const set = { driver: 'h/p/driver:1', launcher: 'h/p/launcher:1' };
const old = { driver: 'h/p/driver:0', launcher: 'h/p/launcher:0' };

const deployment = {
  metadata: { name: 'ml-pipeline', uid: 'u' },
  spec: {
    selector: { matchLabels: { app: 'ml-pipeline' } },
    template: {
      spec: {
        containers: [
          {
            name: 'ml-pipeline-api-server',
            image: 'x',
            env: [
              { name: 'V2_DRIVER_IMAGE', value: set.driver },
              { name: 'V2_LAUNCHER_IMAGE', value: set.launcher },
            ],
          },
        ],
      },
    },
  },
};

let time = 0;
afterEach(() => {
  vi.restoreAllMocks();
});

/** Waits on a cluster that has `left(look)` recurring runs to be renewed, where each look takes ten milliseconds. */
async function waited(
  left: (look: number) => number,
  wait: Partial<RenewalWait>,
): Promise<Renewal & { readonly looks: number; readonly told: readonly number[] }> {
  time = 1000;
  vi.spyOn(Date, 'now').mockImplementation(() => time);
  let looks = 0;
  const kubectl: Kubectl = ({ args }) => {
    const said = (items: readonly object[]) =>
      Promise.resolve({ exitCode: 0, stdout: JSON.stringify({ items }), stderr: '' });
    if (args.includes('deployments.apps')) return said([deployment]);
    if (!args.some((each) => each.includes('/scheduledworkflows'))) return said([]);
    time += 10;
    looks += 1;
    const workflow = compiledWorkflow(old);
    return said(Array.from({ length: left(looks) }, (_, index) => scheduledWorkflow(`r-${index}`, { workflow })));
  };
  const told: number[] = [];
  const renewal = await waitForRenewal({ kubectl, place: { context: 'c', namespace: 'team' } }, kfpCatalog, {
    timeoutMs: 1_000_000,
    quietMs: 1_000_000,
    pollMs: 1,
    signal: new AbortController().signal,
    onWait: (count) => told.push(count),
    ...wait,
  });
  return { ...renewal, looks, told };
}

test('it goes on as long as some are renewed, however many there are', async () => {
  const { recurring, looks, told, underWay } = await waited((look) => 30 - look, { quietMs: 25 });
  expect(recurring).toEqual([]);
  expect({ looks, told, underWay }).toEqual({ looks: 30, told: [29], underWay: false });
});

test('it ends when none more was renewed for some time', async () => {
  const { recurring, looks, underWay } = await waited((look) => Math.max(5, 10 - look), { quietMs: 45 });
  expect(recurring).toHaveLength(5);
  expect({ looks, underWay }).toEqual({ looks: 10, underWay: false });
});

test('it ends when the time is up, and says whether the apiserver was still at it', async () => {
  expect(await waited((look) => 100 - look, { timeoutMs: 95 })).toMatchObject({ looks: 10, underWay: true });
  expect(await waited(() => 100, { timeoutMs: 95 })).toMatchObject({ looks: 10, underWay: false });
});

test('where nothing has other images there is nothing to wait for', async () => {
  expect(await waited(() => 0, {})).toMatchObject({ looks: 1, told: [], recurring: [] });
});
