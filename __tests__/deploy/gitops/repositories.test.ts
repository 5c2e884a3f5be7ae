import { describe, expect, test } from 'vitest';
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
} from './written';

/* Shapes that public GitOps repositories have: charts of many kinds, entries of `images:` in every order, values that come from elsewhere. */

const tag = `commit-${lock.commit}`;
const hex = '0a'.repeat(32);

describe('Helm values', () => {
  const cache = 'ghcr.io/kubeflow/kfp-cache-server';

  test('a map or list named images is no kustomization', () => {
    const text = `images:\n  kfpCacheServer:\n    repository: ${cache}\n    tag: ~\n  kfpFrontend: {repository: ghcr.io/kubeflow/kfp-frontend, tag: 2.1.0}\n`;
    expect(after(text)).toBe(byHand(text, [[`${cache}\n    tag: ~`, `${registryPath}/cacheserver\n    tag: ${tag}`]]));
    const list = `images:\n- name: ${cache}\n  tag: "2.5"\n- {name: agent, repository: ghcr.io/kubeflow/kfp-persistence-agent, tag: 1}\n- {name: mysql, tag: 8}\n`;
    expect(after(list)).toBe(
      byHand(list, [
        [`${cache}\n  tag: "2.5"`, `${registryPath}/cacheserver\n  tag: "${tag}"`],
        ['ghcr.io/kubeflow/kfp-persistence-agent, tag: 1', `${registryPath}/persistenceagent, tag: ${tag}`],
      ]),
    );
  });

  test('a digest as sha', () => {
    const text = `cache: {repository: ${cache}, tag: 2, sha: ${hex}}\nagent: {repository: ghcr.io/kubeflow/kfp-persistence-agent, tag: 2, sha: 0a1b2c3}\n`;
    expect(after(text)).toBe(
      byHand(text, [
        [
          `${cache}, tag: 2, sha: ${hex}`,
          `${registryPath}/cacheserver, tag: ${tag}, sha: ${digestOf('cacheserver').slice(7)}`,
        ],
        ['ghcr.io/kubeflow/kfp-persistence-agent, tag: 2', `${registryPath}/persistenceagent, tag: ${tag}`],
      ]),
    );
  });

  test('variables as a map with value, and as parameters', () => {
    const text = `image: {repository: ghcr.io/kubeflow/kfp-api-server, tag: 1}\nenv:\n  V2_DRIVER_IMAGE: {value: x}\nparameters:\n- {name: api.env.V2_LAUNCHER_IMAGE, value: y}\n`;
    expect(after(text)).toBe(
      byHand(text, [
        ['ghcr.io/kubeflow/kfp-api-server, tag: 1', `${registryPath}/apiserver, tag: ${tag}`],
        ['value: x', `value: ${driver}`],
        ['value: y', `value: ${launcher}`],
      ]),
    );
  });

  test('--value takes an item of a list as Helm does', () => {
    const text = 'api: [{image: x}, {image: y}]\n';
    expect(after(text, { value: ['api[1].image=cacheserver'] })).toBe(
      text.replace('y', referenceOf(lock, 'cacheserver')),
    );
  });
});

describe('entries of images', () => {
  test.each([
    ['{newTag: 1, digest: x, name: NAME}', '{digest: DIGEST, newName: NEW, name: NAME}'],
    ['{newTag: 1, name: NAME, digest: x}', '{digest: DIGEST, newName: NEW, name: NAME}'],
    ['{digest: x, newTag: 1, name: NAME}', '{digest: DIGEST, newName: NEW, name: NAME}'],
    ['{name: NAME, newTag: 1, digest: x}', '{name: NAME, newName: NEW, digest: DIGEST}'],
    ['newTag: 1 # why\n  digest: x\n  name: NAME', 'digest: DIGEST # why\n  newName: NEW\n  name: NAME'],
    ['digest: x\n  newTag: 1\n  name: NAME', 'digest: DIGEST\n  newName: NEW\n  name: NAME'],
    ['name:\n    NAME\n  newTag:\n    1', 'name:\n    NAME\n  newName: NEW\n  digest: DIGEST'],
    ['? name\n  : NAME\n  newTag: 1', '? name\n  : NAME\n  digest: DIGEST\n  newName: NEW'],
  ])('tag and digest in any order: %s', (entry, expected) => {
    const full = (text: string): string =>
      `images:\n- ${text}\n`
        .replace('NAME', 'ghcr.io/kubeflow/kfp-cache-server')
        .replace('NEW', `${registryPath}/cacheserver`)
        .replace('DIGEST', digestOf('cacheserver'));
    expect(after(full(entry))).toBe(full(expected));
  });

  test('one that the image automation writes is not held against the others', () => {
    const text = `images:\n- name: ghcr.io/kubeflow/kfp-persistence-agent\n  newName: x # {"$imagepolicy": "flux-system:agent:name"}\n  newTag: 1 # {"$imagepolicy": "flux-system:agent:tag"}\n- {name: ghcr.io/kubeflow/kfp-cache-server, newTag: 1}\n`;
    const { files, warnings } = edited({ 'k.yaml': text });
    expect(files[0]?.after).toBe(
      text.replace('newTag: 1}', `newName: ${registryPath}/cacheserver, digest: ${digestOf('cacheserver')}}`),
    );
    expect(warnings).toEqual([expect.stringMatching(/^k\.yaml: "images\.0" is left alone: Flux'/)]);
  });
});

describe('JSON 6902 patches', () => {
  const patch = (target: string, operation: string): string =>
    `patches:\n- target: ${target}\n  patch: |-\n    - ${operation}\n`;
  const image = '{op: replace, path: /spec/template/spec/containers/0/image, value: "x:1"}';

  test.each([
    '{kind: Deployment, name: cache-serv.r}',
    '{name: cache-server}',
    '{kind: Deploy.*, name: ^cache-server$}',
  ])('a target is a pattern: %s', (target) => {
    const text = patch(target, image);
    expect(after(text)).toBe(text.replace('x:1', referenceOf(lock, 'cacheserver')));
  });

  test.each([
    '{kind: StatefulSet, name: cache-server}',
    '{kind: Deployment, name: cache-serve}',
    '{kind: Deployment, name: .*}',
  ])('another target, or one about several: %s', (target) => {
    expect(() => edited({ 'k.yaml': patch(target, image) })).toThrow('no place for an image of the set');
  });

  test('a whole container', () => {
    const text = patch(
      '{kind: Deployment, name: ml-pipeline}',
      '{op: add, path: /spec/template/spec/containers/-, value: {name: ml-pipeline-api-server, image: x, env: [{name: V2_DRIVER_IMAGE, value: y}, {name: V2_LAUNCHER_IMAGE, value: z}]}}',
    );
    expect(after(text)).toBe(
      byHand(text, [
        ['image: x', `image: ${api}`],
        ['value: y', `value: ${driver}`],
        ['value: z', `value: ${launcher}`],
      ]),
    );
  });
});

describe('a value that comes from elsewhere is left alone', () => {
  test.each(['${launcher}', '${launcher:=x}', '$(IMAGES_LAUNCHER)', '"{{ .Values.launcher }}"'])('%s', (value) => {
    const text = variables().replace(old('launcher'), value);
    const api1 = `api: ${old('apiserver')}\n`;
    expect(() => edited({ 'a.yaml': text, 'b.yaml': api1 })).toThrow(
      /half a set[^]*left alone: its value is filled in/,
    );
    const given = edited({ 'a.yaml': text, 'b.yaml': `${api1}launcher: ${old('launcher')}\n` });
    expect(given.files[0]?.after).toBe(text.replace(old('driver'), driver));
    expect(given.warnings.join()).toMatch(/left alone: its value is filled in/);
    const path = 'spec.template.spec.containers[0].env[1].value=launcher';
    expect(after(`${text}---\n${api1}`, { value: [path] })).toContain(launcher);
  });

  test('what stands for it where nothing is given is written', () => {
    const text = `${variables().replace(old('launcher'), `\${launcher:-${old('launcher')}}`)}---\napi: ${old('apiserver')}\n`;
    expect(edited({ 'a.yaml': text }).files[0]?.after).toBe(byHand(text, [...newVariables, [old('apiserver'), api]]));
  });
});

describe('what names an image and is not written is said, with its line', () => {
  test('an init container, a text in a ConfigMap, a chart of another shape', () => {
    const text = `cache: {repository: ghcr.io/kubeflow/kfp-cache-server, tag: 1}\nagent:\n  image: ghcr.io/kubeflow/kfp-persistence-agent:2.17.0 # pinned\n---\nkind: ConfigMap\ndata:\n  sidecar.container: |\n    name: driver\n    image: ghcr.io/kubeflow/kfp-driver:2.17.0\n`;
    const { files, warnings } = edited({ 'a.yaml': text });
    expect(files[0]?.edits).toHaveLength(2);
    expect(warnings).toEqual([
      'a.yaml: "document 1.agent.image" (line 3) names "ghcr.io/kubeflow/kfp-persistence-agent:2.17.0" and is not written. If it is to be the set\'s persistenceagent: --value "agent.image=persistenceagent".',
      expect.stringMatching(
        /^a\.yaml: "document 2\.data\.sidecar\.container\.image" \(line 9\) names .*kfp-driver:2\.17\.0" and/,
      ),
    ]);
    const value = ['agent.image=persistenceagent'];
    expect(edited({ 'a.yaml': text }, { value }).warnings).toHaveLength(1);
  });

  test('no more than five, and none for what entries of images reach', () => {
    const many = Array.from(
      { length: 9 },
      (_, index) => `k${index}: ghcr.io/kubeflow/kfp-viewer-crd-controller:1\n`,
    ).join('');
    const { warnings } = edited({
      'a.yaml': `cache: ghcr.io/kubeflow/kfp-cache-server\nx: {repository: ${registryPath}/cacheserver, tag: 1}\n${many}`,
    });
    expect(warnings).toHaveLength(6);
    expect(warnings.at(-1)).toBe('So do 5 more places of the files.');
    const entry = `images:\n- {name: ghcr.io/kubeflow/kfp-cache-server, newTag: 1}\n`;
    const container = `initContainers:\n- image: ghcr.io/kubeflow/kfp-cache-server:1\n`;
    expect(edited({ 'k.yaml': `${entry}---\n${container}` }).warnings).toEqual([]);
  });

  test('a key of an environment file by its name; what a patch tests for is left to the base', () => {
    const env = `CACHE=ghcr.io/kubeflow/kfp-cache-server:1\nAGENT=x\n`;
    const { files, warnings } = edited({ 'params.env': env }, { value: ['AGENT=persistenceagent'] });
    expect(files[0]?.edits).toMatchObject([{ path: 'AGENT', old: 'x' }]);
    expect(warnings).toEqual([expect.stringMatching(/^params\.env: "CACHE" \(line 1\) names/)]);
    const image = { path: '/spec/template/spec/containers/0/image', value: 'ghcr.io/kubeflow/kfp-cache-server:1' };
    const patch = [
      { op: 'test', ...image },
      { op: 'replace', ...image },
    ];
    expect(edited({ 'p.json': JSON.stringify(patch) }).warnings).toEqual([]);
  });

  test('a place that cannot be written has its line too', () => {
    const text = `base: &b {newTag: 1}\nimages:\n- <<: *b\n  name: ghcr.io/kubeflow/kfp-cache-server\n`;
    expect(() => edited({ 'k.yaml': text })).toThrow(/k\.yaml: "images\.0\.newTag" \(line 3\) can't be written/);
  });
});

describe('large and hostile files', () => {
  const rest = `\n---\ncache: ${old('cacheserver')}\n`;

  test('thousands of references in a text, of tags of which one begins as another', () => {
    const line = `docker://${old('driver')} ${old('launcher')} '${registryPath}/apiserver:v1' ${registryPath}/apiserver:v1-debug\n`;
    const made = after(line.repeat(500), {}, 'x.sh');
    expect(made === `docker://${driver} ${launcher} '${api}' ${api}\n`.repeat(500)).toBe(true);
  });

  test.each([
    ['aliases', `a: &a x\nl:\n${'- *a\n'.repeat(2001)}`, /does not parse: it has 2001 aliases/],
    ['nesting', `a: ${'['.repeat(20_000)}`, /does not parse: .*nested too deeply/],
    [
      'a key twice among many',
      `${Array.from({ length: 9_000 }, (_, index) => `k${index}: 1`).join('\n')}\nk7: 2`,
      /Map keys must be unique at line 9001, column 1/,
    ],
  ])('%s', (_, text, words) => {
    expect(() => edited({ 'a.yaml': text + rest })).toThrow(words);
  });

  test('a text that only looks nested', () => {
    const text = `x: '${'['.repeat(1000)}'${rest}`;
    expect(after(text)).toContain(referenceOf(lock, 'cacheserver'));
  });
});
