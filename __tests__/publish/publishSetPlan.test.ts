import { expect, test } from 'vitest';
import { UsageError } from '../../src/errors';
import { describeAction, planPublication, type PublicationOrder } from '../../src/publish/publishSet';
import { commitId, contentKey } from '../support/releaseSets';

const path = 'registry.test/p/r';
const digest = (name: string): string => `sha256:${contentKey(name)}`;
const image = (name: string, isBound = false): PublicationOrder['images'][number] => ({
  name,
  repository: `${path}/${name}`,
  key: contentKey(name),
  unbound: digest(name),
  digest: digest(isBound ? `bound ${name}` : name),
});
const order: PublicationOrder = {
  registryPath: path,
  commit: commitId('a'),
  created: '2026-11-23T00:00:00Z',
  images: [image('driver'), image('apiserver', true)],
  tags: ['branch-main', 'latest'],
  binds: new Map([['apiserver', ['driver']]]),
  standing: new Map(),
  moveLatest: true,
  override: false,
};

test('keys, bound images, tags, the set, latest of the images, latest of the set: in this order', () => {
  const actions = planPublication(order);
  expect(
    actions.map(
      (action) =>
        `${action.kind} ${'tag' in action ? action.tag.replace(/-.*/, '') : ''} ${'image' in action ? (action.image ?? 'set') : 'set'}`,
    ),
  ).toEqual([
    'key key driver',
    'key key apiserver',
    'check  apiserver',
    'tag commit driver',
    'tag branch driver',
    'tag commit apiserver',
    'tag branch apiserver',
    'set commit set',
    'latest latest driver',
    'latest latest apiserver',
    'latest latest set',
  ]);
});

test('latest is nobody’s to move but the last step’s, and only when it is this run’s', () => {
  const tagged = planPublication({ ...order, moveLatest: false }).flatMap((action) =>
    'tag' in action ? [action.tag] : [],
  );
  expect(tagged).not.toContain('latest');
});

test('a dry run can say every action before there is a digest', () => {
  const images = order.images.map(({ name, repository, key }) => ({ name, repository, key }));
  const lines = planPublication({ ...order, images }).map(describeAction);
  // Exactly what a run does that has the digests.
  expect(lines).toEqual(planPublication(order).map(describeAction));
  expect(lines[3]).toBe(`put ${path}/driver:commit-${commitId('a')} (digest not known yet)`);
  expect(lines.at(-1)).toBe(`move ${path}/kfp-images-set:latest, if that is forwards`);
});

test('what earlier runs of the commit published is in the set, and its latest moves too', () => {
  const locked = (name: string, key = name) => ({
    repository: `${path}/${name}`,
    digest: digest(name),
    key: contentKey(key),
  });
  const published = (driver: string): PublicationOrder['published'] => ({
    version: 1,
    commit: order.commit,
    registryPath: path,
    images: { driver: locked('driver', driver), launcher: locked('launcher'), apiserver: locked('apiserver') },
  });
  const planned = (driver: string): readonly string[] =>
    planPublication({ ...order, images: [image('driver')], published: published(driver) })
      .filter(({ kind }) => kind === 'set' || kind === 'latest')
      .map((action) => describeAction(action).replaceAll(path, ''));
  const moved = (name: string): string => `move /${name}:latest, if that is forwards`;
  expect(planned('driver')).toEqual([
    `put /kfp-images-set:commit-${order.commit}: the lock file of driver, launcher, apiserver`,
    ...['driver', 'launcher', 'apiserver', 'kfp-images-set'].map(moved),
  ]);
  // An apiserver that carries another driver than this run builds leaves the set.
  expect(planned('other')).toEqual([
    `put /kfp-images-set:commit-${order.commit}: the lock file of driver, launcher`,
    ...['driver', 'launcher', 'kfp-images-set'].map(moved),
  ]);
});

test.each([
  { name: 'two images', images: [image('driver'), { ...image('launcher'), repository: `${path}/driver` }] },
  { name: 'an image and the set', images: [{ ...image('driver'), repository: `${path}/kfp-images-set` }] },
])('$name of one repository are refused', ({ images }) => {
  expect(() => planPublication({ ...order, images })).toThrow(UsageError);
});
