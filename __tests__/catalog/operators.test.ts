import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { readCatalog } from '../../src/catalog/parseCatalog';
import { mistakesOf } from '../support/catalogs';

const catalog = (operators: string): string => `
version: 1
images:
  driver: { dockerfile: D }
  launcher: { dockerfile: L }
  apiserver: { dockerfile: A, bind: { V2_DRIVER_IMAGE: driver, V2_LAUNCHER_IMAGE: launcher } }
operators:
  ours:
    group: example.com
    kind: Pipelines
${operators}`;
const all = `
    images:
      driver: { path: spec.driver }
      launcher: { path: 'spec.images.a\\.b/launcher' }
      apiserver: { path: spec.api.image, unlessFalse: spec.api.on, deploy: { deployment: '{{name}}-api', container: api } }`;

describe('operators', () => {
  test('the template says the same as the built-in catalog', async () => {
    const text = await readFile(join(__dirname, '../../templates/kfp-images.yaml'), 'utf8');
    expect((await readCatalog(text, 'c.yaml')).operators).toEqual(kfpCatalog.operators);
  });

  test('where a custom resource names images is data', async () => {
    const { operators } = await readCatalog(catalog(`    version: v1beta1\n    resource: main${all}`), 'c.yaml');
    expect(operators?.get('ours')).toEqual({
      name: 'ours',
      group: 'example.com',
      version: 'v1beta1',
      kind: 'Pipelines',
      resource: 'main',
      runAccount: undefined,
      images: new Map([
        ['driver', { path: ['spec', 'driver'], unlessFalse: undefined, deploy: undefined }],
        ['launcher', { path: ['spec', 'images', 'a.b/launcher'], unlessFalse: undefined, deploy: undefined }],
        [
          'apiserver',
          {
            path: ['spec', 'api', 'image'],
            unlessFalse: ['spec', 'api', 'on'],
            deploy: { deployment: '{{name}}-api', container: 'api' },
          },
        ],
      ]),
    });
  });

  test.each([
    ['an unknown field', `${all}\n    names: x`, /operators\.ours\.names: unknown field/],
    ['an unknown image', `${all}\n      ui: { path: spec.ui }`, /there is no image "ui"/],
    ['half a set', all.replace('launcher:', '# launcher:'), /starts "launcher", which has no path here/],
    ['one path for two', all.replace('spec.driver', 'spec.api.image'), /has the same path as "driver"/],
    ['a path into the status', all.replace('spec.driver', 'status.driver'), /is not what users write/],
    ['a path that is none', all.replace('spec.driver', 'driver'), /is not the path of a field/],
    ['another placeholder', all.replace('{{name}}', '{{sha}}'), /unknown placeholder "sha"; known: \{\{name\}\}/],
    ['a Deployment that is none', all.replace('{{name}}-api', '{{name}}_API'), /is not the name of a Deployment/],
    ['a version with its group', `    version: example.com/v1${all}`, /is not a version of an API/],
    ['no images', '', /operators\.ours\.images: is missing/],
  ])('%s', async (_, text, expected) => {
    expect(await mistakesOf(catalog(text))).toMatch(expected);
  });
});
