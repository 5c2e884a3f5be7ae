import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';
import type { Places } from '../../src/deploy/places';
import { profileControllerTarget } from '../../src/deploy/profileController';
import { refuseSkew, setId } from '../../src/deploy/release';
import { targetsOf } from '../../src/deploy/targets';
import { lockOf, referenceOf } from './lockOf';

const all = new Set([...kfpCatalog.images.values()].flatMap(({ deploy }) => deploy?.deployment ?? []));
const lock = lockOf('a');
const placesIn = (there: ReadonlySet<string>): Places =>
  new Map(
    [...kfpCatalog.images].flatMap(([name, { deploy }]) =>
      deploy !== undefined && there.has(deploy.deployment)
        ? [[name, [{ ...deploy, writer: undefined, hindrance: undefined }]]]
        : [],
    ),
  );
const targets = (names: readonly string[], of = lock, there: ReadonlySet<string> = all) =>
  targetsOf(kfpCatalog, of, names, placesIn(there), 'kubeflow').targets.map(({ deployment }) => deployment);

describe('which Deployments', () => {
  test.each([
    [[], [...all]],
    [['driver'], ['ml-pipeline']],
    [['driver-launcher'], ['ml-pipeline']],
    [
      ['controller', 'cacheserver'],
      ['cache-server', 'ml-pipeline-viewer-crd'],
    ],
    [['all'], [...all]],
  ])('%j', (names, expected) => {
    expect(targets(names)).toEqual(expected);
  });

  test('only those that are there and in the set, unless named', () => {
    expect(targets([], lockOf('a', ['cacheserver']), new Set(['ml-pipeline', 'cache-server']))).toEqual([
      'ml-pipeline',
    ]);
    expect(() => targets(['cacheserver'], lockOf('a', ['cacheserver']))).toThrow(/cacheserver is not in the set/);
    expect(() => targets(['cacheserver'], lock, new Set(['ml-pipeline']))).toThrow(/no Deployment cache-server/);
    expect(() => targets(['x'])).toThrow(/"x" is not an image/);
  });

  test.each([['driver'], ['launcher'], ['apiserver']])('a set without %s would mix commits', (name) => {
    expect(() => targets([], lockOf('a', [name]))).toThrow(/must be of one commit/);
    expect(() => targets(['cacheserver'], lockOf('a', [name]))).not.toThrow();
  });
});

describe('a set that was put together', () => {
  const binds = new Map([...kfpCatalog.images].map(([name, image]) => [name, image.bind]));
  const baked = (of: typeof lock) => [
    {
      image: 'apiserver',
      variables: { V2_DRIVER_IMAGE: referenceOf(of, 'driver'), V2_LAUNCHER_IMAGE: referenceOf(of, 'launcher') },
    },
  ];
  test('is refused when the apiserver was published with another driver', () => {
    expect(() => refuseSkew(lock, binds, baked(lockOf('b')))).toThrow(
      /is mixed: its apiserver was published with V2_DRIVER_IMAGE/,
    );
    expect(() => refuseSkew(lock, binds, baked(lock))).not.toThrow();
    expect(() => refuseSkew(lock, binds, [{ image: 'apiserver', variables: {} }])).not.toThrow();
  });
});

test('the id of a set depends on its images and commit alone', () => {
  const [name, image] = Object.entries(lock.images)[0] ?? ['', undefined];
  const slower = {
    ...lock,
    images: { ...lock.images, ...(image === undefined ? {} : { [name]: { ...image, seconds: 9 } }) },
  };
  expect(setId(slower)).toBe(setId(lock));
  expect(setId(lockOf('b'))).not.toBe(setId(lock));
});

test('the profile controller gets the image only when its script reads it', () => {
  expect(profileControllerTarget(lock, ['x = os.environ.get("VISUALIZATION_SERVER_IMAGE")'])?.env).toEqual({
    VISUALIZATION_SERVER_IMAGE: 'europe-west3-docker.pkg.dev/p/r/visualization',
    VISUALIZATION_SERVER_TAG: `commit-${lock.commit}@${lock.images['visualization']?.digest ?? ''}`,
  });
  expect(profileControllerTarget(lock, ['FRONTEND_IMAGE'])).toBeUndefined();
  expect(profileControllerTarget(lockOf('a', ['visualization']), ['VISUALIZATION_SERVER_IMAGE'])).toBeUndefined();
});
