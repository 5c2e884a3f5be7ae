import { expect, test } from 'vitest';
import { publish } from '../../src/publish/publication';
import type { Registry } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { buildTinyRelease, commitId, contentKey, history, silent } from '../support/releaseSets';

/* Runs of one commit at once, each with digests of its own, on registries that delete at once what no tag names. */

const isAncestor = history({ c1: ['c0'] });
const signal = new AbortController().signal;

/** Numbers that look thrown, the same each time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

test.concurrent.each(Array.from({ length: 60 }, (_, index) => index + 1))(
  'all end well, and every digest of every lock file is there (order %i)',
  async (seed) => {
    const storage = new Storage({ onlyTagged: true });
    const next = dice(seed);
    const wait = async (): Promise<void> => {
      for (let turns = Math.floor(next() * 6); turns > 0; turns--)
        await new Promise((resolve) => setImmediate(resolve));
    };
    const registry: Registry = memoryRegistry(storage, { before: wait, after: wait });
    const runOnce = async (run: number) => {
      const release = {
        registryPath: 'r/p',
        commit: commitId('c1'),
        images: { driver: { content: `${run}` }, apiserver: { content: `${run}` } },
        binds: { apiserver: ['driver'] },
      };
      const order = await buildTinyRelease(registry, release);
      // The same content, built by each: only one of them gets the tag of its key.
      const images = order.images.map((image) => ({ ...image, key: contentKey(image.name) }));
      const ports = { registry, uncancellable: registry, isAncestor, now: () => Date.now(), signal, log: silent };
      return publish({ ...order, images }, ports);
    };
    const ended = await Promise.all(Array.from({ length: 2 + (seed % 3) }, (_, run) => runOnce(run)));
    for (const { kind, error } of ended) expect(['published', 'unchanged'], String(error)).toContain(kind);
    const locked = ended.flatMap(({ lock }) => Object.values(lock?.images ?? {}));
    expect(locked.length).toBeGreaterThan(0);
    for (const { repository, digest } of locked) {
      expect(await registry.manifest(repository, digest), `${repository}@${digest}`).toBeDefined();
    }
  },
);
