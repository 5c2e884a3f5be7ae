import { expect, test } from 'vitest';
import { publish } from '../../src/publish/publication';
import { decidePrune } from '../../src/publish/prune/decide';
import { takeInventory } from '../../src/publish/prune/inventory';
import { nothingInUse } from '../../src/publish/prune/rules';
import { keyTag } from '../../src/publish/tags';
import type { Registry } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { buildTinyRelease, commitId, contentKey, history, silent } from '../support/releaseSets';

/* Runs of one commit at once, each with digests of its own, on registries that delete at once what no tag names. */

const isAncestor = history({ c1: ['c0'], c2: ['c1'] });
const signal = new AbortController().signal;

/** Numbers that look thrown, the same each time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const orders = Array.from({ length: 60 }, (_, index) => index + 1);

test.concurrent.each([
  ...orders.map((seed) => [seed, 'their parts stay', {}] as const),
  ...orders.map((seed) => [seed, 'their parts go too', { partsGo: true }] as const),
])('all end well, and every digest of every lock file is there (order %i, %s)', async (seed, _, options) => {
  const storage = new Storage({ onlyTagged: true, ...options });
  const next = dice(seed);
  const begun = Date.now();
  const wait = async (): Promise<void> => {
    for (let turns = Math.floor(next() * 6); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
  };
  const registry: Registry = memoryRegistry(storage, { before: wait, after: wait });
  const runOnce = async (run: number, commit = 'c1') => {
    const release = {
      registryPath: 'r/p',
      commit: commitId(commit),
      images: { driver: { content: `${run}` }, apiserver: { content: `${run}` } },
      binds: { apiserver: ['driver'] },
    };
    const order = await buildTinyRelease(registry, release);
    // The same content, built by each: only one of them gets the tag of its key.
    const images = order.images.map((image) => ({ ...image, key: contentKey(`${image.name} ${commit}`) }));
    // Every other time all of them announce themselves in the same millisecond, so by the same tag.
    const now = (): number => (seed % 2 === 0 ? begun : Date.now());
    const ports = { registry, uncancellable: registry, isAncestor, now, signal, log: silent };
    const created = commit === 'c1' ? '2026-01-01T00:00:00Z' : '2026-01-02T00:00:00Z';
    return publish({ ...order, images, created }, ports);
  };
  const ended = await Promise.all(Array.from({ length: 2 + (seed % 3) }, (_, run) => runOnce(run)));
  for (const { kind, error } of ended) expect(['published', 'unchanged'], String(error)).toContain(kind);
  const locked = ended.flatMap(({ lock }) => Object.values(lock?.images ?? {}));
  expect(locked.length).toBeGreaterThan(0);
  for (const { repository, digest } of locked) {
    expect(await registry.manifest(repository, digest), `${repository}@${digest}`).toBeDefined();
  }

  // When all of it is old, nothing of it is left.
  const { lock } = await runOnce(100, 'c2');
  const rules = {
    keepLast: 1,
    keepDays: 0,
    now: Date.now() + 40 * 86_400_000,
    inUse: nothingInUse,
    unnamed: new Map(),
  };
  const inventory = await takeInventory(registry, 'r/p');
  const { deletions } = decidePrune(inventory, 'r/p', rules);
  const gone = new Set(deletions.map(({ repository, digest }) => `${repository}@${digest}`));
  const images = new Set(Object.values(lock?.images ?? {}).map(({ repository, digest }) => `${repository}@${digest}`));
  const keyed = new Set(Object.values(lock?.images ?? {}).map(({ repository, key }) => `${repository}:${keyTag(key)}`));
  for (const { repository } of Object.values(lock?.images ?? {})) {
    for (const [tag, digest] of inventory.get(repository)?.tags ?? []) {
      const name = `${repository}@${digest}`;
      expect(gone.has(name) || images.has(name) || keyed.has(`${repository}:${tag}`), `${repository}:${tag}`).toBe(
        true,
      );
    }
  }
});
