import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { compiledImages } from '../../src/deploy/compiledImages';
import { recurringRun, staleRuns } from '../../src/deploy/staleRuns';
import { staleLines } from '../../src/deploy/staleFormat';
import { deploymentOf } from './objectsOf';
import { compiledWorkflow, scheduledWorkflow } from './kfpObjects';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const set = { driver: `h/p/driver@${digest('a')}`, launcher: `h/p/launcher@${digest('b')}` };
const old = { driver: 'ghcr.io/kubeflow/kfp-driver:2.5.0', launcher: 'ghcr.io/kubeflow/kfp-launcher:2.5.0' };

const apiserver = (env: readonly object[] = []) =>
  deploymentOf({
    metadata: { name: 'ml-pipeline' },
    spec: {
      selector: {},
      template: {
        spec: {
          containers: [
            {
              name: 'ml-pipeline-api-server',
              image: 'x',
              env: [
                { name: 'V2_DRIVER_IMAGE', value: set.driver },
                { name: 'V2_LAUNCHER_IMAGE', value: set.launcher },
                ...env,
              ],
            },
          ],
        },
      },
    },
  });

const none = { recurring: [], failed: [], notes: [] };
const stale = (stored: object, env: readonly object[] = []) =>
  staleRuns(kfpCatalog, [apiserver(env)], { ...none, ...stored });
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
  test('with other images are listed, enabled ones first; those renewed, and those without a stored Workflow, are not', () => {
    const recurring = [
      scheduledWorkflow('disabled', { enabled: false, workflow: compiledWorkflow(old) }),
      scheduledWorkflow('renewed', { workflow: compiledWorkflow(set) }),
      scheduledWorkflow('mirrored', { workflow: compiledWorkflow({ ...set, driver: `mirror/driver@${digest('a')}` }) }),
      scheduledWorkflow('unpinned', { workflow: undefined }),
      scheduledWorkflow('half', { workflow: compiledWorkflow({ ...set, launcher: old.launcher }) }),
    ];
    expect(stale({ recurring }).recurring.map(({ name, images }) => [name, images])).toEqual([
      ['half', [old.launcher]],
      ['disabled', [old.driver, old.launcher]],
    ]);
  });

  test('are not judged where the apiserver takes its images from a reference', () => {
    const live = [{ name: 'V2_DRIVER_IMAGE', valueFrom: { configMapKeyRef: { name: 'a', key: 'b' } } }];
    const recurring = [scheduledWorkflow('r', { workflow: compiledWorkflow({ ...set, driver: old.driver }) })];
    expect(stale({ recurring }, live).recurring).toEqual([]);
  });

  test('that stopped the renewal are named, with the exact commands', () => {
    const blocking = scheduledWorkflow('gone', { version: 'v-1', workflow: compiledWorkflow(old) });
    const behind = scheduledWorkflow('behind', { version: 'v-2', workflow: compiledWorkflow(old) });
    const found = stale({ recurring: [blocking, behind] });
    const reason = 'Failed to fetch a template due to error retrieving pipeline version: PipelineVersion v-1 not found';
    const lines = staleLines({ ...found, reason, blocking: [recurringRun(blocking)] }, place);
    expect(lines).toEqual(
      expect.arrayContaining([
        `  team/behind (enabled, pipeline p, version v-2): ${old.driver}, ${old.launcher}`,
        `The apiserver stopped renewing: ${reason}`,
        '  kfp recurring delete id-of-gone',
        '  kubectl --context prod --namespace kubeflow rollout restart deployment/ml-pipeline',
      ]),
    );
  });
});

test('failed runs are listed by their own ids', () => {
  const failed = [
    {
      metadata: { name: 'run-x', namespace: 'team', uid: 'w', labels: { 'pipeline/runid': 'r-1' } },
      ...compiledWorkflow(old),
    },
    { metadata: { name: 'run-y', namespace: 'team', uid: 'v', labels: {} }, ...compiledWorkflow(set) },
  ];
  expect(stale({ failed }).failed).toEqual([
    { namespace: 'team', name: 'run-x', id: 'r-1', images: [old.driver, old.launcher] },
  ]);
});

describe('COMPILED_PIPELINE_SPEC_PATCH', () => {
  const patch = (text: string) => stale({}, [{ name: 'COMPILED_PIPELINE_SPEC_PATCH', value: text }]).patch;

  test.each([
    '{}',
    '',
    JSON.stringify({ imagePullSecrets: [{ name: 'regcred' }] }),
    JSON.stringify(compiledWorkflow(set).spec),
  ])('%s overrides nothing', (text) => {
    expect(patch(text)).toBeUndefined();
  });

  test('names the images that go before the variables', () => {
    expect(patch(JSON.stringify(compiledWorkflow(old).spec))).toMatchObject({ images: [old.driver, old.launcher] });
    expect(patch(JSON.stringify({ podSpecPatch: 'containers: [{name: main, image: x}]' }))).toMatchObject({
      images: [],
    });
  });
});
