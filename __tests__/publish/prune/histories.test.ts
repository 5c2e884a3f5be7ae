import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryRegistry, Storage, type MemoryOptions } from '../../support/memoryRegistry';
import { historicRun, playHistory, pruneHistory } from './playedHistory';

/* Histories in memory; in real registries: __tests__/registries. More of them: KFP_IMAGES_PRUNE_HISTORIES=1000 . */

const histories = Number(process.env['KFP_IMAGES_PRUNE_HISTORIES'] ?? 60);
const path = 'registry.test/p/r';

describe.each<{ readonly name: string; readonly options: MemoryOptions }>([
  { name: 'a registry', options: {} },
  { name: 'one that deletes what no tag names', options: { onlyTagged: true } },
  { name: 'one that deletes no tags', options: { deletesTags: false } },
  { name: 'one that lists what is attached', options: { listsReferrers: true } },
])('$name', ({ options }) => {
  test('old commits go with everything that only they need; the others lose nothing; a second prune has nothing to do', async () => {
    let [gone, kept] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.array(historicRun, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 3 }),
        async (runs, keepLast) => {
          const registry = memoryRegistry(new Storage(options));
          const came = await pruneHistory(await playHistory(registry, path, runs), keepLast);
          gone += came.gone;
          kept += came.kept;
        },
      ),
      { numRuns: histories },
    );
    expect(gone).toBeGreaterThan(histories / 4);
    expect(kept).toBeGreaterThan(histories);
  });
});
