import { expect, test } from 'vitest';
import { kfpCatalog } from '../../../src/catalog/kfp';
import { factsOf, renderedProblems, unreached } from '../../../src/deploy/gitops/rendered';
import { wantedImages } from '../../../src/deploy/gitops/wanted';
import { lockOf, referenceOf } from '../lockOf';

const lock = lockOf('one');
const images = wantedImages(kfpCatalog, lock, []);
const [api = '', driver = '', launcher = ''] = ['apiserver', 'driver', 'launcher'].map((name) =>
  referenceOf(lock, name),
);

const manifests = (image: string, ...env: readonly string[]): string =>
  `kind: Deployment\nmetadata: {name: prod-ml-pipeline}\nspec: {template: {spec: {containers: [{name: ml-pipeline-api-server, image: "${image}", env: [${env.join(', ')}]}]}}}\n---\nkind: ConfigMap\nmetadata: {name: images-abc}\ndata: {driver: "${driver}"}\n`;
const variable = (name: string, value: string): string => `{name: V2_${name}_IMAGE, value: "${value}"}`;
const before = factsOf(manifests('a:1', variable('DRIVER', 'b'), variable('LAUNCHER', 'c')), images);

test.each([
  ['the whole set', manifests(api, variable('DRIVER', driver), variable('LAUNCHER', launcher)), undefined],
  ['none of the variables', manifests(api), undefined],
  ['a tag of the commit', manifests(`${api.split('@')[0] ?? ''}:commit-${lock.commit}`), undefined],
  [
    'a variable from a ConfigMap',
    manifests(
      api,
      '{name: V2_DRIVER_IMAGE, valueFrom: {configMapKeyRef: {name: images-abc, key: driver}}}',
      variable('LAUNCHER', launcher),
    ),
    undefined,
  ],
  [
    'a variable from elsewhere',
    manifests(
      api,
      '{name: V2_DRIVER_IMAGE, valueFrom: {secretKeyRef: {name: x, key: y}}}',
      variable('LAUNCHER', launcher),
    ),
    /V2_DRIVER_IMAGE unknown/,
  ],
  [
    'an old launcher',
    manifests(api, variable('DRIVER', driver), variable('LAUNCHER', 'c')),
    /half a set: V2_LAUNCHER_IMAGE c/,
  ],
  ['an old apiserver', manifests('a:1', variable('DRIVER', driver), variable('LAUNCHER', launcher)), /image a:1/],
  [
    'a variable twice',
    manifests(api, variable('DRIVER', driver), variable('DRIVER', 'x'), variable('LAUNCHER', launcher)),
    /and then x/,
  ],
  ['nothing new', manifests('a:1', variable('DRIVER', 'b'), variable('LAUNCHER', 'c')), undefined],
])('%s', (_, text, problem) => {
  const problems = renderedProblems(before, factsOf(text, images));
  if (problem === undefined) expect(problems).toEqual([]);
  else expect(problems.join()).toMatch(problem);
});

test('what is written but is in none of the Deployments that have it', () => {
  expect(unreached(['apiserver', 'driver', 'cacheserver'], [before])).toEqual(['apiserver', 'driver']);
});
