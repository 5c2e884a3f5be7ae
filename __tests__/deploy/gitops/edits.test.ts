import { assert, property, constantFrom, record, boolean, array, integer } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kfpCatalog } from '../../../src/catalog/kfp';
import { editFiles, type EditRules } from '../../../src/deploy/gitops/edits';
import { pathRule, placeholderRule } from '../../../src/deploy/gitops/rules';
import { requireWholeSet } from '../../../src/deploy/gitops/wholeSet';
import { wantedImages } from '../../../src/deploy/gitops/wanted';
import { UsageError } from '../../../src/errors';
import { lockOf, referenceOf } from '../lockOf';

const lock = lockOf('one');
const next = lockOf('two');
const ref = (name: string): string => referenceOf(lock, name);
const { digest = '' } = lock.images['apiserver'] ?? {};

const rules = (set = lock, placeholders: readonly string[] = [], paths: readonly string[] = []): EditRules => {
  const images = wantedImages(kfpCatalog, set, []);
  return {
    images,
    placeholders: placeholders.map((flag) => placeholderRule(flag, images)),
    paths: paths.map((flag) => pathRule(flag, images)),
  };
};
const edit = (text: string, by = rules()): string => editFiles([{ path: 'a.yaml', text }], by).files[0]?.after ?? '';

describe('a placeholder', () => {
  const placeholder = 'GITLAB_REGISTRY:MLPIPELINESERVER_IMAGE_TAG';
  const by = rules(lock, [`${placeholder}=apiserver`]);

  test.each([
    [
      'plain',
      `image: ${placeholder} # the server\r\nother: x\r\n`,
      `image: ${ref('apiserver')} # the server\r\nother: x\r\n`,
    ],
    ['in double quotes', `image: "${placeholder}"\n`, `image: "${ref('apiserver')}"\n`],
    ['in single quotes', `{ image: '${placeholder}' , b: 1}`, `{ image: '${ref('apiserver')}' , b: 1}`],
    ['in a block of text', `patch: |-\n  - value: ${placeholder}\n`, `patch: |-\n  - value: ${ref('apiserver')}\n`],
    ['twice', `a: ${placeholder}\nb: ${placeholder}\n`, `a: ${ref('apiserver')}\nb: ${ref('apiserver')}\n`],
    [
      'in a template',
      `{{- if .x }}\nimage: ${placeholder}\n{{ end }}`,
      `{{- if .x }}\nimage: ${ref('apiserver')}\n{{ end }}`,
    ],
    ['not in a comment', `# ${placeholder}\na: ${placeholder}\n`, `# ${placeholder}\na: ${ref('apiserver')}\n`],
    ['behind a byte order mark', `\uFEFFa: ${placeholder}\n`, `\uFEFFa: ${ref('apiserver')}\n`],
  ])('%s', (_, before, after) => {
    expect(edit(before, by)).toBe(after);
  });

  test('is brought up to date once it has been replaced', () => {
    const again = rules(next, [`${placeholder}=apiserver`]);
    expect(edit(edit(`image: ${placeholder}\n`, by), again)).toBe(`image: ${referenceOf(next, 'apiserver')}\n`);
  });

  test('that is nowhere is a mistake, and so is a file without any place', () => {
    expect(() => edit('a: b\n', by)).toThrow(UsageError);
    expect(() => edit('a: b\n')).toThrow(/a\.yaml has no place for an image/);
  });
});

describe('a kustomization', () => {
  test.each([
    [
      'tag to digest',
      'images:\n- name: ghcr.io/kubeflow/kfp-api-server\n  newName: x/y # why\n  newTag: "2.5.0"\n- name: mysql\n  newTag: "8"\n',
      `images:\n- name: ghcr.io/kubeflow/kfp-api-server\n  newName: europe-west3-docker.pkg.dev/p/r/apiserver # why\n  digest: ${digest}\n- name: mysql\n  newTag: "8"\n`,
    ],
    [
      'name alone, CRLF',
      'images:\r\n  - name: gcr.io/ml-pipeline/api-server\r\n',
      `images:\r\n  - name: gcr.io/ml-pipeline/api-server\r\n    newName: europe-west3-docker.pkg.dev/p/r/apiserver\r\n    digest: ${digest}\r\n`,
    ],
    [
      'in braces',
      'images: [{ name: gcr.io/ml-pipeline/api-server, newTag: 2.3.0 }]\n',
      `images: [{ name: gcr.io/ml-pipeline/api-server, newName: europe-west3-docker.pkg.dev/p/r/apiserver, digest: ${digest} }]\n`,
    ],
    [
      'tag and digest',
      `images:\n- name: gcr.io/ml-pipeline/api-server\n  newTag: v1\n  digest: sha256:${'0'.repeat(64)}\n  newName: "a/b"\n`,
      `images:\n- name: gcr.io/ml-pipeline/api-server\n  digest: ${digest}\n  newName: "europe-west3-docker.pkg.dev/p/r/apiserver"\n`,
    ],
  ])('%s', (_, before, after) => {
    expect(edit(before)).toBe(after);
    expect(edit(after)).toBe(after);
  });
});

test('a registry with a port: a repository alone is not a reference', () => {
  const by = rules(lockOf('one', [], '127.0.0.1:5000/p/r'));
  const once = edit('images:\n- name: gcr.io/ml-pipeline/api-server\n  newTag: 2.3.0\n', by);
  expect(once).toContain('newName: 127.0.0.1:5000/p/r/apiserver\n');
  expect(edit(once, by)).toBe(once);
});

describe('a Deployment', () => {
  const head =
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ml-pipeline}\nspec:\n  template:\n    spec:\n      containers:\n';

  test('image and both variables, by name', () => {
    const before = `${head}      - name: ml-pipeline-api-server\n        image: 'a:1'\n        env:\n        - name: V2_DRIVER_IMAGE\n          value: "b:2"\n        - {name: V2_LAUNCHER_IMAGE, value: c}\n      - name: sidecar\n        image: a:1\n`;
    expect(edit(before)).toBe(
      before
        .replace("'a:1'", `'${ref('apiserver')}'`)
        .replace('"b:2"', `"${ref('driver')}"`)
        .replace('value: c', `value: ${ref('launcher')}`),
    );
  });

  test('variables that are missing are added to those there', () => {
    const before = `${head}      - name: ml-pipeline-api-server\n        image: a:1\n        env:\n          # - old\n          - name: X\n            value: y\n`;
    expect(edit(before)).toBe(
      before
        .replace('image: a:1', `image: ${ref('apiserver')}`)
        .replace(
          '          - name: X',
          `          - name: V2_DRIVER_IMAGE\n            value: ${ref('driver')}\n          - name: V2_LAUNCHER_IMAGE\n            value: ${ref('launcher')}\n          - name: X`,
        ),
    );
  });

  test('without any variables they get a list', () => {
    const before = `${head}      - image: a:1\n        name: ml-pipeline-api-server\n`;
    const after = edit(before);
    const [container] = (
      parseAllDocuments(after)[0]?.toJS() as { spec: { template: { spec: { containers: object[] } } } }
    ).spec.template.spec.containers;
    expect(container).toEqual({
      image: ref('apiserver'),
      env: [
        { name: 'V2_DRIVER_IMAGE', value: ref('driver') },
        { name: 'V2_LAUNCHER_IMAGE', value: ref('launcher') },
      ],
      name: 'ml-pipeline-api-server',
    });
    expect(edit(after)).toBe(after);
  });

  test('an apiserver without a place for its variables is a warning', () => {
    const { files } = editFiles(
      [{ path: 'k.yaml', text: 'images:\n- name: gcr.io/ml-pipeline/api-server\n' }],
      rules(),
    );
    expect(requireWholeSet(files, rules()).join()).toMatch(/V2_DRIVER_IMAGE and V2_LAUNCHER_IMAGE/);
  });
});

test('Helm values by path', () => {
  const by = rules(
    lock,
    [],
    ['api.image.repository=apiserver:repository', 'api.image.digest=apiserver:digest', 'env.0.value=driver'],
  );
  const before = 'api:\n  image:\n    repository: a/b   # here\n    digest: ""\nenv:\n  - {name: x, value: old}\n';
  expect(edit(before, by)).toBe(
    before
      .replace('a/b', 'europe-west3-docker.pkg.dev/p/r/apiserver')
      .replace('""', `"${digest}"`)
      .replace('old', ref('driver')),
  );
  expect(() => edit(before, rules(lock, [], ['api.nothing=apiserver']))).toThrow(/no.*value at api\.nothing/);
});

test('two rules that claim one place are refused', () => {
  expect(() => edit('a: PLACE\n', rules(lock, ['PLACE=apiserver'], ['a=driver']))).toThrow(/is to hold both/);
});

test('whatever the file looks like, only the values differ', () => {
  const scalar = constantFrom('plain', 'single', 'double');
  const file = record({
    crlf: boolean(),
    bom: boolean(),
    documents: array(
      record({
        before: array(
          constantFrom(
            '# a comment: x',
            'k1: "a: b" # c',
            'k2: [1,  2,{a: b}]',
            "k3: 'it''s'",
            'k4: >-\n  folded\n  text',
            '',
            'ключ: значение 🚀',
            'k5: &anchor  v',
          ),
        ),
        style: scalar,
        spaces: integer({ min: 1, max: 4 }),
        comment: boolean(),
        image: constantFrom('apiserver', 'driver', 'cacheserver'),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  });
  assert(
    property(file, ({ crlf, bom, documents }) => {
      const values = (set: typeof lock): string => {
        const texts = documents.map(({ before, style, spaces, comment, image }) => {
          const value = referenceOf(set, image);
          const shown = style === 'plain' ? value : style === 'single' ? `'${value}'` : `"${value}"`;
          return [
            ...new Set(before),
            `image:${' '.repeat(spaces)}${shown}${comment ? '  # keep' : ''}`,
            'last: {x: 1}',
          ].join('\n');
        });
        const text = `${texts.join('\n---\n')}\n`;
        return (bom ? '\uFEFF' : '') + (crlf ? text.replaceAll('\n', '\r\n') : text);
      };
      // Byte by byte what a person would have written by hand.
      expect(edit(values(lock), rules(next))).toBe(values(next));
    }),
    { numRuns: 300 },
  );
});
