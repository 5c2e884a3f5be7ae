import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAttachments } from '../../src/oci/attachments';
import { attestSet } from '../../src/publish/attest/attest';
import { verifySet } from '../../src/publish/attest/verify';
import { publish } from '../../src/publish/publication';
import { setRepository } from '../../src/publish/tags';
import { keySigner } from '../../src/sigstore/sign';
import type { Registry } from '../../src/types';
import { startFaultProxy, type FaultProxy } from '../support/faultProxy';
import { startRegistry, type TestRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';
import { buildTinyRelease, commitId, history, silent } from '../support/releaseSets';

/* What attesting a set of eight asks of a registry without a list of referrers, counted on the wire. */

const names = ['driver', 'launcher', 'apiserver', 'cacheserver', 'agent', 'workflow', 'viewer', 'visualization'];
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let server: TestRegistry;
let proxy: FaultProxy;
let registry: Registry;
beforeAll(async () => {
  server = await startRegistry({ auth: 'none' });
  proxy = await startFaultProxy(server.host);
  ({ registry } = testClient());
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});

it('signing eight images and their set asks 62 times and once for the list, a repeat 9 times, verify 71 times', async () => {
  const path = `${proxy.host}/p/images`;
  const commit = commitId('a');
  const images = Object.fromEntries(names.map((name) => [name, { content: '1' }]));
  const order = await buildTinyRelease(registry, { registryPath: path, commit, images });
  const counts: number[] = [];
  const about = {
    source: undefined,
    ref: undefined,
    branch: 'main',
    workflow: undefined,
    invocation: undefined,
    commit,
  };
  const run = async (): Promise<void> => {
    const outcome = await publish(order, {
      ...{ registry, uncancellable: registry, isAncestor: history({}), now: () => 0, log: silent },
      signal: new AbortController().signal,
      attest: async (set, through, known) => {
        const before = proxy.count;
        const repository = setRepository(path);
        const facts = order.images.map((image) => ({
          ...image,
          ...{ result: 'built' as const, dockerfile: undefined, context: '.', target: undefined },
          ...{ platforms: ['linux/amd64'], buildArgs: [], bases: [], binds: [], buildkit: undefined },
          ...{ startedAt: undefined, finishedAt: undefined },
        }));
        const signer = keySigner(privateKey);
        // A clock that stands still: on a slow machine a list would be too old, and asked for again, or while a PUT is under way.
        const attachments = openAttachments(through, {
          emptyAt: repository,
          now: () => 0,
          wait: (milliseconds) => (milliseconds < 500 ? new Promise(() => undefined) : Promise.resolve()),
        });
        await attestSet(
          { provenance: true, sboms: undefined, signer, run: { ...about, version: '0.0.0' }, images: facts },
          { ...set, repository },
          { registry: through, known, attachments },
        );
        counts.push(proxy.count - before);
      },
    });
    expect(outcome.kind).not.toBe('failed');
  };
  await run();
  await run();
  const [first, again] = counts;
  // Each image: list, statement (2), empty configuration, artifact, list, list read back. The set has the empty configuration already.
  expect(first).toBe(8 * 7 + 6 + 1);
  expect(again).toBe(9 + 1);

  const before = proxy.count;
  const set = await registry.head(setRepository(path), `commit-${commit}`);
  const lock = {
    ...{ version: 1 as const, commit, registryPath: path },
    images: Object.fromEntries(
      order.images.map(({ name, repository, digest, key }) => [name, { repository, digest, key }]),
    ),
  };
  const found = set && { repository: setRepository(path), digest: set.digest };
  const subjects = await verifySet(
    { lock, set: Promise.resolve(found), required: [], provenance: true },
    { registry, attachments: openAttachments(registry) },
  );
  expect(subjects.flatMap(({ problems }) => problems)).toEqual([]);
  expect(proxy.count - before).toBeLessThanOrEqual(71);
});
