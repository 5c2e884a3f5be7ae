import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { lockOf } from '../deploy/lockOf';
import { base, deployment, patch } from './gitopsFiles';
import { createRepository, type GitopsRepository } from './gitopsRepository';
import { pathWithRenderers } from './renderers';

/* Applications of Argo CD, HelmReleases and Kustomizations of Flux whose manifests are in the same repository: rendered with what they put on top. */

let repository: GitopsRepository;
beforeAll(pathWithRenderers, 1_200_000);
beforeEach(async () => {
  repository = await createRepository(lockOf('one'));
});
afterEach(() => repository[Symbol.asyncDispose]());

const application = (source: string): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: kfp}\nspec:\n  source:\n${source}`;
const onTop = (indent: string): string =>
  `${indent}images:\n${indent}- ghcr.io/kubeflow/kfp-api-server:2.17.0\n${indent}patches:\n${indent}- patch: |\n${patch(['x', 'y'], `${indent}    `)}`;
const chart = {
  'kfp/Chart.yaml': 'apiVersion: v2\nname: kfp\nversion: 1.0.0\n',
  'kfp/values.yaml': 'api: {repository: x, tag: y}\nenv: []\n',
  'kfp/templates/deployment.yaml':
    deployment([], '"{{ .Values.api.repository }}:{{ .Values.api.tag }}"').trimEnd() +
    '\n        env: {{ toJson .Values.env }}\n',
};
const env = 'env: [{name: V2_DRIVER_IMAGE, value: x}, {name: V2_LAUNCHER_IMAGE, value: y}]';
const flux = (more: string): string =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: kfp}\nspec:\n  path: ./base\n  images:\n  - {name: ghcr.io/kubeflow/kfp-api-server, newTag: 2.17.0}\n${more}`;
const substitute = (name: string): string =>
  `  postBuild:\n    substitute:\n      ${name}: europe-west3-docker.pkg.dev/p/r/driver:1\n      launcher: europe-west3-docker.pkg.dev/p/r/launcher:1\n`;
const variables = {
  ...base,
  'base/deployment.yaml': deployment([
    '{name: V2_DRIVER_IMAGE, value: "${driver}"}',
    '{name: V2_LAUNCHER_IMAGE, value: "${launcher:=none}"}',
  ]),
};

test.each<readonly [string, Readonly<Record<string, string>>, string]>([
  [
    'Argo CD: kustomize',
    { ...base, 'app.yaml': application(`    path: base\n    kustomize:\n${onTop('      ')}`) },
    'base as app.yaml has it with kustomize',
  ],
  [
    'Argo CD: helm.values and parameters',
    {
      ...chart,
      'app.yaml': application(
        `    path: ./kfp\n    helm:\n      parameters:\n      - {name: api.repository, value: ghcr.io/kubeflow/kfp-api-server}\n      - {name: api.tag, value: v1}\n      values: |\n        ${env}\n`,
      ),
    },
    'kfp as app.yaml has it with helm',
  ],
  [
    'Flux: images and patches',
    { ...base, 'app.yaml': flux(`  patches:\n  - patch: |\n${patch(['x', 'y'], '      ')}`) },
    'base as app.yaml has it',
  ],
  ['Flux: postBuild', { ...variables, 'app.yaml': flux(substitute('driver')) }, 'base as app.yaml has it'],
  [
    'Flux: HelmRelease with a post renderer',
    {
      ...chart,
      'app.yaml': `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: kfp}\nspec:\n  chart: {spec: {chart: ./kfp}}\n  values:\n    api: {repository: ghcr.io/kubeflow/kfp-api-server, tag: v1}\n    ${env}\n  postRenderers:\n  - kustomize:\n      images:\n      - {name: mysql, newTag: "8"}\n`,
    },
    'kfp as app.yaml has it with helm',
  ],
])('%s', async (_, files, rendered) => {
  const { exitCode, stderr } = await repository.gitops(files, ['app.yaml']);
  expect(stderr).toContain(`Rendered ${rendered}`);
  expect(stderr).toContain('before and after: what changes is the set');
  expect(exitCode, stderr).toBe(0);
  expect(await repository.commits()).toBe('2');
});

test.each<readonly [string, Readonly<Record<string, string>>, RegExp]>([
  [
    'a substitution that the base does not use',
    { ...variables, 'app.yaml': flux(substitute('other')) },
    /half a set: V2_DRIVER_IMAGE \$\{driver\}/,
  ],
  [
    'values that the chart does not use',
    {
      ...chart,
      'kfp/templates/deployment.yaml': deployment(
        ['{name: V2_DRIVER_IMAGE, value: fixed}'],
        '"{{ .Values.api.repository }}:{{ .Values.api.tag }}"',
      ),
      'app.yaml': application(
        `    path: kfp\n    helm:\n      valuesObject:\n        api: {repository: ghcr.io/kubeflow/kfp-api-server, tag: v1}\n        ${env}\n`,
      ),
    },
    /half a set: V2_DRIVER_IMAGE fixed/,
  ],
])('%s: refused', async (_, files, why) => {
  const { exitCode, stderr } = await repository.gitops(files, ['app.yaml']);
  expect(stderr).toMatch(why);
  expect(exitCode).toBe(1);
  expect(await repository.commits()).toBe('1');
});
