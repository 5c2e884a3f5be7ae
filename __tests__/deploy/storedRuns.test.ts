import { expect, test } from 'vitest';
import type { Kubectl } from '../../src/deploy/kubectl';
import { readStoredRuns } from '../../src/deploy/storedRuns';
import { compiledWorkflow, scheduledWorkflow } from './kfpObjects';

const old = { driver: 'ghcr.io/kubeflow/kfp-driver:2.5.0', launcher: 'ghcr.io/kubeflow/kfp-launcher:2.5.0' };

/** Answers each list with these. */
const kubectl =
  (recurring: readonly object[]): Kubectl =>
  ({ args }) => {
    const items = args.includes('scheduledworkflows.kubeflow.org') ? recurring : [];
    return Promise.resolve({ exitCode: 0, stdout: JSON.stringify({ items }), stderr: '' });
  };

test('one object that is not as expected hides no other', async () => {
  const pinned = scheduledWorkflow('pinned', { workflow: compiledWorkflow(old) });
  // As KFP 2.17.0 stores one with a pipeline's ID only.
  const unpinned = {
    ...pinned,
    metadata: { name: 'unpinned' },
    spec: { enabled: true, pipelineId: 'p', workflow: {} },
  };
  const odd = { metadata: { name: 'odd' }, spec: { enabled: 'yes' } };
  const { recurring, notes } = await readStoredRuns(kubectl([unpinned, odd, pinned]));
  expect(recurring.map(({ metadata }) => metadata.name)).toEqual(['unpinned', 'pinned']);
  expect(notes).toEqual(["1 of the recurring runs can't be read, and are left out."]);
});
