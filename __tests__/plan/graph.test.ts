import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundBy, neededBy, waves, withBound } from '../../src/plan/graph';
import { catalogOf, kfp } from './planned';

describe('images that bind others', () => {
  it('bring them along, in the order of the catalog', () => {
    expect(withBound(kfp, ['viewer', 'apiserver'])).toEqual(['apiserver', 'driver', 'launcher', 'viewer']);
    expect(withBound(kfp, ['driver', 'unknown'])).toEqual(['driver']);
    expect(withBound(catalogOf({ a: ['b'], b: ['c'], c: [] }), ['a'])).toEqual(['a', 'b', 'c']);
    expect([boundBy(kfp, 'apiserver'), boundBy(kfp, 'unknown')]).toEqual([['driver', 'launcher'], []]);
    expect(neededBy(kfp, ['apiserver', 'driver'], 'driver')).toEqual(['apiserver']);
    expect(neededBy(kfp, ['driver'], 'driver')).toEqual([]);
  });

  it('come in a later wave', () => {
    expect(waves(kfp, ['apiserver', 'driver', 'launcher', 'viewer'])).toEqual([
      ['driver', 'launcher', 'viewer'],
      ['apiserver'],
    ]);
    expect(waves(kfp, ['apiserver'])).toEqual([['apiserver']]);
    expect(waves(catalogOf({ a: ['b'], b: ['c'], c: [] }), ['a', 'b', 'c'])).toEqual([['c'], ['b'], ['a']]);
    expect(waves(kfp, [])).toEqual([]);
  });

  it('end even in a circle, which the catalog refuses', () => {
    const circle = catalogOf({ a: ['b'], b: ['a'], c: ['c'], d: [] });
    expect(waves(circle, withBound(circle, ['a', 'c', 'd']))).toEqual([['d'], ['a', 'b', 'c']]);
  });

  it('always come after what they bind, and each image once', () => {
    const graph = fc.array(fc.array(fc.nat(19), { maxLength: 5 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(graph, fc.array(fc.nat(19)), (edges, wanted) => {
        const names = edges.map((_, index) => `i${index}`);
        const binds = edges.map((to, index): [string, string[]] => [
          `i${index}`,
          to.filter((other) => other < index).map((other) => `i${other}`),
        ]);
        const catalog = catalogOf(Object.fromEntries(binds));
        const all = withBound(
          catalog,
          wanted.map((index) => names[index] ?? 'unknown'),
        );
        const order = waves(catalog, all);
        expect(order.flat().sort()).toEqual([...all].sort());
        for (const [at, wave] of order.entries()) {
          for (const name of wave) {
            for (const bound of boundBy(catalog, name))
              expect(order.findIndex((one) => one.includes(bound))).toBeLessThan(at);
          }
        }
      }),
    );
  });
});
