import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openAttachments } from '../../src/oci/attachments';
import { verifySet } from '../../src/publish/attest/verify';
import { keylessSigner } from '../../src/sigstore/keyless';
import { keySigner } from '../../src/sigstore/sign';
import { readPublicKey, readSigningKey } from '../../src/sigstore/signingKey';
import { run, type Finished } from '../../src/system/exec';
import type { LockFile, Registry } from '../../src/types';
import { tempDir, type TempDir } from '../support/engine';
import { testClient } from '../support/registryClient';
import { commitId, contentKey, pushTinyImage } from '../support/releaseSets';
import { startSigstore } from '../support/sigstoreServices';
import { attestedSet, type AttestedSet } from './attested';
import { makes, type AttachingRegistry } from './makes';

/*
 * What we sign is verified by cosign, by the very commands that docs/provenance.md shows, and what cosign signs by us. script/registries
 * compiles it; without Go there is none, and nothing to ask.
 */

const { KFP_IMAGES_COSIGN: program = '', KFP_IMAGES_ORAS: oras = '' } = process.env;
const password = 'a password of the tests';
const workflow = 'dana/pipelines/.github/workflows/images.yml@refs/heads/main';
const identity = `https://github.com/${workflow}`;
const issuer = 'https://token.actions.githubusercontent.com';

describe.skipIf(program === '').each(makes)('%s', (_, start) => {
  let folder: TempDir;
  let server: AttachingRegistry;
  let registry: Registry;
  let byKey: AttestedSet;

  beforeAll(async () => {
    [folder, server] = await Promise.all([tempDir(), start()]);
    registry = testClient().registry;
    expect((await cosign('generate-key-pair')).exitCode).toBe(0);
    const key = await readSigningKey(await readFile(join(folder.path, 'cosign.key'), 'utf8'), password, 'cosign.key');
    byKey = await attestedSet(registry, `${server.path}/key`, [keySigner(key)]);
  });
  afterAll(async () => {
    await server.stop();
    await folder.remove();
  });

  const call = (command: string, args: readonly string[]): Promise<Finished> =>
    run({ command, args, cwd: folder.path, env: { COSIGN_PASSWORD: password, SIGSTORE_NO_CACHE: 'true' } });
  const cosign = (...args: readonly string[]): Promise<Finished> => call(program, args);

  /** What `verify-attestation` prints: the statements, one a line. */
  const statements = ({ stdout }: Finished): readonly string[] =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => Buffer.from((JSON.parse(line) as { readonly payload: string }).payload, 'base64').toString());

  it('each command that docs/provenance.md shows for a key does what is said there', async () => {
    const page = await readFile('docs/provenance.md', 'utf8');
    const shown = page
      .split('\n')
      .filter((line) => /^(cosign|oras) .*IMAGE@DIGEST$/.test(line) && !line.includes('STEPS'));
    expect(shown.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'cosign verify',
      'cosign verify-attestation',
      'cosign verify-attestation',
      'oras discover',
    ]);
    for (const line of shown) {
      const [tool, ...words] = line.replace('IMAGE@DIGEST', byKey.image).split(' ');
      if (tool === 'oras' && oras === '') continue;
      // The registry of the tests speaks http, which cosign tries by itself on this machine.
      const args = tool === 'oras' ? [...words.slice(0, 1), '--plain-http', ...words.slice(1)] : words;
      const ended = await call(tool === 'oras' ? oras : program, args);
      expect(ended.exitCode, `${line}\n${ended.stderr}`).toBe(0);
    }
  });

  it('cosign verifies signature and provenance of image and set, and the SBOM, and shows what we wrote', async () => {
    const own = ['--key', 'cosign.pub', '--insecure-ignore-tlog'];
    for (const reference of [byKey.image, byKey.set]) {
      const verified = await cosign('verify', ...own, reference);
      expect(verified.stderr).toContain('The signatures were verified against the specified public key');
      expect(verified.exitCode, verified.stderr).toBe(0);
      const attested = await cosign('verify-attestation', ...own, '--type', 'slsaprovenance1', reference);
      expect(attested.exitCode, attested.stderr).toBe(0);
      const [only = '', ...more] = statements(attested);
      expect(more).toEqual([]);
      expect(only).toContain(`{"gitCommit":"${byKey.commit}"}`);
    }
    const sbom = await cosign('verify-attestation', ...own, '--type', 'spdxjson', byKey.image);
    expect(sbom.exitCode, sbom.stderr).toBe(0);
    expect(statements(sbom).join()).toContain('"spdxVersion":"SPDX-2.3"');
    const none = await cosign('verify-attestation', ...own, '--type', 'spdxjson', byKey.set);
    expect(none.exitCode).not.toBe(0);
  });

  it('cosign verifies what was attached without a signature and is signed by a later run', async () => {
    const key = await readSigningKey(await readFile(join(folder.path, 'cosign.key'), 'utf8'), password, 'cosign.key');
    const { image, set } = await attestedSet(registry, `${server.path}/later`, [undefined, keySigner(key)]);
    for (const reference of [image, set]) {
      const verified = await cosign('verify', '--key', 'cosign.pub', '--insecure-ignore-tlog', reference);
      expect(verified.exitCode, verified.stderr).toBe(0);
    }
  });

  it('cosign refuses it by another key', async () => {
    expect((await cosign('generate-key-pair', '--output-key-prefix', 'other')).exitCode).toBe(0);
    const other = ['--key', 'other.pub', '--insecure-ignore-tlog'];
    expect((await cosign('verify', ...other, byKey.image)).exitCode).not.toBe(0);
    const attested = await cosign('verify-attestation', ...other, '--type', 'slsaprovenance1', byKey.image);
    expect(attested.exitCode).not.toBe(0);
  });

  it('we verify what cosign signed', async () => {
    const commit = commitId('signed by cosign');
    const repository = `${server.path}/launcher`;
    const digest = await pushTinyImage(registry, { repository, content: 'b', revision: commit });
    // As with a key: neither a log nor a service beside it.
    const own = ['--key', 'cosign.key', '--yes', '--use-signing-config=false', '--tlog-upload=false'];
    const signed = await cosign('sign', ...own, `${repository}@${digest}`);
    expect(signed.exitCode, signed.stderr).toBe(0);
    const images = { launcher: { repository, digest, key: contentKey('b') } };
    const theirs: LockFile = { version: 1, commit, registryPath: server.path, images };
    const ask = async (file: string): Promise<readonly string[]> => {
      const key = readPublicKey(await readFile(join(folder.path, file), 'utf8'), file);
      const required = [{ kind: 'key', key } as const];
      const order = { lock: theirs, set: Promise.resolve(undefined), required, provenance: false };
      const subjects = await verifySet(order, { registry, attachments: openAttachments(registry) });
      return subjects.flatMap(({ problems }) => problems);
    };
    expect(await ask('cosign.pub')).toEqual([]);
    expect(await ask('other.pub')).toHaveLength(1);
  });

  it("cosign verifies what is signed with a job's identity, by certificate and log, and refuses another name or root", async () => {
    await using sigstore = await startSigstore({ workflow });
    await using stranger = await startSigstore({ workflow });
    await writeFile(join(folder.path, 'root.json'), sigstore.trustedRoot);
    await writeFile(join(folder.path, 'stranger.json'), stranger.trustedRoot);
    for (const [name, value] of Object.entries({ ...sigstore.env, GITHUB_WORKFLOW_REF: workflow }))
      vi.stubEnv(name, value);
    const signer = keylessSigner(process.env);
    const { image, set } = await attestedSet(registry, `${server.path}/keyless`, [signer], identity);
    vi.unstubAllEnvs();
    const by = (who: string, root: string): readonly string[] => [
      ...['--certificate-oidc-issuer', issuer, '--certificate-identity', who, '--trusted-root', root],
    ];
    for (const reference of [image, set]) {
      const verified = await cosign('verify', ...by(identity, 'root.json'), reference);
      expect(verified.exitCode, verified.stderr).toBe(0);
      const type = ['--type', 'slsaprovenance1'];
      const attested = await cosign('verify-attestation', ...by(identity, 'root.json'), ...type, reference);
      expect(attested.exitCode, attested.stderr).toBe(0);
      const other = await cosign('verify', ...by(`${identity}/other`, 'root.json'), reference);
      expect(other.exitCode).not.toBe(0);
      expect(other.stderr).toContain('no matching CertificateIdentity found');
      expect((await cosign('verify', ...by(identity, 'stranger.json'), reference)).exitCode).not.toBe(0);
    }
  });
});
