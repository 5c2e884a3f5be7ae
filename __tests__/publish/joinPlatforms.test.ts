import { expect, test } from 'vitest';
import { BuildError, RegistryError } from '../../src/errors';
import { joinPlatforms } from '../../src/publish/joinPlatforms';
import type { Manifest, Registry } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { pushTinyImage, silent } from '../support/releaseSets';

const repository = 'registry.test/p/r/driver';
const tag = `key-${'a'.repeat(40)}`;

async function read(registry: Registry, reference: string): Promise<Manifest> {
  const manifest = await registry.manifest(repository, reference);
  if (manifest === undefined) throw new Error(`${reference} is not there`);
  return manifest;
}

async function twoParts() {
  const storage = new Storage();
  const registry = memoryRegistry(storage);
  const part = async (content: string): Promise<Manifest> =>
    read(registry, await pushTinyImage(registry, { repository, content, revision: 'none' }));
  const [amd64, arm64] = [await part('amd64'), await part('arm64')];
  const asked: string[] = [];
  const counting = memoryRegistry(storage, {
    before: ({ name }) => {
      asked.push(name);
      return Promise.resolve();
    },
  });
  return {
    storage,
    registry: counting,
    asked,
    amd64,
    arm64,
    parts: [
      { platform: 'linux/arm64/v8', manifest: arm64 },
      { platform: 'linux/amd64', manifest: amd64 },
    ],
  };
}

const joined = (registry: Registry, parts: Parameters<typeof joinPlatforms>[2], isFree = true) =>
  joinPlatforms(registry, { repository, tag, isFree }, parts, silent);
const join = async (...given: Parameters<typeof joined>): Promise<Manifest> => (await joined(...given)).manifest;

function listed({ bytes }: Manifest): unknown {
  return (JSON.parse(Buffer.from(bytes).toString('utf8')) as { readonly manifests: unknown }).manifests;
}

test('one index lists the parts by platform, and is the same in whatever order they come', async () => {
  const { registry, parts, amd64, arm64 } = await twoParts();
  const index = await join(registry, parts);
  expect((await join(registry, parts.toReversed())).digest).toBe(index.digest);
  expect((await read(registry, tag)).digest).toBe(index.digest);
  expect(listed(await read(registry, index.digest))).toMatchObject([
    { digest: amd64.digest, platform: { os: 'linux', architecture: 'amd64' } },
    { digest: arm64.digest, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
  ]);
});

test('where nothing has the tag it takes two requests', async () => {
  const { registry, parts, asked } = await twoParts();
  const { isKeyed } = await joined(registry, parts);
  expect(asked).toEqual(['tags', 'putManifest']);
  expect(isKeyed).toBe(true);
});

test.each([true, false])('a tag that names a whole image by now stays (found free before: %s)', async (isFree) => {
  const { registry, parts, amd64 } = await twoParts();
  await registry.putManifest(repository, tag, amd64.mediaType, amd64.bytes);
  const { manifest: index, isKeyed } = await joined(registry, parts, isFree);
  expect(isKeyed).toBe(false);
  expect((await read(registry, tag)).digest).toBe(amd64.digest);
  expect(listed(await read(registry, index.digest))).toHaveLength(2);
});

test('of a part that is an index itself, what that lists comes along, attestations too', async () => {
  const { registry, amd64, arm64 } = await twoParts();
  const attestation = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: amd64.digest,
    size: 1,
    platform: { os: 'unknown', architecture: 'unknown' },
  };
  const inner = {
    mediaType: attestation.mediaType,
    digest: arm64.digest,
    size: 2,
    platform: { os: 'linux', architecture: 'arm64' },
  };
  const type = 'application/vnd.oci.image.index.v1+json';
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [inner, attestation] }));
  await registry.putManifest(repository, 'part', type, bytes);
  const index = await join(registry, [
    { platform: 'linux/arm64', manifest: await read(registry, 'part') },
    { platform: 'linux/amd64', manifest: amd64 },
  ]);
  expect(listed(index)).toMatchObject([{ digest: amd64.digest }, inner, attestation]);
});

test('a part that does not exist any more, or is not an image, is named', async () => {
  const { registry, parts, arm64 } = await twoParts();
  const refusing: Registry = {
    ...registry,
    head: async (of, reference) => (reference === arm64.digest ? undefined : registry.head(of, reference)),
    putManifest: () => Promise.reject(new RegistryError('refused', { codes: ['MANIFEST_BLOB_UNKNOWN'], status: 400 })),
  };
  const refused = join(refusing, parts);
  await expect(refused).rejects.toThrow(BuildError);
  await expect(refused).rejects.toThrow(`${arm64.digest} (linux/arm64/v8) is not there any more`);
  await expect(join({ ...refusing, head: (of, reference) => registry.head(of, reference) }, parts)).rejects.toThrow(
    'refused',
  );
  const odd = { platform: 'linux/amd64', manifest: { ...arm64, bytes: Buffer.from('{}') } };
  await expect(join(registry, [odd])).rejects.toThrow(/linux\/amd64\) is not an image/);
});
