import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { factsOf } from '../../src/deploy/gitops/rendered';
import { wantedImages } from '../../src/deploy/gitops/wanted';
import { lockOf, referenceOf } from '../deploy/lockOf';
import { base, deployment, patch, upstream } from './gitopsFiles';
import { createRepository, type GitopsRepository } from './gitopsRepository';
import { pathWithRenderers } from './renderers';

/* Edits of GitOps repositories by the command, whose results real kustomize and helm render. */

const lock = lockOf('one');
const images = wantedImages(kfpCatalog, lock, []);
const [api, driver, launcher] = ['apiserver', 'driver', 'launcher'].map((name) => referenceOf(lock, name));
const old = (name: string): string => `europe-west3-docker.pkg.dev/p/r/${name}@sha256:${'0'.repeat(64)}`;

let repository: GitopsRepository;
beforeAll(pathWithRenderers, 1_200_000);
beforeEach(async () => {
  repository = await createRepository(lock);
});
afterEach(() => repository[Symbol.asyncDispose]());

function expectSet(manifests: string): void {
  const facts = factsOf(manifests, images);
  expect(facts.map(({ what, value }) => [what, value])).toEqual([
    ['image', api],
    ['V2_DRIVER_IMAGE', driver],
    ['V2_LAUNCHER_IMAGE', launcher],
  ]);
}

const entry = 'images:\n- name: ghcr.io/kubeflow/kfp-api-server\n  newTag: 2.17.0\n';

describe('kustomize', () => {
  test('an overlay with images and an inline patch, with a prefix', async () => {
    const overlay = `namePrefix: prod-\nresources: [../base]\n${entry}patches:\n- patch: |-\n${patch([old('driver'), 'x'], '    ')}`;
    const { exitCode, stderr } = await repository.gitops({ ...base, 'prod/kustomization.yaml': overlay }, [
      'prod/kustomization.yaml',
    ]);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('Rendered prod with kustomize, before and after');
    expectSet(await repository.render('kustomize', 'build', 'prod'));
  });

  test('params.env through a configMapGenerator and replacements in a component', async () => {
    const target = (variable: string): string =>
      `  targets:\n  - select: {kind: Deployment, name: ml-pipeline}\n    fieldPaths: ['spec.template.spec.containers.[name=ml-pipeline-api-server].${variable}']\n`;
    const source = (key: string): string => `- source: {kind: ConfigMap, name: images, fieldPath: data.${key}}\n`;
    const files = {
      ...base,
      'parts/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nconfigMapGenerator:\n- name: images\n  envs: [params.env]\nreplacements:\n${source('IMAGES_APISERVER')}${target('image')}${source('IMAGES_DRIVER')}${target('env.[name=V2_DRIVER_IMAGE].value')}${source('IMAGES_LAUNCHER')}${target('env.[name=V2_LAUNCHER_IMAGE].value')}`,
      'parts/params.env':
        'IMAGES_APISERVER=quay.io/x/api:1\nIMAGES_DRIVER=quay.io/x/driver:1\nIMAGES_LAUNCHER=quay.io/x/launcher:1\n',
      'prod/kustomization.yaml': 'resources: [../base]\ncomponents: [../parts]\n',
    };
    const values = ['IMAGES_APISERVER=apiserver', 'IMAGES_DRIVER=driver', 'IMAGES_LAUNCHER=launcher'];
    const { exitCode, stderr } = await repository.gitops(
      files,
      ['parts/params.env'],
      ...values.map((value) => `--value=${value}`),
    );
    expect(exitCode, stderr).toBe(0);
    expectSet(await repository.render('kustomize', 'build', 'prod'));
  });

  test('a JSON patch and a patch file', async () => {
    const json = `- op: replace\n  path: /spec/template/spec/containers/0/env/0/value\n  value: ghcr.io/kubeflow/kfp-driver:2.17.0\n- op: replace\n  path: /spec/template/spec/containers/0/env/1/value\n  value: ghcr.io/kubeflow/kfp-launcher:2.17.0\n`;
    const overlay = `resources: [../base]\n${entry}patches:\n- path: env.yaml\n  target: {kind: Deployment, name: ml-pipeline}\n`;
    const files = { ...base, 'prod/kustomization.yaml': overlay, 'prod/env.yaml': json };
    const { exitCode, stderr } = await repository.gitops(files, ['prod/kustomization.yaml', 'prod/env.yaml']);
    expect(exitCode, stderr).toBe(0);
    expectSet(await repository.render('kustomize', 'build', 'prod'));
  });

  test('a Deployment without variables: what is in the image counts', async () => {
    const files = {
      'base/kustomization.yaml': 'resources: [deployment.yaml]\n',
      'base/deployment.yaml': deployment([]),
      'prod/kustomization.yaml': `resources: [../base]\n${entry}`,
    };
    const { exitCode, stderr } = await repository.gitops(files, ['prod/kustomization.yaml'], '--baked-variables');
    expect(exitCode, stderr).toBe(0);
    expect(factsOf(await repository.render('kustomize', 'build', 'prod'), images).map(({ value }) => value)).toEqual([
      api,
      undefined,
      undefined,
    ]);
  });

  const overlay = `resources: [../base]\n${entry}patches:\n- patch: |-\n${patch(['x', 'y'], '    ')}`;
  test.each([
    [
      'baked variables that the base sets after all',
      { ...base, 'prod/kustomization.yaml': `resources: [../base]\n${entry}` },
      ['--baked-variables'],
      /half a set: V2_DRIVER_IMAGE ghcr.io\/kubeflow\/kfp-driver:2.17.0/,
    ],
    [
      'a kustomization on top that overrides the driver',
      {
        ...base,
        'prod/kustomization.yaml': overlay,
        'top/kustomization.yaml': `resources: [../prod]\npatches:\n- target: {kind: Deployment}\n  patch: '[{"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "hotfix:1"}]'\n`,
      },
      [],
      /Rendered with kustomize, top would be wrong: .* half a set: V2_DRIVER_IMAGE hotfix:1/,
    ],
    [
      'a variable that a JSON patch adds a second time',
      {
        ...base,
        'prod/kustomization.yaml': `${overlay}- target: {kind: Deployment}\n  patch: |-\n    - {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: V2_DRIVER_IMAGE, value: x}}\n`,
      },
      [],
      /half a set: V2_DRIVER_IMAGE .* and then /,
    ],
    [
      'an entry for a name that the base does not use',
      {
        'base/kustomization.yaml': 'resources: [deployment.yaml]\n',
        'base/deployment.yaml': deployment(upstream, 'mirror/api:1'),
        'prod/kustomization.yaml': overlay,
      },
      [],
      /half a set: image mirror\/api:1/,
    ],
  ])('%s: refused', async (_, files, flags, why) => {
    const { exitCode, stderr } = await repository.gitops(files, ['prod/kustomization.yaml'], ...flags);
    expect(stderr).toMatch(why);
    expect(exitCode).toBe(1);
    expect(await repository.commits()).toBe('1');
  });

  test('another overlay that says its own is left alone', async () => {
    const files = {
      ...base,
      'prod/kustomization.yaml': overlay,
      'dev/kustomization.yaml': `resources: [../base]\n${entry}`,
    };
    const { exitCode, stderr } = await repository.gitops(files, ['prod/kustomization.yaml']);
    expect(exitCode, stderr).toBe(0);
    expectSet(await repository.render('kustomize', 'build', 'prod'));
  });
});

describe('helm', () => {
  const chart = (image: string): Readonly<Record<string, string>> => ({
    'kfp/Chart.yaml': 'apiVersion: v2\nname: kfp\nversion: 1.0.0\n',
    'kfp/values.yaml': `api:\n  registry: ghcr.io\n  repository: kubeflow/kfp-api-server\n  tag: 2.17.0\n  digest: "" # set by CI\nV2_DRIVER_IMAGE: x\nV2_LAUNCHER_IMAGE:\n`,
    'kfp/templates/deployment.yaml': deployment(
      [
        '{name: V2_DRIVER_IMAGE, value: "{{ .Values.V2_DRIVER_IMAGE }}"}',
        '{name: V2_LAUNCHER_IMAGE, value: "{{ .Values.V2_LAUNCHER_IMAGE }}"}',
      ],
      image,
    ),
  });

  test('values with registry, repository, tag and digest apart', async () => {
    const image =
      '"{{ .Values.api.registry }}/{{ .Values.api.repository }}{{ with .Values.api.digest }}@{{ . }}{{ else }}:{{ .Values.api.tag }}{{ end }}"';
    const { exitCode, stderr } = await repository.gitops(chart(image), ['kfp/values.yaml']);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('Rendered kfp with helm');
    expectSet(await repository.render('helm', 'template', 'x', 'kfp'));
  });

  test('values of one environment', async () => {
    const image = '"{{ .Values.api.image }}"';
    const prod = `api: {image: ${old('apiserver')}}\nV2_DRIVER_IMAGE: x\nV2_LAUNCHER_IMAGE: x\n`;
    const { exitCode, stderr } = await repository.gitops({ ...chart(image), 'kfp/prod.yaml': prod }, ['kfp/prod.yaml']);
    expect(exitCode, stderr).toBe(0);
    expectSet(await repository.render('helm', 'template', 'x', 'kfp', '--values', 'kfp/prod.yaml'));
  });

  test('a chart that does not use the values: refused', async () => {
    const { exitCode, stderr } = await repository.gitops(chart('ghcr.io/kubeflow/kfp-api-server:2.17.0'), [
      'kfp/values.yaml',
    ]);
    expect(stderr).toMatch(
      /Rendered with helm, kfp would be wrong: the Deployment ml-pipeline would be half a set: image ghcr/,
    );
    expect(exitCode).toBe(1);
    expect(await repository.commits()).toBe('1');
  });
});
