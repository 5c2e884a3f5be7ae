import { generateKeyPairSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { beforeEach, expect, it } from 'vitest';
import { openAttachments, type Attachments } from '../../src/oci/attachments';
import { digestOf } from '../../src/oci/digest';
import { attestSet, type AttestOrder } from '../../src/publish/attest/attest';
import { sbomSource, separateSboms } from '../../src/publish/attest/sbom';
import { sbomStatement, spdxType } from '../../src/publish/attest/statement';
import { verifySet } from '../../src/publish/attest/verify';
import { storeSet } from '../../src/publish/setArtifact';
import { commitTag, setRepository } from '../../src/publish/tags';
import { keySigner } from '../../src/sigstore/sign';
import { openBundle } from '../../src/sigstore/verify';
import type { Descriptor, LockFile, Registry } from '../../src/types';
import { goBinary } from '../support/goBinary';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { commitId, contentKey } from '../support/releaseSets';

/* What is in an image: made from its Go binaries, or by a scanner in the build; attached once, and bound images have it too. */

const path = 'registry.example/team';
const repository = `${path}/driver`;
const created = '2026-11-23T00:00:00Z';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const modules = (version: string): string =>
  `path\texample.com/driver\nmod\texample.com/driver\t(devel)\t\ndep\texample.com/dep\t${version}\th1:aaaa=\n`;

let registry: Registry;
let attachments: Attachments;
let blobsRead: string[];
beforeEach(() => {
  blobsRead = [];
  registry = memoryRegistry(new Storage(), {
    before: ({ name, reference }) => {
      if (name === 'blob') blobsRead.push(reference);
      return Promise.resolve();
    },
  });
  attachments = openAttachments(registry, { now: () => 0, wait: () => Promise.resolve() });
});

async function layer(files: Readonly<Record<string, Buffer | string>>): Promise<Descriptor> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  const type = 'application/vnd.oci.image.layer.v1.tar+gzip';
  return registry.putBlob(repository, type, gzipSync(Buffer.concat(chunks)));
}

async function put(mediaType: string, content: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...content }, undefined, 2));
  return registry.putManifest(repository, digestOf(bytes), mediaType, bytes);
}

async function image(env: string, ...layers: readonly Descriptor[]): Promise<Descriptor> {
  const text = JSON.stringify({ os: 'linux', architecture: 'amd64', config: { Env: [env] } });
  const config = await registry.putBlob(repository, 'application/vnd.oci.image.config.v1+json', Buffer.from(text));
  return put(manifestType, { config, layers });
}

async function publish(digest: string): Promise<{ readonly lock: LockFile; readonly set: string }> {
  const commit = commitId('a');
  const images = { driver: { repository, digest, key: contentKey('a') } };
  const lock: LockFile = { version: 1, commit, registryPath: path, images };
  await storeSet(registry, setRepository(path), commitTag(commit), lock, created);
  return { lock, set: (await registry.head(setRepository(path), commitTag(commit)))?.digest ?? '' };
}

async function attest(
  digest: string,
  unbound: string,
  own: Partial<AttestOrder> & { readonly fromBinaries?: boolean },
) {
  const { lock, set } = await publish(digest);
  const found = await registry.head(setRepository(path), set);
  if (found === undefined) throw new Error('no set');
  const about = { created, version: '1.0.0', fromBinaries: own.fromBinaries ?? true };
  const facts = {
    ...{ name: 'driver', repository, digest, unbound, key: contentKey('a'), result: 'built' as const },
    ...{ dockerfile: undefined, context: '.', target: undefined, platforms: ['linux/amd64'], buildArgs: [] },
    ...{ bases: [], binds: [], buildkit: undefined, startedAt: undefined, finishedAt: undefined },
  };
  const run = { source: undefined, ref: undefined, branch: 'main', workflow: undefined, invocation: undefined };
  const order: AttestOrder = {
    ...{ provenance: false, signer: undefined, sboms: sbomSource({ registry, attachments }, about) },
    ...{ run: { ...run, commit: lock.commit, version: '1.0.0' }, images: [facts] },
    ...own,
  };
  const attested = await attestSet(
    order,
    { ...found, repository: setRepository(path), lock },
    { registry, attachments },
  );
  return { attested: attested.find(({ name }) => name === 'driver'), lock, set };
}

async function documentAt(
  digest: string,
): Promise<{ readonly document: Record<string, unknown>; readonly text: string }> {
  const listed = (await attachments.list(repository, digest)).filter(({ annotations }) =>
    Object.values(annotations).includes(spdxType),
  );
  expect(listed).toHaveLength(1);
  const file = await attachments.read(repository, listed[0]?.digest ?? '');
  const bytes = Buffer.from(openBundle(file?.bytes ?? Buffer.alloc(0))?.statement ?? file?.bytes ?? []);
  const statement = JSON.parse(bytes.toString()) as {
    readonly predicateType: string;
    readonly subject: readonly { readonly digest: { readonly sha256: string } }[];
    readonly predicate: Record<string, unknown>;
  };
  expect(statement.predicateType).toBe(spdxType);
  expect(statement.subject.map((each) => `sha256:${each.digest.sha256}`)).toContain(digest);
  return { document: statement.predicate, text: bytes.toString() };
}

it('says of each Go binary which modules are in it; what an upper layer replaced or took away is not there', async () => {
  const base = await layer({
    'bin/old': goBinary('go1.20', modules('v0.0.1')),
    'opt/tools/gone': goBinary('go1.20', modules('v0.0.2')),
    'bin/driver': goBinary('go1.21', modules('v0.0.3')),
    'bin/script': '#!/bin/sh\n',
  });
  // Larger than any buffer: what is found at once must not hold up what follows.
  const large = Buffer.alloc(4 * 2 ** 20, 7);
  const top = await layer({
    'bin/data': large,
    'bin/.wh.old': '',
    'opt/.wh..wh..opq': '',
    'bin/driver': Buffer.concat([goBinary('go1.24.1', modules('v1.2.3')), large]),
    'bin/last': large,
  });
  const { digest } = await image('A=b', base, top);
  const { attested } = await attest(digest, digest, {});
  expect(attested).toMatchObject({ isNew: true, provenance: undefined, signature: undefined });
  expect(attested?.sbom).toMatch(/^sha256:/);
  const { document, text } = await documentAt(digest);
  expect(document).toMatchObject({
    spdxVersion: 'SPDX-2.3',
    SPDXID: 'SPDXRef-DOCUMENT',
    creationInfo: { created, creators: ['Tool: kfp-images-1.0.0'] },
  });
  const { packages = [] } = document as { readonly packages?: readonly Readonly<Record<string, unknown>>[] };
  expect(packages.map(({ name, versionInfo }) => `${String(name)} ${String(versionInfo)}`).sort()).toEqual(
    [
      `${repository} ${digest}`,
      'example.com/driver undefined',
      'example.com/driver (devel)',
      'example.com/dep v1.2.3',
      'stdlib 1.24.1',
    ].sort(),
  );
  for (const old of ['v0.0.1', 'v0.0.2', 'v0.0.3']) expect(text).not.toContain(old);
  // Identifiers are unique, and every relationship leads from one to one.
  const ids = packages.map((each) => each['SPDXID']);
  expect(new Set(ids).size).toBe(ids.length);
  const { relationships = [] } = document as { readonly relationships?: readonly Readonly<Record<string, string>>[] };
  for (const { spdxElementId, relatedSpdxElement } of relationships) {
    expect([...ids, 'SPDXRef-DOCUMENT']).toContain(spdxElementId);
    expect(ids).toContain(relatedSpdxElement);
  }
});

it('a repeat attaches nothing and reads no layer, also where no binary is of Go', async () => {
  const { digest } = await image('A=b', await layer({ 'bin/script': '#!/bin/sh\n' }));
  const first = await attest(digest, digest, {});
  expect(first.attested?.sbom).toMatch(/^sha256:/);
  blobsRead = [];
  const again = await attest(digest, digest, {});
  expect(again.attested).toEqual({ ...first.attested, isNew: false });
  expect(blobsRead).toEqual([]);
});

it('is signed where the image is, which is signed itself all the same; verify shows it', async () => {
  const { digest } = await image('A=b', await layer({ 'bin/driver': goBinary('go1.24.1', modules('v1.2.3')) }));
  const { attested, lock, set } = await attest(digest, digest, { signer: keySigner(privateKey), provenance: true });
  expect(attested?.signature).toBe(attested?.provenance);
  expect(attested?.signature).not.toBe(attested?.sbom);
  await documentAt(digest);
  const found = Promise.resolve({ repository: setRepository(path), digest: set });
  const order = { lock, set: found, required: [{ kind: 'key', key: publicKey } as const], provenance: true };
  const subjects = await verifySet(order, { registry, attachments });
  const driver = subjects.find(({ name }) => name === 'driver');
  expect(driver).toMatchObject({ sbom: { artifact: attested?.sbom, isSigned: true }, signers: [{ isVerified: true }] });
});

it('the signature of an SBOM alone does not sign the image', async () => {
  const { digest } = await image('A=b', await layer({ 'bin/script': '#!/bin/sh\n' }));
  const { attested, lock, set } = await attest(digest, digest, { signer: keySigner(privateKey) });
  const tag = digest.replace(':', '-');
  const listed = await registry.manifest(repository, tag);
  const index = JSON.parse(Buffer.from(listed?.bytes ?? []).toString()) as {
    readonly manifests: readonly { readonly digest: string }[];
  };
  const left = { ...index, manifests: index.manifests.filter((each) => each.digest === attested?.sbom) };
  await registry.putManifest(repository, tag, indexType, Buffer.from(JSON.stringify(left)));
  const found = Promise.resolve({ repository: setRepository(path), digest: set });
  const order = { lock, set: found, required: [{ kind: 'key', key: publicKey } as const], provenance: false };
  const subjects = await verifySet(order, { registry, attachments });
  expect(subjects.find(({ name }) => name === 'driver')?.problems.join()).toContain('driver is not signed by the key');
});

it.each([1, 2])(
  'takes what a scanner said out of an index of %d images, and attaches it to the bound image too',
  async (count) => {
    const children: object[] = [];
    const plain: object[] = [];
    for (let index = 0; index < count; index++) {
      const child = await image(`N=${index}`, await layer({ file: `file ${index}` }));
      const architecture = ['amd64', 'arm64'][index];
      const statement = sbomStatement(repository, [child.digest], {
        spdxVersion: 'SPDX-2.3',
        name: `scanned ${index}`,
      });
      const scanned = await registry.putBlob(repository, 'application/vnd.in-toto+json', Buffer.from(statement));
      const config = await registry.putBlob(repository, 'application/vnd.oci.image.config.v1+json', Buffer.from('{}'));
      const attestation = await put(manifestType, { config, layers: [scanned] });
      plain.push({ ...child, platform: { architecture, os: 'linux' } });
      children.push({
        ...attestation,
        annotations: {
          'vnd.docker.reference.digest': child.digest,
          'vnd.docker.reference.type': 'attestation-manifest',
        },
        platform: { architecture: 'unknown', os: 'unknown' },
      });
    }
    const index = await put(indexType, { manifests: [...plain, ...children] });
    const separated = await separateSboms({ registry, attachments }, repository, index.digest);
    const without = await put(indexType, { manifests: plain });
    const [only] = plain as [Descriptor];
    expect(separated).toBe(count === 1 ? only.digest : without.digest);
    // Once more changes nothing.
    expect(await separateSboms({ registry, attachments }, repository, separated)).toBe(separated);

    const bound = await Promise.all(
      plain.map(async (_, at) => ({
        ...(await image(`BOUND=${at}`, await layer({ file: `file ${at}` }))),
        platform: { architecture: ['amd64', 'arm64'][at], os: 'linux' },
      })),
    );
    const [one] = bound;
    const published = count === 1 && one !== undefined ? one : await put(indexType, { manifests: bound });
    const { attested } = await attest(published.digest, separated, { fromBinaries: false });
    expect(attested?.sbom).toMatch(/^sha256:/);
    const listed = await attachments.list(repository, published.digest);
    const files = await Promise.all(listed.map((each) => attachments.read(repository, each.digest)));
    const names = files.map(
      (file) =>
        (JSON.parse(Buffer.from(file?.bytes ?? []).toString()) as { predicate: { name: string } }).predicate.name,
    );
    expect(names.sort()).toEqual(Array.from({ length: count }, (_, at) => `scanned ${at}`));
  },
);

it('an image that no scanner has seen has none, and the run goes on', async () => {
  const { digest } = await image('A=b', await layer({ file: 'x' }));
  const { attested } = await attest(digest, digest, { fromBinaries: false });
  expect(attested).toMatchObject({ sbom: undefined, isNew: false });
});
