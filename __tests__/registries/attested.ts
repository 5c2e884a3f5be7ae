import { openAttachments } from '../../src/oci/attachments';
import { attestSet } from '../../src/publish/attest/attest';
import { sbomStatement } from '../../src/publish/attest/statement';
import { storeSet } from '../../src/publish/setArtifact';
import { commitTag, setRepository } from '../../src/publish/tags';
import type { StatementSigner } from '../../src/sigstore/sign';
import type { LockFile, Registry } from '../../src/types';
import { commitId, contentKey, pushTinyImage } from '../support/releaseSets';

/** A set of one image in a registry, with all that we attach to it, signed. */
export interface AttestedSet {
  readonly commit: string;
  readonly lock: LockFile;
  /** `REPOSITORY@DIGEST` */
  readonly image: string;
  readonly set: string;
}

/**
 * Publishes it, as a run of `workflow` would; for each of `signers` (undefined: unsigned) it is attested again. `content`: what its content key
 * is of; the image is the same.
 */
export async function attestedSet(
  registry: Registry,
  path: string,
  signers: readonly (StatementSigner | undefined)[],
  workflow?: string,
  content = 'a',
): Promise<AttestedSet> {
  const commit = commitId('attested');
  const repository = `${path}/driver`;
  const digest = await pushTinyImage(registry, { repository, content: 'a', revision: commit });
  const key = contentKey(content);
  const lock: LockFile = { version: 1, commit, registryPath: path, images: { driver: { repository, digest, key } } };
  const sets = setRepository(path);
  await storeSet(registry, sets, commitTag(commit), lock, '2026-11-23T00:00:00Z');
  const found = await registry.head(sets, commitTag(commit));
  if (found === undefined) throw new Error('the set is not there');
  const facts = {
    ...{ name: 'driver', repository, digest, unbound: digest, key, result: 'built' as const },
    ...{ dockerfile: { path: 'Dockerfile', oid: 'a'.repeat(40) }, context: '.', target: undefined },
    ...{ platforms: ['linux/amd64'], buildArgs: [], bases: [], binds: [], buildkit: undefined },
    ...{ startedAt: undefined, finishedAt: undefined },
  };
  const about = { source: 'https://github.com/dana/pipelines', ref: 'refs/heads/main', branch: 'main' };
  for (const signer of signers) {
    await attestSet(
      {
        provenance: true,
        signer,
        sboms: () => Promise.resolve([sbomStatement(repository, [digest], { spdxVersion: 'SPDX-2.3' })]),
        run: { ...about, workflow, invocation: undefined, commit, version: '0.0.0' },
        images: [facts],
      },
      { ...found, repository: sets, lock },
      { registry, attachments: openAttachments(registry, { emptyAt: sets }) },
    );
  }
  return { commit, lock, image: `${repository}@${digest}`, set: `${sets}@${found.digest}` };
}
