import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findCircles } from '../../src/catalog/circles';

const graph = (edges: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, readonly string[]> =>
  new Map(Object.entries(edges));

describe('findCircles', () => {
  test.each([
    ['none', { a: ['b'], b: ['c'], c: [] }, []],
    ['a diamond is none', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, []],
    ['itself', { a: ['a'] }, [['a', 'a']]],
    ['two', { a: ['b'], b: ['a'] }, [['a', 'b', 'a']]],
    ['behind a tail', { a: ['b'], b: ['c'], c: ['b'] }, [['b', 'c', 'b']]],
    [
      'two apart',
      { a: ['b'], b: ['a'], c: ['d'], d: ['c'] },
      [
        ['a', 'b', 'a'],
        ['c', 'd', 'c'],
      ],
    ],
    ['a name without edges of its own', { a: ['x'] }, []],
  ])('%s', (_, edges, circles) => {
    expect(findCircles(graph(edges))).toEqual(circles);
  });

  test('a chain of a hundred thousand', () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `n${index}`);
    const chain = new Map(names.map((name, index) => [name, names.slice(index + 1, index + 2)]));
    expect(findCircles(chain)).toEqual([]);
  });

  test('finds one exactly where there is one', () => {
    const node = fc.nat({ max: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(node, node), { maxLength: 14 }), (pairs) => {
        const edges = new Map<string, string[]>();
        for (let index = 0; index <= 6; index++) edges.set(String(index), []);
        for (const [from, to] of pairs) edges.get(String(from))?.push(String(to));
        const circles = findCircles(edges);
        // Kahn: what is left after taking away, again and again, what has no edges, has a circle.
        const left = new Map(edges);
        for (let before = -1; before !== left.size;) {
          before = left.size;
          for (const [name, targets] of left) if (!targets.some((target) => left.has(target))) left.delete(name);
        }
        expect(circles.length > 0).toBe(left.size > 0);
        for (const circle of circles) {
          expect(circle.at(0)).toBe(circle.at(-1));
          for (const [index, name] of circle.slice(1).entries()) expect(edges.get(circle[index] ?? '')).toContain(name);
        }
      }),
    );
  });
});
