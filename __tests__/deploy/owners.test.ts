import { describe, expect, test } from 'vitest';
import { handOverCalls } from '../../src/deploy/handOver';
import { lastApplied, ownersOf, ownerWords } from '../../src/deploy/owners';
import type { Snapshot } from '../../src/deploy/snapshot';
import { deploymentOf } from './objectsOf';

const live = (metadata: object) =>
  deploymentOf({
    metadata: { name: 'ml-pipeline', resourceVersion: '7', ...metadata },
    spec: { selector: {}, template: { spec: { containers: [{ name: 'main', image: 'i' }] } } },
  });

const container = 'k:{"name":"main"}';
const fields = (of: object): object => ({
  'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { [container]: of } } } },
});
const entry = (manager: string, operation: string, fieldsV1: object, more: object = {}): object => ({
  manager,
  operation,
  apiVersion: 'apps/v1',
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...more,
});

describe('who keeps a Deployment', () => {
  test.each([
    [
      'Argo CD by its annotation',
      { annotations: { 'argocd.argoproj.io/tracking-id': 'kfp:apps/Deployment:a/b' } },
      'Argo CD (application kfp)',
    ],
    ['Argo CD by its label', { labels: { 'app.kubernetes.io/instance': 'kfp' } }, 'Argo CD (application kfp), where'],
    [
      'Argo CD by a label of its own',
      { labels: { 'argocd.argoproj.io/instance': 'kfp' } },
      'Argo CD (application kfp)',
    ],
    ['Argo CD by what it wrote', { managedFields: [entry('argocd-controller', 'Apply', {})] }, 'Argo CD'],
    [
      'Flux by its labels',
      { labels: { 'kustomize.toolkit.fluxcd.io/name': 'kfp', 'kustomize.toolkit.fluxcd.io/namespace': 'apps' } },
      'Flux (Kustomization apps/kfp)',
    ],
    [
      'Flux by what it wrote',
      { managedFields: [entry('kustomize-controller', 'Apply', {})] },
      'Flux (a Kustomization)',
    ],
    [
      'Helm',
      {
        annotations: { 'meta.helm.sh/release-name': 'kfp' },
        labels: { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'kfp' },
      },
      'Helm (release kfp)',
    ],
    [
      'an operator',
      { ownerReferences: [{ kind: 'DataSciencePipelinesApplication', name: 'dspa', controller: true }] },
      'the controller of DataSciencePipelinesApplication dspa',
    ],
    ['who applies', { managedFields: [entry('ci', 'Apply', {})] }, 'who applies it as ci'],
    ['kubectl apply', { annotations: { [lastApplied]: '{}' } }, 'who runs kubectl apply'],
  ])('%s', (_, metadata, who) => {
    const owners = ownersOf(live(metadata));
    expect(owners.map((owner) => owner.who)).toEqual([expect.stringContaining(who)]);
  });

  test('nobody is named where nobody says so; controllers that only write the status keep nothing', () => {
    const status = entry('kube-controller-manager', 'Update', {}, { subresource: 'status' });
    expect(ownersOf(live({ managedFields: [status, entry('kubectl-create', 'Update', {})] }))).toEqual([]);
  });

  test('one sentence says of all Deployments of one owner what he does, and where to change it instead', () => {
    const metadata = { annotations: { 'argocd.argoproj.io/tracking-id': 'kfp:apps/Deployment:a/b' } };
    const { warnings, notes } = ownerWords([live(metadata), live({ ...metadata, name: 'cache-server' }), live({})]);
    expect(warnings).toEqual([
      'ml-pipeline, cache-server are kept by Argo CD (application kfp), which writes back what its repository says at its next sync, ' +
        'at once where it heals by itself. `kfp-images gitops` changes what it reads instead.',
    ]);
    expect(notes).toEqual([]);
  });
});

describe('handing over', () => {
  const after: Snapshot = {
    containers: { main: { image: 'new', env: { V2_DRIVER_IMAGE: { value: 'd' } } } },
    pullSecrets: {},
    annotations: {},
  };
  const ours = { 'f:image': {}, 'f:env': { 'k:{"name":"V2_DRIVER_IMAGE"}': { '.': {}, 'f:name': {}, 'f:value': {} } } };

  test('what we wrote of the template becomes the field of who applies it; our annotations stay ours', () => {
    const note = { 'f:metadata': { 'f:annotations': { 'f:kfp-images.dev/commit': {} } } };
    const applying = entry('helm', 'Apply', fields({ '.': {}, 'f:name': {}, 'f:resources': {} }));
    const other = entry('kubectl-scale', 'Update', { 'f:spec': { 'f:replicas': {} } });
    const status = entry('kfp-images', 'Update', { 'f:status': {} }, { subresource: 'status' });
    const managedFields = [applying, other, status, entry('kfp-images', 'Update', { ...note, ...fields(ours) })];
    const [call, ...more] = handOverCalls(live({ managedFields }), after);
    expect(more).toEqual([]);
    const patch = JSON.parse(call?.args.at(-1)?.replace('--patch=', '') ?? '') as unknown;
    expect(patch).toEqual([
      { op: 'test', path: '/metadata/resourceVersion', value: '7' },
      {
        op: 'replace',
        path: '/metadata/managedFields',
        value: [
          entry('helm', 'Apply', fields({ '.': {}, 'f:name': {}, 'f:resources': {}, ...ours })),
          other,
          status,
          entry('kfp-images', 'Update', note),
        ],
      },
    ]);
  });

  test('is not done where nobody applies these containers', () => {
    const elsewhere = entry('helm', 'Apply', { 'f:spec': { 'f:replicas': {} } });
    expect(
      handOverCalls(live({ managedFields: [elsewhere, entry('kfp-images', 'Update', fields(ours))] }), after),
    ).toEqual([]);
  });

  const remembered = (env: readonly object[]): object => ({
    annotations: {
      [lastApplied]: JSON.stringify({
        kind: 'Deployment',
        spec: { template: { spec: { containers: [{ name: 'main', image: 'old', env }] } } },
      }),
    },
  });
  const written = (env: readonly object[], to = after): unknown => {
    const [call] = handOverCalls(live(remembered(env)), to);
    if (call === undefined) return undefined;
    expect(call.args).toEqual(['apply', 'set-last-applied', '--filename=-', '--output=name']);
    const { spec } = JSON.parse(call.input ?? '') as {
      spec: { template: { spec: { containers: { env: unknown }[] } } };
    };
    return spec.template.spec.containers[0]?.env;
  };
  const password = { name: 'PASSWORD', value: 'hunter2' };

  test('kubectl apply remembers a variable that was added, so that it takes it away with the image', () => {
    expect(written([password])).toEqual([password, { name: 'V2_DRIVER_IMAGE', value: 'd' }]);
  });

  test('a value beside the reference of the manifest would be refused for ever: it remembers the value', () => {
    expect(written([{ name: 'V2_DRIVER_IMAGE', valueFrom: {} }])).toEqual([{ name: 'V2_DRIVER_IMAGE', value: 'd' }]);
  });

  test('what it knows already stays, and what went back is forgotten', () => {
    expect(written([{ name: 'V2_DRIVER_IMAGE', value: 'its own' }])).toBeUndefined();
    const back = { ...after, containers: { main: { env: { V2_DRIVER_IMAGE: null } } } };
    expect(written([password, { name: 'V2_DRIVER_IMAGE', value: 'd' }], back)).toEqual([password]);
    expect(written([password], back)).toBeUndefined();
  });

  test('no value of another variable is an argument', () => {
    const calls = handOverCalls(live(remembered([password])), after);
    expect(JSON.stringify(calls.map(({ args }) => args))).not.toContain('hunter2');
  });
});
