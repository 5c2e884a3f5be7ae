import { expect, test } from 'vitest';
import { publish, type PublicationPorts } from '../../src/publish/publication';
import { storeSet } from '../../src/publish/setArtifact';
import type { LockFile } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { buildTinyRelease, commitId, history, silent } from '../support/releaseSets';

const path = 'registry.test/p/r';
const sets = `${path}/kfp-images-set`;

test('a set of another name of the registry at our tag is kept under a tag of its own, and that is said', async () => {
  const storage = new Storage();
  const registry = memoryRegistry(storage);
  const order = await buildTinyRelease(registry, {
    registryPath: path,
    commit: commitId('a'),
    images: { driver: { content: 'a' } },
    binds: {},
  });
  const digest = `sha256:${'1'.repeat(64)}`;
  const elsewhere: LockFile = {
    version: 1,
    commit: commitId('a'),
    registryPath: 'other.test/p/r',
    images: { driver: { repository: 'other.test/p/r/driver', digest, key: '2'.repeat(64) } },
  };
  const put = await storeSet(registry, sets, `commit-${commitId('a')}`, elsewhere, '2026-11-28T00:00:00Z');
  const warnings: string[] = [];
  const ports: PublicationPorts = {
    registry,
    uncancellable: registry,
    isAncestor: history({}),
    now: () => 1_800_000_000_000,
    signal: new AbortController().signal,
    log: { ...silent, warning: (text) => void warnings.push(text) },
  };
  expect(await publish(order, ports)).toMatchObject({ kind: 'published' });
  expect(storage.tags.get(`${sets}:keep-${put.digest.slice('sha256:'.length)}`)).toBe(put.digest);
  expect(warnings).toEqual([expect.stringContaining('named a release set of other.test/p/r')]);
});
