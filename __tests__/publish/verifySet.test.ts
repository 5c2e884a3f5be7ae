import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, it } from 'vitest';
import { openAttachments } from '../../src/oci/attachments';
import { provenanceAnnotation } from '../../src/publish/attest/attached';
import { sbomStatement, signatureStatement, signatureType, spdxType } from '../../src/publish/attest/statement';
import { statementFile } from '../../src/publish/attest/statementFile';
import { verifySet, type VerifiedSubject } from '../../src/publish/attest/verify';
import { keySigner } from '../../src/sigstore/sign';
import type { Registry } from '../../src/types';
import { attestedSet, type AttestedSet } from '../registries/attested';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { pushTinyImage } from '../support/releaseSets';

/* What of all that is attached to an image speaks for it: whoever may write to the registry can attach anything to anything. */

const path = 'registry.example/team';
const [own, other] = [pair(), pair()];

function pair(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function split(reference: string): readonly [string, string] {
  const [repository = '', digest = ''] = reference.split('@');
  return [repository, digest];
}

/** Attaches a statement to an image or set, signed with a key. */
async function attach(
  registry: Registry,
  to: string,
  type: string,
  statement: Uint8Array,
  key?: KeyObject,
): Promise<void> {
  const [repository, digest] = split(to);
  const subject = await registry.head(repository, digest);
  if (subject === undefined) throw new Error(`no ${to}`);
  const file = await statementFile(statement, type, key && keySigner(key));
  await openAttachments(registry).put(repository, subject, [file]);
}

async function verified(
  registry: Registry,
  { lock, set }: AttestedSet,
  ...keys: readonly KeyObject[]
): Promise<readonly VerifiedSubject[]> {
  const [repository, digest] = split(set);
  const required = keys.map((key) => ({ kind: 'key', key }) as const);
  return verifySet(
    { lock, set: Promise.resolve({ repository, digest }), required, provenance: true },
    { registry, attachments: openAttachments(registry) },
  );
}

const problemsOf = (subjects: readonly VerifiedSubject[]): readonly string[] =>
  subjects.flatMap(({ problems }) => problems);

const statementOf = (type: string, to: string, predicate: object = {}): Uint8Array => {
  const [name, digest] = split(to);
  const subject = [{ name, digest: { sha256: digest.slice('sha256:'.length) } }];
  return Buffer.from(
    JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject, predicateType: type, predicate }),
  );
};

it.each([
  ['a scan that found something', 'https://cosign.sigstore.dev/attestation/vuln/v1', false],
  ['a test that failed', 'https://in-toto.io/attestation/test-result/v0.1', false],
  ['a rule that it broke', 'https://slsa.dev/verification_summary/v1', false],
  ['what is in it', spdxType, false],
  ['nothing more, as cosign sign does', signatureType, true],
  ['a provenance of another tool', 'https://slsa.dev/provenance/v1', true],
])('signed is %s: does its signer stand for the image?', async (_, type, stands) => {
  const registry = memoryRegistry(new Storage({ listsReferrers: true }));
  const set = await attestedSet(registry, path, [undefined]);
  for (const to of [set.image, set.set]) await attach(registry, to, type, statementOf(type, to), own.privateKey);
  const unsigned = problemsOf(await verified(registry, set, own.publicKey)).filter((each) => /not signed/.test(each));
  expect(unsigned).toHaveLength(stands ? 0 : 2);
  // Without being asked for, nobody is named as signer either.
  const signers = (await verified(registry, set)).flatMap((each) => each.signers);
  expect(signers).toHaveLength(stands ? 2 : 0);
});

it('a signature of another image is none of this one, wherever it is attached', async () => {
  const registry = memoryRegistry(new Storage({ listsReferrers: true }));
  const set = await attestedSet(registry, path, [undefined]);
  const elsewhere = signatureStatement('registry.example/other', `sha256:${'0'.repeat(64)}`);
  for (const to of [set.image, set.set]) await attach(registry, to, signatureType, elsewhere, own.privateKey);
  const subjects = await verified(registry, set, own.publicKey);
  expect(problemsOf(subjects)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^driver is not signed/) as string,
      expect.stringMatching(/^The set is not signed/) as string,
    ]),
  );
});

it("what others attach takes nothing away: neither another's signature, nor a false provenance, nor what can't be read", async () => {
  const registry = memoryRegistry(new Storage({ listsReferrers: true }));
  const set = await attestedSet(registry, path, [keySigner(own.privateKey)]);
  const before = await verified(registry, set, own.publicKey);
  expect(problemsOf(before)).toEqual([]);
  for (const to of [set.image, set.set]) {
    const forged = statementOf('https://slsa.dev/provenance/v1', to, {
      buildDefinition: {
        buildType: 'pkg:npm/kfp-images#image/v1',
        externalParameters: { source: { commit: 'f'.repeat(40) } },
        internalParameters: { contentKey: 'f'.repeat(64) },
      },
    });
    await attach(registry, to, 'https://slsa.dev/provenance/v1', forged);
    await attach(registry, to, 'https://slsa.dev/provenance/v1', forged, other.privateKey);
    await attach(registry, to, signatureType, Buffer.from('{"_type":'), other.privateKey);
  }
  const after = await verified(registry, set, own.publicKey);
  expect(after).toEqual(before);
  const refused = problemsOf(await verified(registry, set, pair().publicKey));
  expect(refused.filter((each) => /not signed by/.test(each))).toHaveLength(2);
});

it('a provenance that only an unsigned one of the set names does not count where a signature is asked for', async () => {
  const registry = memoryRegistry(new Storage({ listsReferrers: true }));
  const set = await attestedSet(registry, path, [undefined]);
  for (const to of [set.image, set.set]) {
    await attach(registry, to, signatureType, signatureStatement(...split(to)), own.privateKey);
  }
  expect(problemsOf(await verified(registry, set))).toEqual([]);
  expect(problemsOf(await verified(registry, set, own.publicKey))).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^driver has no provenance that is signed/) as string,
      expect.stringMatching(/^The set has no provenance/) as string,
    ]),
  );
});

it('an SBOM is signed where its own signature is', async () => {
  const registry = memoryRegistry(new Storage({ listsReferrers: true }));
  const set = await attestedSet(registry, path, [keySigner(own.privateKey)]);
  const [repository, digest] = split(set.image);
  await attach(registry, set.image, spdxType, sbomStatement(repository, [digest], { spdxVersion: 'SPDX-2.3' }));
  const [image] = await verified(registry, set, own.publicKey);
  expect(image?.sbom?.isSigned).toBe(true);
  const [strange] = await verified(registry, set, other.publicKey);
  expect(strange?.sbom?.isSigned).toBe(false);
});

it.each([
  ['unsigned', undefined],
  ['signed', keySigner(own.privateKey)],
])(
  'an image that was counted in another way before gets a provenance of what it counts as now, once: %s',
  async (_, signer) => {
    const storage = new Storage({ listsReferrers: true });
    const registry = memoryRegistry(storage);
    const before = await attestedSet(registry, path, [signer], undefined, 'a base image that nobody could look up');
    const after = await attestedSet(registry, path, [signer], undefined, 'the same one, looked up');
    expect(after.image).toBe(before.image);
    expect(problemsOf(await verified(registry, after))).toEqual([]);
    const [image] = await verified(registry, after);
    expect(image?.provenance?.key).toBe(after.lock.images['driver']?.key);
    const count = storage.manifests.size;
    await attestedSet(registry, path, [signer], undefined, 'the same one, looked up');
    await attestedSet(registry, path, [signer], undefined, 'a base image that nobody could look up');
    expect(storage.manifests.size).toBe(count);
  },
);

it('a provenance by another tool is not in the way of ours, nor is one of ours from before they were marked', async () => {
  const storage = new Storage({ listsReferrers: true });
  const registry = memoryRegistry(storage);
  const elsewhere = await attestedSet(registry, 'registry.example/elsewhere', [undefined]);
  const [repository, digest] = split(elsewhere.image);
  const [listed] = (await openAttachments(registry).list(repository, digest)).filter(({ annotations }) =>
    Object.hasOwn(annotations, provenanceAnnotation),
  );
  const old = await openAttachments(registry).read(repository, listed?.digest ?? '');
  const image = `${path}/driver@${digest}`;
  await pushTinyImage(registry, { repository: `${path}/driver`, content: 'a', revision: elsewhere.commit });
  const theirs = statementOf('https://slsa.dev/provenance/v1', image, {
    buildDefinition: { buildType: 'https://actions.github.io/buildtypes/workflow/v1' },
  });
  await attach(registry, image, 'https://slsa.dev/provenance/v1', theirs, other.privateKey);
  const set = await attestedSet(registry, path, [undefined]);
  expect(set.image).toBe(image);
  expect(problemsOf(await verified(registry, set))).toEqual([]);

  const third = 'registry.example/third';
  await pushTinyImage(registry, { repository: `${third}/driver`, content: 'a', revision: elsewhere.commit });
  await attach(registry, `${third}/driver@${digest}`, 'https://slsa.dev/provenance/v1', old?.bytes ?? Buffer.alloc(0));
  const again = await attestedSet(registry, third, [undefined]);
  expect(
    (await openAttachments(registry).list(...split(again.image))).filter(({ annotations }) =>
      Object.hasOwn(annotations, provenanceAnnotation),
    ),
  ).toEqual([]);
  expect(problemsOf(await verified(registry, again))).toEqual([]);
});
