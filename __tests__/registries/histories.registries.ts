import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { historicRun, playHistory, pruneHistory } from '../publish/prune/playedHistory';
import { testClient } from '../support/registryClient';
import { fleet, much, type FleetRegistry } from './fleet';

/* Histories made by real runs in every registry at hand, and pruned there. */

describe.each(fleet())('$name', (make) => {
  let server: FleetRegistry;
  beforeAll(async () => {
    server = await make.start();
  });
  afterAll(() => server.stop());

  test('prune deletes exactly what the reference says, and a second one has nothing to do', async () => {
    const { registry } = testClient({ login: server, limits: { firstDelayMs: 50, longestDelayMs: 500 } });
    let [played, kept] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.array(historicRun, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 3 }),
        async (runs, keepLast) => {
          const path = `${server.host}/${server.top ?? ''}histories/h${played++}`;
          kept += (await pruneHistory(await playHistory(registry, path, runs), keepLast)).kept;
        },
      ),
      { numRuns: much.histories },
    );
    expect(kept).toBeGreaterThan(0);
  });
});
