import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAttachments } from '../../src/oci/attachments';
import { attestSet } from '../../src/publish/attest/attest';
import { verifySet } from '../../src/publish/attest/verify';
import { storeSet } from '../../src/publish/setArtifact';
import { commitTag, setRepository } from '../../src/publish/tags';
import { keySigner } from '../../src/sigstore/sign';
import { readPublicKey, readSigningKey } from '../../src/sigstore/signingKey';
import { run, type Finished } from '../../src/system/exec';
import type { LockFile, Registry } from '../../src/types';
import { tempDir, type TempDir } from '../support/engine';
import { startRegistry, type TestRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';
import { commitId, contentKey, pushTinyImage } from '../support/releaseSets';

/* What we sign is verified by cosign, and what cosign signs by us. script/registries compiles it; without Go there is none, and nothing to ask. */

const program = process.env['KFP_IMAGES_COSIGN'] ?? '';
const password = 'a password of the tests';

let folder: TempDir;
let server: TestRegistry;
let registry: Registry;
let lock: LockFile;
let setDigest: string;

const cosign = (...args: readonly string[]): Promise<Finished> =>
  run({ command: program, args, cwd: folder.path, env: { COSIGN_PASSWORD: password, SIGSTORE_NO_CACHE: 'true' } });
const image = (): string => `${lock.images['driver']?.repository ?? ''}@${lock.images['driver']?.digest ?? ''}`;
const offline = ['--insecure-ignore-tlog', '--allow-http-registry'];

beforeAll(async () => {
  if (program === '') return;
  [folder, server] = await Promise.all([tempDir(), startRegistry({ auth: 'none' })]);
  registry = testClient().registry;
  const commit = commitId('cosign');
  const repository = `${server.path}/driver`;
  const digest = await pushTinyImage(registry, { repository, content: 'a', revision: commit });
  lock = {
    version: 1,
    commit,
    registryPath: server.path,
    images: { driver: { repository, digest, key: contentKey('a') } },
  };
  await storeSet(registry, setRepository(server.path), commitTag(commit), lock, '2026-11-23T00:00:00Z');
  setDigest = (await registry.head(setRepository(server.path), commitTag(commit)))?.digest ?? '';
  expect((await cosign('generate-key-pair')).exitCode).toBe(0);
});
afterAll(async () => {
  if (program === '') return;
  await server.stop();
  await folder.remove();
});

it.skipIf(program === '')(
  'cosign verifies the signature and the provenance that we attached, by its own key',
  async () => {
    const key = await readSigningKey(await readFile(join(folder.path, 'cosign.key'), 'utf8'), password, 'cosign.key');
    const { digest = '', repository = '', key: contents = '' } = lock.images['driver'] ?? {};
    const facts = {
      ...{ name: 'driver', repository, digest, unbound: digest, key: contents, result: 'built' as const },
      ...{ dockerfile: { path: 'Dockerfile', oid: 'a'.repeat(40) }, context: '.', target: undefined },
      ...{ platforms: ['linux/amd64'], buildArgs: [], bases: [], binds: [], buildkit: undefined },
      ...{ startedAt: undefined, finishedAt: undefined },
    };
    const { commit } = lock;
    const about = {
      source: 'https://github.com/dana/pipelines',
      ref: undefined,
      branch: 'main',
      workflow: undefined,
      invocation: undefined,
    };
    const set = await registry.head(setRepository(server.path), setDigest);
    if (set === undefined) throw new Error('the set is not there');
    await attestSet(
      {
        provenance: true,
        sboms: undefined,
        signer: keySigner(key),
        run: { ...about, commit, version: '0.0.0' },
        images: [facts],
      },
      { ...set, repository: setRepository(server.path), lock },
      { registry, attachments: openAttachments(registry) },
    );
    for (const reference of [image(), `${setRepository(server.path)}@${setDigest}`]) {
      const verified = await cosign('verify', '--key', 'cosign.pub', ...offline, reference);
      expect(verified.stderr).toContain('The signatures were verified against the specified public key');
      expect(verified.exitCode, verified.stderr).toBe(0);
      const attested = await cosign(
        'verify-attestation',
        '--key',
        'cosign.pub',
        ...offline,
        '--type',
        'slsaprovenance1',
        reference,
      );
      expect(attested.exitCode, attested.stderr).toBe(0);
      const { payload } = JSON.parse(attested.stdout.split('\n', 1)[0] ?? '') as { readonly payload: string };
      expect(Buffer.from(payload, 'base64').toString()).toContain(`{"gitCommit":"${commit}"}`);
    }
  },
);

it.skipIf(program === '')('cosign refuses it by another key', async () => {
  expect((await cosign('generate-key-pair', '--output-key-prefix', 'other')).exitCode).toBe(0);
  const refused = await cosign('verify', '--key', 'other.pub', ...offline, image());
  expect(refused.exitCode).not.toBe(0);
});

it.skipIf(program === '')('we verify what cosign signed', async () => {
  const commit = commitId('signed by cosign');
  const repository = `${server.path}/launcher`;
  const digest = await pushTinyImage(registry, { repository, content: 'b', revision: commit });
  const signed = await cosign(
    ...[
      'sign',
      '--key',
      'cosign.key',
      '--yes',
      '--allow-http-registry',
      '--use-signing-config=false',
      '--tlog-upload=false',
    ],
    `${repository}@${digest}`,
  );
  expect(signed.exitCode, signed.stderr).toBe(0);
  const theirs: LockFile = { ...lock, images: { launcher: { repository, digest, key: contentKey('b') } } };
  const ask = async (file: string): Promise<readonly string[]> => {
    const key = readPublicKey(await readFile(join(folder.path, file), 'utf8'), file);
    const order = {
      lock: theirs,
      set: Promise.resolve(undefined),
      required: [{ kind: 'key', key } as const],
      provenance: false,
    };
    const subjects = await verifySet(order, { registry, attachments: openAttachments(registry) });
    return subjects.flatMap(({ problems }) => problems);
  };
  expect(await ask('cosign.pub')).toEqual([]);
  expect(await ask('other.pub')).toHaveLength(1);
});
