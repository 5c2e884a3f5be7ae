import { describe, expect, it } from 'vitest';
import { duration, firstFew, size, untold } from '../../src/report/format';

describe('duration', () => {
  it.each([
    [0, '0.0 s'],
    [-5, '0.0 s'],
    [449, '0.4 s'],
    [9_949, '9.9 s'],
    [9_951, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min 0 s'],
    [185_000, '3 min 5 s'],
    [3_720_000, '1 h 2 min'],
  ])('%i ms', (milliseconds, expected) => {
    expect(duration(milliseconds)).toBe(expected);
  });
});

describe('untold', () => {
  it.each([
    ['a.go, b.go changed since v1', ['a.go', 'b.go'], []],
    ['content changed', ['a.go', 'b.go'], ['a.go', 'b.go']],
    ['nothing changed', [], []],
  ])('%s', (reason, changed, expected) => {
    expect(untold(reason, changed)).toEqual(expected);
  });
});

describe('size', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1 kB'],
    [1_984_000, '1.98 MB'],
    [180_123_456, '180 MB'],
    [999_600_000, '1 GB'],
  ])('%i', (bytes, expected) => {
    expect(size(bytes)).toBe(expected);
  });
});

describe('firstFew', () => {
  it.each([
    [['a', 'b'], 3, 'a, b'],
    [['a', 'b', 'c'], 2, 'a, b and 1 more'],
    [[], 2, ''],
  ])('%j, %i', (items, count, expected) => {
    expect(firstFew(items, count)).toBe(expected);
  });
});
