import { expect, test } from 'vitest';
import { parseDiskUsage } from '../../src/builder/localMounts';

/** As `docker buildx du --verbose` of buildx 0.29 prints it, with BuildKit 0.25. */
const record = (id: string, type: string, description: string, parent?: string, at = '10:00:00'): string =>
  [
    `ID:           ${id}`,
    ...(parent === undefined ? [] : ['Parents:', ` - ${parent}`]),
    `Created at:   2026-11-27 ${at}.25 +0000 UTC`,
    'Mutable:      true',
    'Size:         3.019MB',
    `Description:  ${description}`,
    'Usage count:  2',
    `Type:         ${type}`,
    '',
  ].join('\n');
const seed = (letter: string): string => `host:5000/p/kfp-images-cache@sha256:${letter.repeat(64)}`;
const mount = (id: string): string => `cached mount /cache from exec /bin/sh -c go build with id "/${id}"`;
const summary = 'Shared:\t\t3.103MB\nTotal:\t\t14.14MB\n';

test('which mounts a builder holds, and what they started from', () => {
  const held = parseDiskUsage(
    [
      record('one', 'exec.cachemount', mount('kfp-images:a:/cache')),
      record('two', 'exec.cachemount', mount('kfp-images:b:/cache'), 'seedA', '10:00:00'),
      record('three', 'exec.cachemount', mount('kfp-images:b:/cache'), 'seedB', '11:00:00'),
      record('four', 'regular', 'mount / from exec /bin/sh -c echo with id "/kfp-images:c:/cache"'),
      record('seedA', 'regular', `pulled from ${seed('a')}`),
      record('seedB', 'regular', `pulled from ${seed('b')}`),
      summary,
    ].join('\n'),
  );
  expect([held.has('kfp-images:a:/cache'), held.seeds('kfp-images:a:/cache')]).toEqual([true, []]);
  expect([held.has('kfp-images:b:/cache'), held.seeds('kfp-images:b:/cache')]).toEqual([false, [seed('b'), seed('a')]]);
  expect([held.has('kfp-images:c:/cache'), held.seeds('kfp-images:c:/cache')]).toEqual([false, []]);
});

test('a command of several lines is no record of its own', () => {
  const lines =
    'cached mount /cache from exec /bin/sh -c set -e\npulled from x\nType: regular\n with id "/kfp-images:a:/cache"';
  const held = parseDiskUsage(record('one', 'exec.cachemount', lines));
  expect(held.has('kfp-images:a:/cache')).toBe(true);
});

test('an empty builder holds nothing; of one that names no ids it is not known, so it counts as warm', () => {
  expect(parseDiskUsage(summary).has('kfp-images:a:/cache')).toBe(false);
  expect(
    parseDiskUsage(record('one', 'exec.cachemount', 'cached mount /cache from exec')).has('kfp-images:a:/cache'),
  ).toBe(true);
});
