import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAttachments } from '../../src/oci/attachments';
import { attestSet } from '../../src/publish/attest/attest';
import { provenanceType, sbomStatement, spdxType } from '../../src/publish/attest/statement';
import { storeSet } from '../../src/publish/setArtifact';
import { commitTag, setRepository } from '../../src/publish/tags';
import { keylessSigner } from '../../src/sigstore/keyless';
import { run, type Finished } from '../../src/system/exec';
import type { LockFile } from '../../src/types';
import { tempDir, type TempDir } from '../support/engine';
import { startRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';
import { freePort, startRegistryProcess } from '../support/registryProcess';
import { commitId, contentKey, pushTinyImage } from '../support/releaseSets';
import { startSigstore, type SigstoreServices } from '../support/sigstoreServices';

/*
 * What we attach and sign with the identity of a job is listed by oras and verified by gh: by the fallback tag, and by a registry that lists
 * referrers itself. script/registries has the tools. The services are Sigstore's own fakes.
 */

const workflow = 'dana/pipelines/.github/workflows/images.yml@refs/heads/main';
const identity = `https://github.com/${workflow}`;
const { KFP_IMAGES_CRANE: crane = '', KFP_IMAGES_ORAS: oras = '', KFP_IMAGES_GH: gh = '' } = process.env;

interface Server {
  readonly path: string;
  stop(): Promise<void>;
}

async function referrersRegistry(): Promise<Server> {
  const port = await freePort();
  const running = await startRegistryProcess([crane, 'registry', 'serve', '--address', `127.0.0.1:${port}`], port);
  return { path: `127.0.0.1:${port}/p/images`, stop: () => running.stop() };
}

const makes: readonly (readonly [string, () => Promise<Server>])[] = [
  ['Distribution 2.8, the fallback tag', () => startRegistry({ auth: 'none' })],
  ...(crane === '' ? [] : [['a list of referrers', referrersRegistry] as const]),
];

describe.each(makes)('%s', (_, start) => {
  let [server, folder, sigstore]: [Server | undefined, TempDir | undefined, SigstoreServices | undefined] = [
    undefined,
    undefined,
    undefined,
  ];
  let [image, set] = ['', ''];

  beforeAll(async () => {
    [server, folder, sigstore] = await Promise.all([start(), tempDir(), startSigstore(identity)]);
    Object.assign(process.env, sigstore.env, { GITHUB_WORKFLOW_REF: workflow });
    await writeFile(join(folder.path, 'trusted_root.jsonl'), `${sigstore.trustedRoot.replaceAll('\n', '')}\n`);
    const { registry } = testClient();
    const { path } = server;
    const commit = commitId('tools');
    const repository = `${path}/driver`;
    const digest = await pushTinyImage(registry, { repository, content: 'a', revision: commit });
    const key = contentKey('a');
    const lock: LockFile = { version: 1, commit, registryPath: path, images: { driver: { repository, digest, key } } };
    const sets = setRepository(path);
    await storeSet(registry, sets, commitTag(commit), lock, '2026-11-23T00:00:00Z');
    const found = await registry.head(sets, commitTag(commit));
    if (found === undefined) throw new Error('the set is not there');
    const facts = {
      ...{ name: 'driver', repository, digest, unbound: digest, key, result: 'built' as const },
      ...{ dockerfile: undefined, context: '.', target: undefined, platforms: ['linux/amd64'], buildArgs: [] },
      ...{ bases: [], binds: [], buildkit: undefined, startedAt: undefined, finishedAt: undefined },
    };
    const about = { source: 'https://github.com/dana/pipelines', ref: 'refs/heads/main', branch: 'main' };
    await attestSet(
      {
        provenance: true,
        signer: keylessSigner(process.env),
        sboms: () => Promise.resolve([sbomStatement(repository, [digest], { spdxVersion: 'SPDX-2.3' })]),
        run: { ...about, workflow: identity, invocation: undefined, commit, version: '0.0.0' },
        images: [facts],
      },
      { ...found, repository: sets, lock },
      { registry, attachments: openAttachments(registry, { emptyAt: sets }) },
    );
    [image, set] = [`${repository}@${digest}`, `${sets}@${found.digest}`];
  });
  afterAll(async () => {
    await Promise.all([server?.stop(), folder?.remove(), sigstore?.[Symbol.asyncDispose]()]);
  });

  const call = (command: string, ...args: readonly string[]): Promise<Finished> =>
    run({
      command,
      args,
      cwd: folder?.path ?? '.',
      env: { GH_TOKEN: 'none', GH_CONFIG_DIR: folder?.path ?? '', GH_NO_UPDATE_NOTIFIER: '1' },
    });

  it.skipIf(oras === '')('oras lists what is attached to image and set', async () => {
    for (const [reference, types] of [
      [image, [provenanceType, spdxType]],
      [set, [provenanceType]],
    ] as const) {
      const listed = await call(oras, 'discover', '--plain-http', '--format', 'json', reference);
      expect(listed.exitCode, listed.stderr).toBe(0);
      const { referrers } = JSON.parse(listed.stdout) as {
        readonly referrers: readonly {
          readonly artifactType: string;
          readonly annotations: Readonly<Record<string, string>>;
        }[];
      };
      expect(referrers.map(({ annotations }) => annotations['dev.sigstore.bundle.predicateType']).sort()).toEqual(
        [...types].sort(),
      );
    }
  });

  it.skipIf(gh === '')(
    'gh takes the provenance from the registry, and its signature as one of this identity',
    async () => {
      const verify = (root: string): Promise<Finished> => {
        const own = ['--custom-trusted-root', root, '--cert-identity', identity, '--repo', 'dana/pipelines'];
        return call(gh, 'attestation', 'verify', `oci://${image}`, '--bundle-from-oci', ...own);
      };
      // What GitHub's Fulcio writes into certificates beside the identity the fake one does not: gh asks for it last.
      expect((await verify('trusted_root.jsonl')).stderr).toContain(
        'expected SourceRepositoryOwnerURI to be https://github.com/dana, got \n',
      );
      await using other = await startSigstore(identity);
      await writeFile(join(folder?.path ?? '', 'other.jsonl'), `${other.trustedRoot.replaceAll('\n', '')}\n`);
      const refused = await verify('other.jsonl');
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).not.toContain('SourceRepositoryOwnerURI');
    },
  );
});
