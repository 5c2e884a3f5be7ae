import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { patchCall } from '../../src/deploy/apply';
import { readWorkload } from '../../src/deploy/cluster';
import { readInstallation } from '../../src/deploy/installation';
import type { Kubectl } from '../../src/deploy/kubectl';
import { statusOf } from '../../src/deploy/status';
import { kfpCatalog } from '../../src/catalog/kfp';
import { changeLines } from '../../src/deploy/format';
import { referenceOf } from './lockOf';
import { first, play, second, type Played, type Recording } from './scenarios';

/*
 * The commands against answers that a real API server gave (recorded by __tests__/cluster/record.ts). A call that was not made then has
 * no answer now, so that a change of what is asked or patched shows here without a cluster.
 */

let played: Played;
let asked: readonly (readonly string[])[];
let recording: Recording;

beforeAll(async () => {
  recording = JSON.parse(
    await readFile(join(__dirname, '..', 'fixtures', 'deploy', 'recorded.json'), 'utf8'),
  ) as Recording;
  const left = [...recording.calls];
  const calls: (readonly string[])[] = [];
  const replay: Kubectl = ({ args }) => {
    calls.push(args);
    const at = left.findIndex((call) => JSON.stringify(call.args) === JSON.stringify(args));
    const [call] = at < 0 ? [] : left.splice(at, 1);
    if (call === undefined) throw new Error(`no answer was recorded for: kubectl ${args.join(' ')}`);
    return Promise.resolve(call);
  };
  played = await play(replay);
  asked = calls;
});

describe('a deploy', () => {
  test('shows old and new of each image, with the variables', () => {
    const lines = changeLines(played.prepared.changeSet);
    expect(lines).toEqual(
      expect.arrayContaining([
        'ml-pipeline',
        '    old ghcr.io/kubeflow/kfp-api-server:2.5.0',
        `    new ${referenceOf(first, 'apiserver')}`,
        '  V2_DRIVER_IMAGE',
        '    old ghcr.io/kubeflow/kfp-driver:2.5.0',
        `    new ${referenceOf(first, 'driver')}`,
      ]),
    );
  });

  test('is one strategic-merge patch for each Deployment, by the names of containers', () => {
    // One that met a conflict was made again.
    const all = asked.filter((args) => args[0] === 'patch');
    const patches = ['ml-pipeline', 'cache-server'].flatMap((name) =>
      all.filter((args) => args[2] === name).slice(0, 1),
    );
    expect(all.findIndex((args) => args[2] === 'ml-pipeline')).toBe(0);
    expect(patches.map((args) => args.slice(0, 4))).toEqual([
      ['patch', 'deployments.apps', 'ml-pipeline', '--type=strategic'],
      ['patch', 'deployments.apps', 'cache-server', '--type=strategic'],
    ]);
    const patch = JSON.parse(patches[0]?.at(-1)?.replace('--patch=', '') ?? '') as object;
    expect(patch).toMatchObject({
      metadata: { annotations: { 'kfp-images.dev/commit': first.commit } },
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: 'ml-pipeline-api-server',
                image: referenceOf(first, 'apiserver'),
                env: [
                  { name: 'V2_DRIVER_IMAGE', value: referenceOf(first, 'driver'), valueFrom: null },
                  { name: 'V2_LAUNCHER_IMAGE', value: referenceOf(first, 'launcher'), valueFrom: null },
                ],
              },
            ],
          },
        },
      },
    });
    expect(patchCall(played.prepared.changeSet.changes[0] ?? never(), 'server').args).toContain('--dry-run=server');
  });

  test('ends when the pods run; a second one finds nothing to change', () => {
    expect(played.deployed).toMatchObject({ kind: 'done', notes: [] });
    expect(played.again.changeSet.changes).toEqual([]);
    expect(played.again.changeSet.unchanged).toEqual(['ml-pipeline', 'cache-server']);
  });

  test('leaves out images that have no Deployment here, and says so', () => {
    expect(played.prepared.notes).toContain(
      'persistenceagent is left out: there is no Deployment ml-pipeline-persistenceagent here.',
    );
  });
});

test('one that fails says why and puts everything back', () => {
  expect(played.failed).toMatchObject({
    kind: 'failed',
    why: expect.stringContaining('manifest unknown') as string,
    restored: [
      { name: 'cache-server', kind: 'restored' },
      { name: 'ml-pipeline', kind: 'restored' },
    ],
  });
  expect(JSON.stringify(played.failed)).toContain(second.images['cacheserver']?.digest);
});

test('a rollback ends with what ran before', () => {
  expect(played.rolledBack).toMatchObject({ kind: 'done' });
  // The last patch of each: one may have been repeated, because the controller wrote a status in between.
  const patches = new Map(asked.filter((args) => args[0] === 'patch').map((args) => [args[2], args.at(-1) ?? '']));
  const images = [...patches].map(([name, patch]) => [name, /"image":"([^"]*)"/.exec(patch)?.[1]]);
  expect(Object.fromEntries(images)).toEqual({
    'cache-server': 'ghcr.io/kubeflow/kfp-cache-server:2.5.0',
    'ml-pipeline': 'ghcr.io/kubeflow/kfp-api-server:2.5.0',
  });
});

test('status at the end: no commit, no drift, by tag', async () => {
  const last: Kubectl = ({ args }) =>
    Promise.resolve(recording.calls.findLast((call) => call.args[1] === args[1] && call.args[0] === 'get') ?? never());
  const { rows } = statusOf(kfpCatalog, await readInstallation(last, kfpCatalog), await readWorkload(last));
  expect(rows.map(({ image, commit, digest, drift }) => ({ image, commit, digest, drift }))).toEqual(
    ['apiserver', 'driver', 'launcher', 'cacheserver'].map((image) => ({
      image,
      commit: undefined,
      digest: undefined,
      drift: [],
    })),
  );
});

function never(): never {
  throw new Error('was not recorded');
}
