import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provenanceType, spdxType } from '../../src/publish/attest/statement';
import { keylessSigner } from '../../src/sigstore/keyless';
import { run, type Finished } from '../../src/system/exec';
import { tempDir, type TempDir } from '../support/engine';
import { testClient } from '../support/registryClient';
import { startSigstore, type SigstoreServices } from '../support/sigstoreServices';
import { attestedSet } from './attested';
import { makes, type AttachingRegistry } from './makes';

/*
 * What we attach and sign with the identity of a job is listed by oras and verified by gh: by the fallback tag, and by a registry that lists
 * referrers itself. script/registries has the tools. The services are Sigstore's own fakes.
 */

const workflow = 'dana/pipelines/.github/workflows/images.yml@refs/heads/main';
const identity = `https://github.com/${workflow}`;
const { KFP_IMAGES_ORAS: oras = '', KFP_IMAGES_GH: gh = '' } = process.env;

describe.each(makes)('%s', (_, start) => {
  let [server, folder, sigstore]: [AttachingRegistry | undefined, TempDir | undefined, SigstoreServices | undefined] = [
    undefined,
    undefined,
    undefined,
  ];
  let [image, set] = ['', ''];

  beforeAll(async () => {
    [server, folder, sigstore] = await Promise.all([start(), tempDir(), startSigstore(identity)]);
    Object.assign(process.env, sigstore.env, { GITHUB_WORKFLOW_REF: workflow });
    await writeFile(join(folder.path, 'trusted_root.jsonl'), `${sigstore.trustedRoot.replaceAll('\n', '')}\n`);
    const signer = keylessSigner(process.env);
    const attested = await attestedSet(testClient().registry, server.path, [signer], identity);
    [image, set] = [attested.image, attested.set];
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
