import { describe, expect, test } from 'vitest';
import { ancestryFromComparison, firstToKnow, relationOf, type Known } from '../../src/publish/ancestry';
import { commitId, history } from '../support/releaseSets';

const line = history({ b: ['a'], c: ['b'], side: ['a'] });

describe('relationOf', () => {
  test.each([
    { name: 'the same commit', standing: 'b', ours: 'b', want: 'same' },
    { name: 'its parent', standing: 'a', ours: 'b', want: 'older' },
    { name: 'its child', standing: 'c', ours: 'b', want: 'newer' },
    { name: 'another branch', standing: 'side', ours: 'c', want: 'diverged' },
    { name: 'a commit nobody has', standing: 'gone', ours: 'c', want: 'unknown' },
  ])('$name is $want', async ({ standing, ours, want }) => {
    expect(await relationOf(line, commitId(standing), commitId(ours))).toBe(want);
  });

  test('an unknown commit is unknown', async () => {
    expect(await relationOf(line, undefined, commitId('a'))).toBe('unknown');
  });

  test('half an answer is none: no one way and unknown the other', async () => {
    const half = (a: string): Promise<Known> => Promise.resolve(a === 'x' ? 'no' : 'unknown');
    expect(await relationOf(half, 'x', 'y')).toBe('unknown');
  });
});

describe('firstToKnow', () => {
  const says = (...answers: readonly (Known | Error)[]): { source: (a: string) => Promise<Known>; asked: string[] } => {
    const asked: string[] = [];
    const left = [...answers];
    const source = (a: string): Promise<Known> => {
      asked.push(a);
      const answer = left.shift() ?? 'unknown';
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    return { source, asked };
  };

  test('asks the next when one does not know, or fails', async () => {
    const [git, github] = [says('unknown', new Error('no git')), says('yes', 'no')];
    const isAncestor = firstToKnow([git.source, github.source]);
    expect([await isAncestor('a', 'b'), await isAncestor('c', 'd')]).toEqual(['yes', 'no']);
  });

  test('keeps what it learned, asks again for what it did not', async () => {
    const git = says('no', 'unknown', 'yes');
    const isAncestor = firstToKnow([git.source]);
    expect([await isAncestor('a', 'b'), await isAncestor('a', 'b')]).toEqual(['no', 'no']);
    expect([await isAncestor('c', 'd'), await isAncestor('c', 'd')]).toEqual(['unknown', 'yes']);
    expect(git.asked).toEqual(['a', 'c', 'c']);
  });

  test('a commit is its own ancestor without asking', async () => {
    const git = says('no');
    expect(await firstToKnow([git.source])('a', 'a')).toBe('yes');
    expect(git.asked).toEqual([]);
  });
});

test.each([
  ['ahead', 'yes'],
  ['identical', 'yes'],
  ['behind', 'no'],
  ['diverged', 'no'],
  ['something new', 'unknown'],
  [undefined, 'unknown'],
] as const)('GitHub’s comparison %s: %s', (status, want) => {
  expect(ancestryFromComparison(status)).toBe(want);
});
