import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tempDir, type TempDir } from '../support/engine';
import { createReader, gitOpsBlocks, nameOf, type Reader } from './documented';
import { startGitServer, type GitServer } from './gitops/gitServer';

/* What docs/deploying.md says of GitOps, with a real git server and a real registry; __tests__/cluster runs the rest of the page. */

let folder: TempDir;
let server: GitServer;
let reader: Reader;
const clone = (): string => join(folder.path, 'apps');

beforeAll(async () => {
  folder = await tempDir();
  await mkdir(join(folder.path, 'platform'));
  server = await startGitServer(folder.path);
  reader = await createReader(folder.path, {
    'https://gitlab.example.com/platform/apps.git': `${server.url}/platform/apps.git`,
  });
  const { git } = reader.fork;
  const bare = join(folder.path, 'platform', 'apps.git');
  await git('init', '--quiet', '--bare', bare);
  await git('-C', bare, 'config', 'http.receivepack', 'true');
  await git('clone', '--quiet', bare, clone());
  await mkdir(join(clone(), 'kubeflow'));
  const files = {
    'kustomization.yaml': 'images:\n- name: ghcr.io/kubeflow/kfp-cache-server # kept\n  newTag: 2.5.0\n',
    'apiserver-env.yaml': [
      'kind: Deployment',
      'metadata: { name: ml-pipeline }',
      'spec: { template: { spec: { containers: [',
      '  { name: ml-pipeline-api-server, image: ghcr.io/kubeflow/kfp-api-server:2.5.0, env: [',
      '    { name: V2_DRIVER_IMAGE, value: ghcr.io/kubeflow/kfp-driver:2.5.0 },',
      '    { name: V2_LAUNCHER_IMAGE, value: ghcr.io/kubeflow/kfp-launcher:2.5.0 } ] } ] } } }',
      '',
    ].join('\n'),
    'values.yaml':
      'api: GITLAB_REGISTRY:MLPIPELINESERVER_IMAGE_TAG\nenv: { driver: , launcher: }\ncache: { image: { digest: "" } }\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(clone(), 'kubeflow', name), text);
  await git('-C', clone(), 'add', '.');
  await git('-C', clone(), 'commit', '--quiet', '--message', 'Start');
  await git('-C', clone(), 'push', '--quiet', 'origin', 'HEAD:main');
  const argocd = `#!/bin/sh\necho "$@" >>"${join(folder.path, 'argocd.log')}"\n`;
  await writeFile(join(reader.bin, 'argocd'), argocd, { mode: 0o755 });
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder.remove();
});

test.each(gitOpsBlocks.map((block) => [nameOf(block), block]))('%s', async (_, block) => {
  const { exitCode, stdout, stderr } = await reader.run(block);
  expect(exitCode, stdout + stderr).toBe(0);
});

test('and then the repository says the set', async () => {
  const file = (name: string): Promise<string> => readFile(join(clone(), 'kubeflow', name), 'utf8');
  const pinned = (image: string): string => `${reader.registry.path}/${image}@sha256:`;
  expect(await file('kustomization.yaml')).toMatch(
    /- name: \S+ # kept\n {2}newName: \S+\/cacheserver\n {2}digest: sha256:/,
  );
  const env = await file('apiserver-env.yaml');
  for (const image of ['apiserver', 'driver', 'launcher']) expect(env).toContain(pinned(image));
  const values = await file('values.yaml');
  expect(values).toContain(`api: ${pinned('apiserver')}`);
  expect(values).toMatch(/digest: "sha256:[0-9a-f]{64}"/);
  expect(await readFile(join(folder.path, 'argocd.log'), 'utf8')).toContain('kubeflow-pipelines');
  const branches = await reader.fork.git('-C', clone(), 'branch', '--remotes', '--format=%(refname:short)');
  expect(branches).toMatch(/^origin\/kfp-images\/[0-9a-f]{12}-[0-9a-f]{8}$/m);
});
