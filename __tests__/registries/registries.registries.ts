import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publish } from '../../src/publish/publication';
import { decidePrune } from '../../src/publish/prune/decide';
import { executePrune } from '../../src/publish/prune/execute';
import { takeInventory } from '../../src/publish/prune/inventory';
import { nothingInUse } from '../../src/publish/prune/rules';
import type { LockFile, Publication, Registry } from '../../src/types';
import { wholeness } from '../faults/invariants';
import { testClient } from '../support/registryClient';
import { buildTinyRelease, commitId, contentKey, history, silent } from '../support/releaseSets';
import { fleet, much, type FleetRegistry } from './fleet';
import { rowOf } from './probes';
import { onProtocol } from './protocol';

/* Every registry at hand, judged through the protocol. */

const binds = { apiserver: ['driver'] } as const;
const line = ['c0', 'c1', 'c2', 'c3'];
const isAncestor = history({ c1: ['c0'], c2: ['c1'], c3: ['c2'] });

describe.each(fleet())('$name', (make) => {
  let server: FleetRegistry;
  beforeAll(async () => {
    server = await make.start();
  });
  afterAll(() => server.stop());

  const top = (): string => server.top ?? '';

  /** A client as a run has it. */
  const client = (): Registry =>
    testClient({ login: server, limits: { firstDelayMs: 50, longestDelayMs: 500 } }).registry;

  /** `key`: of every image, in place of one for each content. */
  async function runOnce(
    path: string,
    commit: string,
    content: string,
    { now = Date.now(), key }: { readonly now?: number; readonly key?: string } = {},
  ): Promise<Publication> {
    const registry = client();
    const made = Object.fromEntries(['driver', 'launcher', 'apiserver'].map((name) => [name, { content }]));
    const release = { registryPath: path, commit: commitId(commit), images: made, binds };
    const order = await buildTinyRelease(registry, release);
    const signal = new AbortController().signal;
    const images = key === undefined ? order.images : order.images.map((image) => ({ ...image, key }));
    const created = new Date(Date.UTC(2026, 0, 1 + line.indexOf(commit))).toISOString();
    return publish(
      { ...order, images, created },
      { registry, uncancellable: registry, isAncestor, now: () => now, signal, log: silent },
    );
  }

  async function missing(locks: readonly LockFile[]): Promise<readonly string[]> {
    const images = locks.flatMap((lock) => Object.values(lock.images));
    const found = await Promise.all(
      images.map(async ({ repository, digest }) => {
        return (await client().manifest(repository, digest)) === undefined ? [`${repository}@${digest}`] : [];
      }),
    );
    return found.flat();
  }

  test('does what docs/registries.md says', async () => {
    const row = await rowOf(make.name, server);
    const documented = await readFile(join(__dirname, '../../docs/registries.md'), 'utf8');
    expect(documented.replaceAll(/ +/g, ' ').split('\n'), `its row is now ${row}`).toContain(row);
  });

  test.each([2, 4])('%d runs at once: each ends whole, and latest names the newest', async (count) => {
    const problems: string[] = [];
    for (let round = 0; round < much.rounds; round++) {
      const name = `${top()}races/n${count}/r${round}-${Date.now()}`;
      const path = `${server.host}/${name}`;
      const started = line.slice(0, count).map((commit) => runOnce(path, commit, `${name} ${commit}`));
      const ended = await Promise.all(started);
      const storage = await onProtocol(server).look(name);
      problems.push(...(await wholeness(storage)));
      for (const { kind, error, notes } of ended) {
        if (kind !== 'published' && kind !== 'unchanged') problems.push(`${kind}: ${String(error)} ${notes.join(' ')}`);
      }
      problems.push(...(await missing(ended.flatMap(({ lock }) => lock ?? []))));
      const newest = commitId(line[count - 1] ?? '');
      for (const [repository, tags] of storage.tags) {
        if (tags.get('latest') !== tags.get(`commit-${newest}`))
          problems.push(`${repository}:latest is not the newest`);
      }
    }
    expect(problems).toEqual([]);
  });

  test.each([2, 4])(
    '%d runs of one commit at once, each with a build of its own: each ends whole, no digest is lost',
    async (count) => {
      const problems: string[] = [];
      for (let round = 0; round < much.rounds; round++) {
        const name = `${top()}same/n${count}/r${round}-${Date.now()}`;
        const runs = Array.from({ length: count }, (_, index) =>
          runOnce(`${server.host}/${name}`, 'c1', `${name} ${index}`, { key: contentKey(name) }),
        );
        const ended = await Promise.all(runs);
        for (const { kind, error, notes } of ended) {
          if (kind !== 'published' && kind !== 'unchanged')
            problems.push(`${kind}: ${String(error)} ${notes.join(' ')}`);
        }
        problems.push(...(await missing(ended.flatMap(({ lock }) => lock ?? []))));
      }
      expect(problems).toEqual([]);
    },
  );

  test('a published commit that is built again loses nothing of its earlier lock file', async () => {
    const path = `${server.host}/${top()}again/r${Date.now()}`;
    const before = await runOnce(path, 'c1', 'first');
    const after = await runOnce(path, 'c1', 'second');
    expect([before.kind, after.kind]).toEqual(['published', 'published']);
    expect(after.lock?.images['driver']?.digest).not.toBe(before.lock?.images['driver']?.digest);
    expect(await missing([before.lock, after.lock].flatMap((lock) => lock ?? []))).toEqual([]);
  });

  test('prune deletes what is old, says only what is so, and then has nothing to do', async () => {
    const path = `${server.host}/${top()}prune/r${Date.now()}`;
    const start = Date.now() - 86_400_000;
    const published = new Map<string, LockFile | undefined>();
    for (const [index, commit] of ['c0', 'c1', 'c2'].entries()) {
      const { lock } = await runOnce(path, commit, `prune ${commit}`, { now: start + index * 1000 });
      published.set(commit, lock);
    }
    const registry = client();
    const plan = async () => {
      const rules = { keepLast: 1, keepDays: 1, now: Date.now(), inUse: nothingInUse, unnamed: new Map() };
      return decidePrune(await takeInventory(registry, path), path, rules);
    };
    const first = await plan();
    expect(first.sets.filter(({ goes }) => goes)).toHaveLength(2);
    const outcome = await executePrune(first, { registry, google: undefined, log: silent });
    expect(outcome.problems).toEqual([]);
    expect(outcome.deleted).toHaveLength(first.deletions.length);
    expect(await missing([published.get('c2')].flatMap((lock) => lock ?? []))).toEqual([]);
    const gone = ['c0', 'c1'].flatMap((commit) => Object.values(published.get(commit)?.images ?? {}));
    expect(await missing(['c0', 'c1'].flatMap((commit) => published.get(commit) ?? []))).toHaveLength(gone.length);
    const again = await plan();
    expect(again.deletions).toEqual([]);
    if (outcome.notes.length === 0) expect(again.untaggings).toEqual([]);
  });
});
