import { describe, expect, test } from 'vitest';
import {
  candidateTag,
  commitTag,
  keepTag,
  keyTag,
  latestTag,
  isOldRebuild,
  ownTag,
  passingTag,
  rebuildMark,
  rebuildTag,
  refuseReservedTag,
} from '../../src/publish/tags';
import { commitId, contentKey } from '../support/releaseSets';

test('names of tags', () => {
  expect(keyTag('0123456789'.repeat(7))).toBe(`key-${'0123456789'.repeat(4)}`);
  expect(commitTag('abc')).toBe('commit-abc');
});

test('every tag of our own is read as what it was made as, and no other is', () => {
  const commit = commitId('a');
  expect(ownTag(latestTag)).toEqual({ kind: 'latest' });
  expect(ownTag(keyTag(contentKey('a')))).toEqual({ kind: 'key' });
  expect(ownTag(keepTag(`sha256:${contentKey('a')}`))).toEqual({ kind: 'keep' });
  expect(ownTag(commitTag(commit))).toEqual({ kind: 'commit', commit });
  const madeAt = Date.UTC(2026, 10, 28);
  const rebuilt = rebuildTag(rebuildMark(madeAt), contentKey('a'));
  expect(ownTag(rebuilt)).toEqual({ kind: 'rebuild', madeAt });
  expect(isOldRebuild(rebuilt, madeAt + 31 * 86_400_000)).toBe(false);
  expect(isOldRebuild(rebuilt, madeAt + 32 * 86_400_000)).toBe(true);
  const passing = passingTag(`sha256:${contentKey('a')}`, madeAt + 3_599_999);
  expect(ownTag(passing)).toEqual({ kind: 'rebuild', madeAt });
  const candidate = { kind: 'candidate', commit, announcedAt: 17, override: false };
  expect(ownTag(candidateTag(17, commit, false))).toEqual(candidate);
  expect(ownTag(candidateTag(17, commit, true))).toEqual({ ...candidate, override: true });
  for (const other of ['v1', 'commit-abc', `key-${commit}0`, 'candidate-1-x', 'latest-1', 'keep-this', 'rebuild-1']) {
    expect(ownTag(other)).toBeUndefined();
  }
});

describe('tags that are ours to write, once filled in', () => {
  const commit = 'c'.repeat(40);
  test.each([
    'latest',
    `key-${'a'.repeat(40)}`,
    'key-',
    `commit-${'a'.repeat(40)}`,
    'commit-x',
    'candidate-1-x',
    'rebuild-1-x',
    'keep-a',
    'buildcache',
  ])('%s is refused, with the template it came from', (tag) => {
    expect(() => refuseReservedTag(tag, '{{branch}}', commit)).toThrow(`"{{branch}}" gives "${tag}"`);
  });
  test.each([`commit-${'c'.repeat(40)}`, `commit-${'c'.repeat(7)}`, 'main', 'my-key-x', 'latest-main', 'Key-x'])(
    '%s is not',
    (tag) => {
      expect(() => refuseReservedTag(tag, '{{branch}}', commit)).not.toThrow();
    },
  );
});
