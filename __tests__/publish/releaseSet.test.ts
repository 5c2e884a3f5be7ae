import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSameSet, mergeSets } from '../../src/publish/releaseSet';
import type { LockedImage, LockFile } from '../../src/types';
import { commitId, contentKey } from '../support/releaseSets';

const path = 'registry.test/p/r';
const digest = (name: string): string => `sha256:${contentKey(name)}`;
const image = (name: string, build: string, seconds?: number): LockedImage => ({
  repository: `${path}/${name}`,
  digest: digest(build),
  key: contentKey(name),
  ...(seconds === undefined ? {} : { seconds }),
});
/** `{ driver: 'd1' }`: the driver of build d1. */
const set = (images: Readonly<Record<string, string>>, commit = 'a'): LockFile => ({
  version: 1,
  commit: commitId(commit),
  registryPath: path,
  images: Object.fromEntries(Object.entries(images).map(([name, build]) => [name, image(name, build)])),
});
const builds = (lock: LockFile): Record<string, string> =>
  Object.fromEntries(Object.entries(lock.images).map(([name, { digest: has }]) => [name, has]));
const binds = new Map([
  ['apiserver', ['driver', 'launcher']],
  ['viewer', ['apiserver']],
]);

describe('mergeSets', () => {
  test.each([
    { name: 'nothing there', ours: { driver: 'd1' }, there: undefined, want: { driver: 'd1' }, dropped: [] },
    {
      name: 'other images are kept',
      ours: { driver: 'd1' },
      there: { visualization: 'v1' },
      want: { driver: 'd1', visualization: 'v1' },
      dropped: [],
    },
    { name: 'ours counts', ours: { driver: 'd2' }, there: { driver: 'd1' }, want: { driver: 'd2' }, dropped: [] },
    {
      name: 'what is bound to another build goes',
      ours: { driver: 'd2' },
      there: { driver: 'd1', launcher: 'l1', apiserver: 'a1' },
      want: { driver: 'd2', launcher: 'l1' },
      dropped: ['apiserver'],
    },
    {
      name: 'and what is bound to that',
      ours: { driver: 'd2' },
      there: { viewer: 'w1', driver: 'd1', apiserver: 'a1' },
      want: { driver: 'd2' },
      dropped: ['apiserver', 'viewer'],
    },
    {
      name: 'what is bound to the same build stays',
      ours: { driver: 'd1', launcher: 'l1' },
      there: { driver: 'd1', apiserver: 'a1' },
      want: { apiserver: 'a1', driver: 'd1', launcher: 'l1' },
      dropped: [],
    },
    {
      name: 'rebuilt together with what it binds',
      ours: { driver: 'd2', apiserver: 'a2' },
      there: { driver: 'd1', apiserver: 'a1' },
      want: { apiserver: 'a2', driver: 'd2' },
      dropped: [],
    },
  ])('$name', ({ ours, there, want, dropped }) => {
    const merged = mergeSets(set(ours), there && set(there), binds);
    expect(builds(merged.lock)).toEqual(
      Object.fromEntries(Object.entries(want).map(([name, build]) => [name, digest(build)])),
    );
    expect([...merged.dropped].sort()).toEqual(dropped);
  });

  test('a set of another commit or registry path has no part in it', () => {
    expect(mergeSets(set({ driver: 'd1' }), set({ launcher: 'l1' }, 'b'), binds).lock).toEqual(set({ driver: 'd1' }));
    const elsewhere = { ...set({ launcher: 'l1' }), registryPath: 'registry.test/p/other' };
    expect(mergeSets(set({ driver: 'd1' }), elsewhere, binds).lock).toEqual(set({ driver: 'd1' }));
  });

  test('the same image stays as it was written, however long it took this time', () => {
    const there: LockFile = { ...set({}), images: { driver: image('driver', 'd1', 90) } };
    const ours: LockFile = { ...set({}), images: { driver: image('driver', 'd1', 12) } };
    expect(mergeSets(ours, there, binds).lock).toEqual(there);
  });

  const anySet = fc
    .dictionary(fc.constantFrom('driver', 'launcher', 'apiserver', 'viewer'), fc.constantFrom('1', '2'), {
      noNullPrototype: true,
    })
    .map((images) => set(Object.fromEntries(Object.entries(images).map(([name, build]) => [name, `${name}${build}`]))));

  test('merging again changes nothing, and no image is lost without being named', () => {
    fc.assert(
      fc.property(anySet, anySet, (ours, there) => {
        const { lock, dropped } = mergeSets(ours, there, binds);
        expect(mergeSets(ours, lock, binds)).toMatchObject({ lock, dropped: [] });
        expect(mergeSets(lock, ours, binds).lock).toEqual(lock);
        expect([...Object.keys(lock.images), ...dropped].sort()).toEqual(
          [...new Set([...Object.keys(ours.images), ...Object.keys(there.images)])].sort(),
        );
      }),
    );
  });
});

describe('isSameSet', () => {
  test.each([
    { name: 'alike', a: set({ driver: 'd1' }), b: set({ driver: 'd1' }), want: true },
    { name: 'another build', a: set({ driver: 'd1' }), b: set({ driver: 'd2' }), want: false },
    { name: 'one more', a: set({ driver: 'd1' }), b: set({ driver: 'd1', launcher: 'l1' }), want: false },
    { name: 'one other', a: set({ driver: 'd1' }), b: set({ launcher: 'l1' }), want: false },
    { name: 'another commit', a: set({ driver: 'd1' }), b: set({ driver: 'd1' }, 'b'), want: false },
  ])('$name: $want', ({ a, b, want }) => {
    expect([isSameSet(a, b), isSameSet(b, a)]).toEqual([want, want]);
  });
});
