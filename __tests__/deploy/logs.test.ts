import { expect, test } from 'vitest';
import { lastLines } from '../../src/deploy/cluster';

test('a pod is called so that its name can be no flag of kubectl, whatever a cluster calls it', async () => {
  const asked: (readonly string[])[] = [];
  await lastLines(
    ({ args }) => {
      asked.push(args);
      return Promise.resolve({ exitCode: 1, stdout: '', stderr: '' });
    },
    '--kubeconfig=other',
    'main',
  );
  expect(asked).toHaveLength(2);
  for (const args of asked) expect(args.slice(0, 2)).toEqual(['logs', 'pod/--kubeconfig=other']);
});
