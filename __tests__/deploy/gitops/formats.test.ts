import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { referenceOf } from '../lockOf';
import {
  after,
  api,
  byHand,
  digestOf,
  driver,
  edited,
  launcher,
  lock,
  newVariables,
  old,
  registryPath,
  variables,
  zero,
} from './written';

/* The formats of files as GitOps repositories have them: the whole file before and after. */

describe('a file that stays readable', () => {
  const deployment = (image: string, a: string, b: string): string =>
    variables()
      .replace('        env:', `        image:${image}\n        env:`)
      .replace(`, value: "${old('driver')}"`, `, value:${a}`)
      .replace(`          value: ${old('launcher')}`, `          value:${b}`);

  test('a key without a value, also before a comment', () => {
    expect(after(deployment('', '', ' # later'))).toBe(deployment(` ${api}`, ` ${driver}`, ` ${launcher} # later`));
  });

  test.each(['>-', '|-', '>', '|', '>+2', '|2-'])('block scalars: %s', (style) => {
    const block = (name: string): string => ` ${style} # kept\n            ${old(name)}\n`;
    const text = variables()
      .replace('        env:', `        image:${block('apiserver')}        env:`)
      .replace(` ${old('launcher')}\n`, block('launcher'))
      .replace(old('driver'), driver);
    const made = after(text);
    const [document] = parseAllDocuments(made);
    const container = ['spec', 'template', 'spec', 'containers', 0];
    expect(document?.getIn([...container, 'image'])).toBe(api);
    expect(document?.getIn([...container, 'env', 1, 'value'])).toBe(launcher);
    expect(made.match(/# kept/g)).toHaveLength(2);
  });

  test('empty Helm values', () => {
    const text = 'a:\n  tag:\n  digest: # set by CI\nb: 1\nd: {v: , w: ~}\n';
    const value = ['a.tag=apiserver:commit', 'a.digest=apiserver:digest', 'd.v=driver', 'd.w=launcher'];
    expect(after(text, { value })).toBe(
      `a:\n  tag: commit-${lock.commit}\n  digest: ${digestOf('apiserver')} # set by CI\nb: 1\nd: {v: ${driver} , w: ${launcher}}\n`,
    );
  });
});

describe('kustomize', () => {
  const patched = `patches:\n- target: {kind: Deployment, name: ml-pipeline}\n  patch: |-\n${variables('    ')}`;

  test('an inline patch, and entries of images in all styles', () => {
    const text = `images:\n- newTag: |\n    2.17.0\n  name: ghcr.io/kubeflow/kfp-api-server\n- {name: ghcr.io/kubeflow/kfp-cache-server, newTag: "1"}\n${patched}`;
    expect(after(text)).toBe(
      byHand(text, [
        [
          'newTag: |\n    2.17.0\n  name: ghcr.io/kubeflow/kfp-api-server',
          `digest: ${digestOf('apiserver')}\n  name: ghcr.io/kubeflow/kfp-api-server\n  newName: ${registryPath}/apiserver`,
        ],
        [', newTag: "1"', `, newName: ${registryPath}/cacheserver, digest: ${digestOf('cacheserver')}`],
        ...newVariables,
      ]),
    );
  });

  test('a name that is a regular expression, and one about several images', () => {
    const text = `images:\n- {name: ".*/kfp-api-server", newTag: "1"}\n${patched}`;
    expect(after(text)).toContain(`digest: ${digestOf('apiserver')}`);
    expect(() => after(text.replace('kfp-api-server', 'kfp-.*'))).toThrow(/about several images/);
  });

  test('entries that feed each other are followed', () => {
    const text = `images:\n- {name: ghcr.io/kubeflow/kfp-api-server, newName: mirror/api}\n- {name: mirror/api, newTag: "5"}\n${patched}`;
    expect(after(text)).toContain(`- {name: mirror/api, newTag: "5"}`);
    const undone = `images:\n- {name: ghcr.io/kubeflow/kfp-api-server, newTag: "1"}\n- {name: europe-.*, newTag: "5"}\n${patched}`;
    expect(() => after(undone)).toThrow(/one after the other, make .*:5 of/);
  });

  test('literals, and an environment file', () => {
    const text = `configMapGenerator:\n- name: images\n  literals:\n  - V2_DRIVER_IMAGE=x\n  - "V2_LAUNCHER_IMAGE=${old('launcher')}" # kept\n  - API=${old('apiserver')}\n`;
    expect(after(text)).toBe(
      byHand(text, [
        ['V2_DRIVER_IMAGE=x', `V2_DRIVER_IMAGE=${driver}`],
        [old('launcher'), launcher],
        [old('apiserver'), api],
      ]),
    );
  });

  test('a JSON 6902 patch, by its target and by what it says', () => {
    const text = `patches:\n- target: {kind: Deployment, name: ml-pipeline}\n  patch: |-\n    - op: replace\n      path: /spec/template/spec/containers/0/image\n      value: x:1\n    - {op: replace, path: /spec/template/spec/containers/0/env/1/value, value: "ghcr.io/kubeflow/kfp-driver:2.17.0"}\n    - op: add\n      path: /spec/template/spec/containers/0/env/-\n      value: {name: V2_LAUNCHER_IMAGE, value: y}\n`;
    expect(after(text)).toBe(
      byHand(text, [
        ['x:1', api],
        ['ghcr.io/kubeflow/kfp-driver:2.17.0', driver],
        ['value: y', `value: ${launcher}`],
      ]),
    );
  });

  test('images of the driver reach no variable: refused, with the patch to add', () => {
    const text =
      'images:\n- {name: ghcr.io/kubeflow/kfp-api-server, newTag: 2.17.0}\n- {name: ghcr.io/kubeflow/kfp-driver, newTag: 2.17.0}\n- {name: ghcr.io/kubeflow/kfp-launcher, newTag: 2.17.0}\n';
    expect(() => edited({ 'k.yaml': text })).toThrow(
      new RegExp(`half a set[^]*- \\{name: V2_DRIVER_IMAGE, value: "${driver}"\\}`),
    );
    expect(edited({ 'k.yaml': text }, { baked: true }).warnings.join()).toMatch(
      /V2_DRIVER_IMAGE and V2_LAUNCHER_IMAGE/,
    );
  });
});

describe('Flux', () => {
  test('Kustomization: images, patches, postBuild', () => {
    const text = `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: kfp}\nspec:\n  images:\n  - {name: ghcr.io/kubeflow/kfp-api-server, newName: ${registryPath}/apiserver, digest: "${zero}"}\n  postBuild:\n    substitute:\n      driver: "${old('driver')}"\n      launcher: ${old('launcher')}\n`;
    expect(after(text)).toBe(
      byHand(text, [
        [zero, '@'],
        [`digest: "@"`, `digest: "${digestOf('apiserver')}"`],
        [`${registryPath}/driver@@`, driver],
        [`${registryPath}/launcher@@`, launcher],
      ]),
    );
  });

  test('HelmRelease: values and post renderers', () => {
    const text = `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    env:\n    - {name: V2_DRIVER_IMAGE, value: x}\n    - {name: V2_LAUNCHER_IMAGE, value: x}\n    agent: {image: {registry: ghcr.io, repository: kubeflow/kfp-persistence-agent, tag: 2.5.0}}\n  postRenderers:\n  - kustomize:\n      images:\n      - name: ghcr.io/kubeflow/kfp-api-server\n        newTag: 2.5.0 # kept\n`;
    expect(after(text)).toBe(
      byHand(text, [
        ['V2_DRIVER_IMAGE, value: x', `V2_DRIVER_IMAGE, value: ${driver}`],
        ['V2_LAUNCHER_IMAGE, value: x', `V2_LAUNCHER_IMAGE, value: ${launcher}`],
        [
          'registry: ghcr.io, repository: kubeflow/kfp-persistence-agent, tag: 2.5.0',
          `registry: europe-west3-docker.pkg.dev, repository: p/r/persistenceagent, tag: commit-${lock.commit}`,
        ],
        [
          '        newTag: 2.5.0 # kept',
          `        newName: ${registryPath}/apiserver\n        digest: ${digestOf('apiserver')} # kept`,
        ],
      ]),
    );
  });

  test('a marker of the image automation: left alone unless asked', () => {
    const text = `api:\n  repository: ${registryPath}/apiserver\n  tag: v1 # {"$imagepolicy": "flux-system:api:tag"}\ncache:\n  repository: ${registryPath}/cacheserver\n  digest: ${zero}\n`;
    const done = edited({ 'v.yaml': text });
    expect(done.files[0]?.after).toBe(text.replace(zero, digestOf('cacheserver')));
    expect(done.warnings.join()).toMatch(/left alone: Flux' image automation/);
    expect(edited({ 'v.yaml': text }, { value: ['api.tag=apiserver:commit'], baked: true }).files[0]?.after).toContain(
      `tag: commit-${lock.commit} # {"$im`,
    );
  });
});

describe('Argo CD', () => {
  test('Application: kustomize.images and patches', () => {
    const text = `kind: Application\nspec:\n  source:\n    kustomize:\n      images:\n      - ghcr.io/kubeflow/kfp-api-server:2.17.0\n      - 'ghcr.io/kubeflow/kfp-cache-server=mirror/cache:1'\n      - mysql:8\n      patches:\n      - patch: |\n${variables('          ')}`;
    expect(after(text)).toBe(
      byHand(text, [
        ['ghcr.io/kubeflow/kfp-api-server:2.17.0', `ghcr.io/kubeflow/kfp-api-server=${api}`],
        ['mirror/cache:1', referenceOf(lock, 'cacheserver')],
        ...newVariables,
      ]),
    );
  });

  test('Application: helm.parameters, valuesObject and values', () => {
    const text = `kind: Application\nspec:\n  sources:\n  - helm:\n      parameters:\n      - {name: api.image.repository, value: ${registryPath}/apiserver}\n      - {name: api.image.tag, value: v1}\n      valuesObject:\n        cache: {repository: ${registryPath}/cacheserver, tag: "", digest: "${zero}"}\n      values: |\n        # text\n        env:\n          V2_DRIVER_IMAGE: x   # kept\n          V2_LAUNCHER_IMAGE: 'x'\n\n`;
    expect(after(text)).toBe(
      byHand(text, [
        ['api.image.tag, value: v1', `api.image.tag, value: commit-${lock.commit}`],
        [zero, digestOf('cacheserver')],
        ['V2_DRIVER_IMAGE: x', `V2_DRIVER_IMAGE: ${driver}`],
        ["V2_LAUNCHER_IMAGE: 'x'", `V2_LAUNCHER_IMAGE: '${launcher}'`],
      ]),
    );
  });

  test('.argocd-source-app.yaml', () => {
    const text = `kustomize:\n  images:\n  - ghcr.io/kubeflow/kfp-cache-server=${old('cacheserver')}\n`;
    expect(after(text, {}, 'kfp/.argocd-source-kfp.yaml')).toBe(
      text.replace(old('cacheserver'), referenceOf(lock, 'cacheserver')),
    );
  });

  test('values in one line of escapes are refused, not left out', () => {
    const text = `helm:\n  values: "driver: ${old('driver')}\\nlauncher: ${old('launcher')}\\napi: ${old('apiserver')}\\n"\n`;
    expect(() => after(text)).toThrow(/folded, or has escapes; write it as a literal block/);
  });
});

describe('the custom resource of an operator', () => {
  const head = (spec: string): string =>
    `apiVersion: datasciencepipelinesapplications.opendatahub.io/v1\nkind: DataSciencePipelinesApplication\nmetadata:\n  name: sample\nspec:\n${spec}`;

  test('what it names is written, and with it what must be of one commit', () => {
    const text = head(
      `  apiServer:\n    deploy: true\n    image: quay.io/opendatahub/ds-pipelines-api-server:v2 # ours\n    argoDriverImage: 'quay.io/opendatahub/ds-pipelines-driver:v2'\n` +
        `  persistenceAgent:\n    deploy: true\n  scheduledWorkflow: {image: quay.io/x/y@${zero}}\n`,
    );
    const written = after(text);
    expect(written).toContain(`    image: ${api} # ours\n`);
    expect(written).toContain(`argoDriverImage: '${driver}'`);
    expect(written).toContain(`argoLauncherImage: ${launcher}\n`);
    expect(written).toContain(`scheduledWorkflow: {image: ${referenceOf(lock, 'scheduledworkflow')}}`);
    expect(written).toContain('  persistenceAgent:\n    deploy: true\n  scheduledWorkflow');
  });

  test('in one that names none there is no place, nor in another kind', () => {
    const text = head('  apiServer:\n    deploy: true\n    image:\n');
    expect(() => edited({ 'a.yaml': text })).toThrow('a.yaml has no place for an image of the set');
    const other = head('  apiServer:\n    image: a/b:1\n').replace('opendatahub.io/v1', 'example.com/v1');
    expect(() => edited({ 'a.yaml': other })).toThrow('a.yaml has no place for an image of the set');
  });
});
