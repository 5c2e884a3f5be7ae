import { describe, expect, test } from 'vitest';
import { compiledImages } from '../../src/deploy/compiledImages';
import type { Kubectl } from '../../src/deploy/kubectl';
import { readRunSettings, type RunSettings } from '../../src/deploy/runSettings';
import { recurringRun, staleRuns, type StaleRuns } from '../../src/deploy/staleRuns';
import { staleLines } from '../../src/deploy/staleFormat';
import { readStoredRuns, type StoredRecurring } from '../../src/deploy/storedRuns';
import { compiledWorkflow, scheduledWorkflow } from './kfpObjects';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const set = { driver: `h/p/driver@${digest('a')}`, launcher: `h/p/launcher@${digest('b')}` };
const old = { driver: 'ghcr.io/kubeflow/kfp-driver:2.5.0', launcher: 'ghcr.io/kubeflow/kfp-launcher:2.5.0' };

const none = { recurring: [], failed: [], notes: [] };
const nobody: Kubectl = () => Promise.reject(new Error('nothing is to be asked'));
const variables = [
  { name: 'V2_DRIVER_IMAGE', value: set.driver },
  { name: 'V2_LAUNCHER_IMAGE', value: set.launcher },
];
const settingsOf = (env: readonly object[] = [], kubectl: Kubectl = nobody): Promise<RunSettings> =>
  readRunSettings(kubectl, { env: [...variables, ...env] as never, envFrom: [{ configMapRef: { name: 'server' } }] });
const empty: Kubectl = () => Promise.resolve({ exitCode: 0, stdout: '{"metadata":{"name":"server"}}', stderr: '' });
const stale = async (stored: object, env: readonly object[] = []): Promise<StaleRuns> =>
  staleRuns('ml-pipeline', await settingsOf(env, empty), { ...none, ...stored });
/** As they are read from the cluster. */
const read = async (...objects: readonly object[]): Promise<readonly StoredRecurring[]> => {
  const kubectl: Kubectl = ({ args }) => {
    const items = args.some((each) => each.includes('/scheduledworkflows')) ? objects : [];
    return Promise.resolve({ exitCode: 0, stdout: JSON.stringify({ items }), stderr: '' });
  };
  return (await readStoredRuns(kubectl, { namespace: 'team', multiUser: false })).recurring;
};
const place = { context: 'prod', namespace: 'kubeflow' };

test.each([
  ['a Workflow as text, as 2.4.1 and 2.17.0 store it', JSON.stringify(compiledWorkflow(old))],
  ['a Workflow', compiledWorkflow(old)],
  ['its spec alone, as text', JSON.stringify(compiledWorkflow(old).spec)],
])('%s names driver and launcher', (_, workflow) => {
  expect(compiledImages(workflow)).toEqual({ driver: [old.driver], launcher: [old.launcher] });
});

test.each([
  ['no JSON', '{'],
  ['something else', 7],
  ['nothing', undefined],
  ['a v1 pipeline', { spec: { templates: [{ name: 'main' }] } }],
])('of %s nothing is said', (_, workflow) => {
  expect(compiledImages(workflow)).toEqual({ driver: [], launcher: [] });
});

describe('recurring runs', () => {
  test('with other images are listed, enabled ones first; those renewed, and those without a stored Workflow, are not', async () => {
    const recurring = await read(
      scheduledWorkflow('disabled', { enabled: false, workflow: compiledWorkflow(old) }),
      scheduledWorkflow('renewed', { workflow: compiledWorkflow(set) }),
      scheduledWorkflow('mirrored', { workflow: compiledWorkflow({ ...set, driver: `mirror/driver@${digest('a')}` }) }),
      scheduledWorkflow('unpinned', { workflow: undefined }),
      scheduledWorkflow('half', { workflow: compiledWorkflow({ ...set, launcher: old.launcher }) }),
    );
    expect((await stale({ recurring })).recurring.map(({ name, images }) => [name, images])).toEqual([
      ['half', [old.launcher]],
      ['disabled', [old.driver, old.launcher]],
    ]);
  });

  test('are not judged where the apiserver takes its images from where they can’t be read, and that is said', async () => {
    const live = [{ name: 'V2_DRIVER_IMAGE', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }];
    const recurring = await read(
      scheduledWorkflow('r', { workflow: compiledWorkflow({ ...set, driver: old.driver }) }),
    );
    const found = await stale({ recurring }, live);
    expect(found.recurring).toEqual([]);
    expect(found.notes).toEqual([
      "V2_DRIVER_IMAGE of the apiserver can't be seen (it comes from the Secret a, which is not read), so drivers are not compared.",
    ]);
  });

  test('are not judged where no variable is set, and that is said where there are any', async () => {
    const live = [{ name: 'V2_DRIVER_IMAGE', value: '' }];
    const recurring = await read(
      scheduledWorkflow('r', { workflow: compiledWorkflow({ ...set, driver: old.driver }) }),
    );
    expect((await stale({ recurring }, live)).notes).toEqual([expect.stringContaining('V2_DRIVER_IMAGE is not set')]);
    expect((await stale({}, live)).notes).toEqual([]);
  });

  test('that stopped the renewal are named, with the exact commands', async () => {
    const recurring = await read(
      scheduledWorkflow('gone', { version: 'v-1', workflow: compiledWorkflow(old) }),
      scheduledWorkflow('behind', { version: 'v-2', workflow: compiledWorkflow(old) }),
    );
    const found = await stale({ recurring });
    const reason = 'Failed to fetch a template due to error retrieving pipeline version: PipelineVersion v-1 not found';
    const blocking = recurring.slice(0, 1).map((each) => recurringRun(each));
    const lines = staleLines({ ...found, deployment: 'ds-pipeline-x', reason, blocking, underWay: false }, place);
    expect(lines).toEqual(
      expect.arrayContaining([
        `  team/behind (enabled, pipeline p, version v-2): ${old.driver}, ${old.launcher}`,
        `The apiserver stopped renewing: ${reason}`,
        '  kfp recurring delete id-of-gone',
        '  kubectl --context prod --namespace kubeflow rollout restart deployment/ds-pipeline-x',
      ]),
    );
  });

  test('are counted where there are more than people read', async () => {
    const many = Array.from({ length: 1234 }, (_, index) =>
      scheduledWorkflow(`r-${index}`, { workflow: compiledWorkflow(old) }),
    );
    const found = await stale({ recurring: await read(...many) });
    const lines = staleLines({ ...found, reason: '', blocking: [], underWay: true }, place);
    expect(found.recurring).toHaveLength(1234);
    expect(lines.length).toBeLessThan(30);
    expect(lines).toContain('  and 1214 more: `kfp-images status --json` has all');
    expect(lines.at(-1)).toBe('  kfp-images status --context prod --namespace kubeflow');
  });
});

test('failed runs are listed by their own ids', async () => {
  const failed = [
    { namespace: 'team', name: 'run-x', id: 'r-1', compiled: compiledImages(compiledWorkflow(old)) },
    { namespace: 'team', name: 'run-y', id: 'r-2', compiled: compiledImages(compiledWorkflow(set)) },
  ];
  expect((await stale({ failed })).failed).toEqual([
    { namespace: 'team', name: 'run-x', id: 'r-1', images: [old.driver, old.launcher] },
  ]);
});

describe('COMPILED_PIPELINE_SPEC_PATCH', () => {
  const patch = async (text: string, more: readonly object[] = []) =>
    (await stale({}, [{ name: 'COMPILED_PIPELINE_SPEC_PATCH', value: text }, ...more])).patch;

  test.each([
    '{}',
    '',
    JSON.stringify({ imagePullSecrets: [{ name: 'regcred' }] }),
    JSON.stringify(compiledWorkflow(set).spec),
  ])('%s overrides nothing', async (text) => {
    expect(await patch(text)).toBeUndefined();
  });

  test('names the images that go before the variables', async () => {
    expect(await patch(JSON.stringify(compiledWorkflow(old).spec))).toMatchObject({
      images: [old.driver, old.launcher],
    });
    expect(await patch(JSON.stringify({ podSpecPatch: 'containers: [{name: main, image: x}]' }))).toMatchObject({
      images: [],
    });
  });

  test('counts where the variables are not set as well', async () => {
    const bound = ['V2_DRIVER_IMAGE', 'V2_LAUNCHER_IMAGE'].map((name) => ({ name, value: '' }));
    expect(await patch(JSON.stringify(compiledWorkflow(old).spec), bound)).toMatchObject({
      images: [old.driver, old.launcher],
    });
  });
});
