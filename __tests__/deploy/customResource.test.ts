import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import { fieldsApplied } from '../../src/deploy/appliedFields';
import { awaitedOf, isMade } from '../../src/deploy/awaited';
import { changesTo, patchOf, type ChangeSet } from '../../src/deploy/changes';
import { keyOf, nested, titleOf, valueAt, type CustomResource } from '../../src/deploy/customResource';
import { deployStamp, latestOperation, rollbackPlan } from '../../src/deploy/history';
import type { Deployment } from '../../src/deploy/objects';
import { placesOf } from '../../src/deploy/places';
import { snapshotOf } from '../../src/deploy/snapshot';
import { targetsOf } from '../../src/deploy/targets';
import { original } from './deploymentModel';
import { lockOf, referenceOf } from './lockOf';

const operator = kfpCatalog.operators?.get('opendatahub');
if (operator === undefined) throw new Error('no operator');
const [template] = original;
if (template === undefined) throw new Error('no Deployment');

const resourceOf = (spec: object, annotations: Readonly<Record<string, string>> = {}): CustomResource => ({
  operator,
  type: 'datasciencepipelinesapplications.v1.datasciencepipelinesapplications.opendatahub.io',
  metadata: { ...template.metadata, name: 'sample', uid: 'sample', annotations },
  content: { spec },
  conditions: [],
});
const deployment = (
  name: string,
  container: string,
  image: string,
  env: Readonly<Record<string, string>> = {},
): Deployment => ({
  ...template,
  metadata: { ...template.metadata, name },
  spec: {
    ...template.spec,
    template: {
      spec: {
        ...template.spec.template.spec,
        containers: [
          {
            name: container,
            image,
            env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
            envFrom: [],
          },
        ],
      },
    },
  },
});
const api = (image: string, driver: string, launcher: string): Deployment =>
  deployment('ds-pipeline-sample', 'ds-pipeline-api-server', image, {
    V2_DRIVER_IMAGE: driver,
    V2_LAUNCHER_IMAGE: launcher,
  });

const lock = lockOf('a');
const bare = resourceOf({ apiServer: { deploy: true } });
const here = [api('a:1', 'd:1', 'l:1')];

function deployTo(resource: CustomResource, id: string): ChangeSet {
  const { targets } = targetsOf(
    kfpCatalog,
    lock,
    [],
    placesOf(kfpCatalog, { deployments: here, resources: [resource] }),
    'ns',
  );
  const [target] = targets;
  const stamp = deployStamp([resource], true, { id, at: '2026-11-28T00:00:00Z' });
  const set = { commit: lock.commit, id: 'set' };
  return changesTo([], here, set, new Map(), stamp, [{ resource, fields: target?.written?.fields ?? {} }]);
}

/** What the API server makes of a merge patch. */
function merged(into: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null) return patch;
  const base = (typeof into === 'object' && into !== null ? into : {}) as Record<string, unknown>;
  const entries = Object.entries(patch).map(([key, value]) => [key, merged(base[key], value)] as const);
  return Object.fromEntries(
    Object.entries({ ...base, ...Object.fromEntries(entries) }).filter(([, value]) => value !== null),
  );
}

function applied(resource: CustomResource, { changes }: Pick<ChangeSet, 'changes'>): CustomResource {
  const [change] = changes;
  if (change === undefined) return resource;
  const made = merged({ metadata: resource.metadata, ...resource.content }, patchOf(change)) as {
    metadata: CustomResource['metadata'];
    spec: object;
  };
  return { ...resourceOf(made.spec), metadata: made.metadata };
}

describe('a custom resource', () => {
  test('its key, for records and for people', () => {
    expect(keyOf(bare)).toBe('DataSciencePipelinesApplication.datasciencepipelinesapplications.opendatahub.io/sample');
    expect(titleOf(keyOf(bare))).toBe('DataSciencePipelinesApplication/sample');
    expect(titleOf('ml-pipeline')).toBe('ml-pipeline');
  });

  test('is written by one merge patch that names the whole set, and nothing beside it', () => {
    const { changes } = deployTo(bare, 'one');
    expect(changes).toHaveLength(1);
    expect(applied(bare, { changes }).content).toEqual({
      spec: {
        apiServer: {
          deploy: true,
          image: referenceOf(lock, 'apiserver'),
          argoDriverImage: referenceOf(lock, 'driver'),
          argoLauncherImage: referenceOf(lock, 'launcher'),
        },
      },
    });
  });

  test('goes back and forward again, and nothing is left to do where it says the set already', () => {
    const deployed = applied(bare, deployTo(bare, 'one'));
    expect(deployTo(deployed, 'two').changes).toEqual([]);
    expect(latestOperation([deployed])).toMatchObject({ id: 'one', missing: [] });
    const back = applied(deployed, rollbackPlan([deployed], { id: 'back', at: '2026-11-28T00:01:00Z' }));
    expect(back.content).toEqual(bare.content);
    const forward = applied(back, rollbackPlan([back], { id: 'forward', at: '2026-11-28T00:02:00Z' }));
    expect(forward.content).toEqual(deployed.content);
  });

  test('one that is written and Deployments that are not are one change: half of it is seen, and taken back', () => {
    const deployed = applied(bare, deployTo(bare, 'one'));
    const record = JSON.parse(deployed.metadata.annotations['kfp-images.dev/previous'] ?? '') as { targets: string[] };
    const text = JSON.stringify({ ...record, targets: [...record.targets, 'other'] });
    const half = { ...deployed, metadata: { ...deployed.metadata, annotations: { 'kfp-images.dev/previous': text } } };
    const other = deployment('other', 'main', 'x:1');
    const plan = rollbackPlan([other, half], { id: 'back', at: '2026-11-28T00:01:00Z' });
    expect(plan.kind).toBe('abort');
    expect(applied(half, plan).content).toEqual(bare.content);
  });
});

describe('what an operator is to make', () => {
  const [a, d, l] = ['apiserver', 'driver', 'launcher'].map((name) => referenceOf(lock, name));
  const full = { containers: {}, pullSecrets: {}, annotations: {} };
  const fields = {
    'spec.apiServer.image': a ?? '',
    'spec.apiServer.argoDriverImage': d ?? '',
    'spec.apiServer.argoLauncherImage': l ?? '',
  };
  const unset = Object.fromEntries(Object.keys(fields).map((path) => [path, null]));
  const awaited = (before: object, after: object): NonNullable<ReturnType<ReturnType<typeof awaitedOf>['get']>> => {
    const change = { live: bare, before: { ...full, fields: before }, after: { ...full, fields: after } };
    const found = awaitedOf(kfpCatalog, { deployments: here }, change as never).get('ds-pipeline-sample');
    if (found === undefined) throw new Error('nothing is awaited');
    return found;
  };

  test('image and both variables; the same digest from a mirror is the same', () => {
    const what = awaited(unset, fields);
    expect(isMade(api('a:1', 'd:1', 'l:1'), what)).toBe(false);
    expect(isMade(api(a ?? '', d ?? '', 'l:1'), what)).toBe(false);
    expect(isMade(api(a ?? '', d ?? '', l ?? ''), what)).toBe(true);
    expect(isMade(api(`mirror/${a ?? ''}`, d ?? '', l ?? ''), what)).toBe(true);
  });

  test('where fields are taken away: anything but what they named', () => {
    const what = awaited(fields, unset);
    expect(isMade(api(a ?? '', d ?? '', l ?? ''), what)).toBe(false);
    expect(isMade(api('a:2', 'd:2', l ?? ''), what)).toBe(false);
    expect(isMade(api('a:2', 'd:2', 'l:2'), what)).toBe(true);
  });
});

describe('places', () => {
  const names = (resource: CustomResource): unknown =>
    [...placesOf(kfpCatalog, { deployments: here, resources: [resource] })].map(([name, [place]]) => [
      name,
      place?.hindrance,
    ]);

  test('a part that the operator leaves alone is none to deploy to', () => {
    expect(names(bare)).toEqual([['apiserver', undefined]]);
    expect(names(resourceOf({ apiServer: { deploy: false } }))).toEqual([
      ['apiserver', expect.stringContaining('says spec.apiServer.deploy: false')],
    ]);
  });

  test('a Deployment that an operator makes is none of its own, wherever the catalog names it', () => {
    const owner = { apiVersion: 'x/v1', kind: 'X', name: 'sample', uid: 'sample', controller: true };
    const live = deployment('ml-pipeline', 'ml-pipeline-api-server', 'a:1');
    const owned = { ...live, metadata: { ...live.metadata, ownerReferences: [owner] } };
    const [[, places] = ['', []]] = placesOf(kfpCatalog, { deployments: [owned], resources: [bare] });
    expect(places.map(({ hindrance }) => hindrance)).toEqual([
      expect.stringContaining('ml-pipeline is made from DataSciencePipelinesApplication/sample'),
    ]);
  });
});

describe('fields by their paths', () => {
  test('nested, read, and as kubectl apply remembers them', () => {
    const patch = nested([
      [['spec', 'a', 'b'], 'x'],
      [['spec', 'a', 'c.d'], null],
    ]);
    expect(patch).toEqual({ spec: { a: { b: 'x', 'c.d': null } } });
    expect(valueAt({ spec: { a: null } }, ['spec', 'a', 'b'])).toBeUndefined();
    expect(valueAt({}, ['constructor'])).toBeUndefined();
    const to = { containers: {}, pullSecrets: {}, annotations: {}, fields: { 'spec.a.image': 'mine', 'spec.b': null } };
    expect(JSON.parse(fieldsApplied('{"kind":"X","spec":{"b":"old"}}', to) ?? '')).toEqual({
      kind: 'X',
      spec: { a: { image: 'mine' } },
    });
    expect(fieldsApplied('{"spec":{"a":{"image":"theirs"}}}', to)).toBeUndefined();
    expect(fieldsApplied('not JSON', to)).toBeUndefined();
    expect(snapshotOf(resourceOf({ a: { image: 'x' } }), to).fields).toEqual({ 'spec.a.image': 'x', 'spec.b': null });
  });
});
