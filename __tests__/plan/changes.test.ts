import { describe, expect, it } from 'vitest';
import { changedInputs } from '../../src/plan/changes';
import type { ContentKey } from '../../src/types';
import { base, key } from './planned';

describe('what differs between two keys', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[], readonly string[]])[] = [
    ['nothing', base, base, []],
    ['a file', base, base.with(4, 'file a/b\t100644 2'), ['a/b']],
    ['a mode', base, base.with(4, 'file a/b\t100755 1'), ['a/b']],
    ['a new file and one that is gone', base, base.with(4, 'file a/c\t100644 1'), ['a/b', 'a/c']],
    ['the Dockerfile, first', base, base.with(3, 'dockerfile D\t2').with(4, 'file A\t100644 1'), ['D', 'A', 'a/b']],
    ['a Dockerfile that is copied, too', ['dockerfile D\t1', 'file D\t1 1'], ['dockerfile D\t2', 'file D\t1 2'], ['D']],
    ['the ignore rules', base, base.slice(0, 5), ['.dockerignore']],
    ['a base image that moved', base, base.with(1, 'base alpine:3\tsha256:2'), ['base image alpine:3']],
    ['an exchanged one is the Dockerfile', base, base.with(2, 'base go2\tpinned').with(3, 'dockerfile D\t2'), ['D']],
    [
      'an exchanged one without other reason',
      base,
      base.with(2, 'base go2\tpinned'),
      ['base image go2', 'base image go'],
    ],
    ['an argument', base, base.with(0, 'arg A=2'), ['build argument A']],
    ['an argument with a value like a tab', base, [...base, 'arg B=x\ty=z'], ['build argument B']],
    ['the platforms', base, [...base, 'platform linux/arm64'], ['platforms']],
    ['the target', [...base, 'target a'], [...base, 'target b'], ['target']],
    ['the context', [...base, 'context .'], [...base, 'context a'], ['build context']],
  ];
  it.each(cases)('%s', (_, before, after, expected) => {
    expect(changedInputs(key(before), key(after))).toEqual(expected);
  });

  it('is reported file by file in a whole context', () => {
    const whole = (lines: readonly string[]): ContentKey =>
      key([`whole-context ${lines.length}`], { key: lines.join(), contextLines: lines });
    const before = whole(['file a\t1 1', 'file b\t1 1']);
    expect(changedInputs(before, whole(['file a\t1 1', 'file b\t1 2', 'file c\t1 1']))).toEqual(['b', 'c']);
    expect(changedInputs(before, key(['file a\t1 1']))).toEqual(['b']);
  });

  it('is never nothing for keys that differ', () => {
    expect(changedInputs(key(base), key(base, { key: 'other' }))).toEqual(['the way content keys are made']);
  });
});
