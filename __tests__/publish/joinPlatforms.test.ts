import { expect, test } from 'vitest';
import { BuildError } from '../../src/errors';
import { joinPlatforms } from '../../src/publish/joinPlatforms';
import type { Registry } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';
import { pushTinyImage } from '../support/releaseSets';

const repository = 'registry.test/p/r/driver';

async function twoParts() {
  const registry = memoryRegistry(new Storage());
  const part = (content: string): Promise<string> => pushTinyImage(registry, { repository, content, revision: 'none' });
  const [amd64, arm64] = [await part('amd64'), await part('arm64')];
  return {
    registry,
    parts: [
      { platform: 'linux/arm64/v8', digest: arm64 },
      { platform: 'linux/amd64', digest: amd64 },
    ],
  };
}

async function listed(registry: Registry, digest: string): Promise<unknown> {
  const manifest = await registry.manifest(repository, digest);
  return (JSON.parse(Buffer.from(manifest?.bytes ?? []).toString('utf8')) as { readonly manifests: unknown }).manifests;
}

test('one index lists the parts by platform, and is the same in whatever order they come', async () => {
  const { registry, parts } = await twoParts();
  const index = await joinPlatforms(registry, repository, parts);
  expect(await joinPlatforms(registry, repository, parts.toReversed())).toBe(index);
  expect(await listed(registry, index)).toMatchObject([
    { digest: parts[1]?.digest, platform: { os: 'linux', architecture: 'amd64' } },
    { digest: parts[0]?.digest, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
  ]);
});

test('of a part that is an index itself, what that lists comes along, attestations too', async () => {
  const { registry, parts } = await twoParts();
  const [arm64, amd64] = parts;
  if (arm64 === undefined || amd64 === undefined) throw new Error('no parts');
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
  const { digest } = await registry.putManifest(repository, 'part', type, bytes);
  const index = await joinPlatforms(registry, repository, [{ platform: 'linux/arm64', digest }, amd64]);
  expect(await listed(registry, index)).toMatchObject([{ digest: amd64.digest }, inner, attestation]);
});

test('a part that does not exist, or is not an image, is named', async () => {
  const { registry, parts } = await twoParts();
  const lost = { platform: 'linux/s390x', digest: `sha256:${'0'.repeat(64)}` };
  const joined = joinPlatforms(registry, repository, [...parts, lost]);
  await expect(joined).rejects.toThrow(BuildError);
  await expect(joined).rejects.toThrow(/sha256:0+ \(linux\/s390x\) is not there any more/);
});
