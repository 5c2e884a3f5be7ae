import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bindImage } from '../../src/builder/bindImage';
import { BuildError } from '../../src/errors';
import type { Descriptor } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';

const repository = 'registry.test/project/apiserver';
const env = { V2_DRIVER_IMAGE: 'registry.test/project/driver@sha256:1' };
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';
const ociConfig = 'application/vnd.oci.image.config.v1+json';

function put(storage: Storage, mediaType: string, value: unknown): Descriptor {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (mediaType === ociConfig) storage.blobs.set(`${repository}@${digest}`, bytes);
  else storage.manifests.set(`${repository}@${digest}`, { mediaType, digest, size: bytes.length, bytes });
  return { mediaType, digest, size: bytes.length };
}

function image(storage: Storage, architecture: string): Descriptor {
  const config = put(storage, ociConfig, { architecture, os: 'linux', rootfs: { diff_ids: [] }, history: [] });
  return put(storage, ociManifest, {
    schemaVersion: 2,
    mediaType: ociManifest,
    config,
    layers: [{ digest: `sha256:${architecture}` }],
  });
}

/** What a registry gives back under a digest, parsed. */
function read(storage: Storage, digest: string): Record<string, unknown> {
  const found = storage.manifests.get(`${repository}@${digest}`)?.bytes ?? storage.blobs.get(`${repository}@${digest}`);
  return JSON.parse(Buffer.from(found ?? []).toString()) as Record<string, unknown>;
}

describe('bindImage', () => {
  it('puts another manifest beside the image, which stays', async () => {
    const storage = new Storage();
    const unbound = image(storage, 'amd64');
    const bound = await bindImage(memoryRegistry(storage), repository, unbound.digest, env);
    expect(bound).toMatchObject({ mediaType: ociManifest, notes: [] });
    const manifest = read(storage, bound.digest) as { readonly config: Descriptor; readonly layers: unknown };
    expect(manifest.layers).toEqual([{ digest: 'sha256:amd64' }]);
    expect(read(storage, manifest.config.digest)).toMatchObject({
      config: { Env: ['V2_DRIVER_IMAGE=registry.test/project/driver@sha256:1'] },
    });
    expect(read(storage, unbound.digest)).toBeDefined();
    expect(storage.tags.size).toBe(0);
  });

  it('gives the same digest each time, and another one for other values', async () => {
    const storage = new Storage();
    const { digest } = image(storage, 'amd64');
    const registry = memoryRegistry(storage);
    const bind = async (values: Record<string, string>): Promise<string> =>
      (await bindImage(registry, repository, digest, values)).digest;
    expect(await bind(env)).toBe(await bind(env));
    expect(await bind(env)).not.toBe(await bind({ V2_DRIVER_IMAGE: 'other' }));
  });

  it('binds each image of an index, leaves out attestations and says so', async () => {
    const storage = new Storage();
    const platforms = ['amd64', 'arm64'].map((architecture) => ({
      ...image(storage, architecture),
      platform: { os: 'linux', architecture },
    }));
    const attestation = { ...image(storage, 'unknown'), platform: { os: 'unknown', architecture: 'unknown' } };
    const index = put(storage, ociIndex, {
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [...platforms, attestation],
    });
    const bound = await bindImage(memoryRegistry(storage), repository, index.digest, env);
    expect(bound.notes).toEqual([
      `${attestation.digest} is left out of the bound image: it attests to the image before binding.`,
    ]);
    const { manifests } = read(storage, bound.digest) as {
      readonly manifests: readonly (Descriptor & { readonly platform: object })[];
    };
    expect(manifests.map(({ platform }) => platform)).toEqual(platforms.map(({ platform }) => platform));
    for (const { digest } of manifests) {
      const { config } = read(storage, digest) as { readonly config: Descriptor };
      expect(read(storage, config.digest)).toMatchObject({
        config: { Env: ['V2_DRIVER_IMAGE=registry.test/project/driver@sha256:1'] },
      });
    }
  });

  const refused: readonly (readonly [name: string, make: (storage: Storage) => string, why: RegExp])[] = [
    ['that is not there', () => `sha256:${'0'.repeat(64)}`, /the registry has no such image/],
    [
      'that is none',
      (storage) => put(storage, ociManifest, { schemaVersion: 2, config: { mediaType: 'x', digest: 'y' } }).digest,
      /it is not an image/,
    ],
    [
      'whose configuration is none',
      (storage) => put(storage, ociManifest, { config: put(storage, ociConfig, { rootfs: 'none' }) }).digest,
      /its configuration can’t be read/,
    ],
    ['of nothing', (storage) => put(storage, ociIndex, { manifests: [] }).digest, /its index lists no image/],
    [
      'of indexes of indexes of indexes',
      (storage) => {
        let inner = image(storage, 'amd64');
        for (let depth = 0; depth < 4; depth++) inner = put(storage, ociIndex, { manifests: [inner] });
        return inner.digest;
      },
      /it is not an image/,
    ],
  ];
  it.each(refused)('refuses an image %s', async (_, make, why) => {
    const storage = new Storage();
    const digest = make(storage);
    const attempt = bindImage(memoryRegistry(storage), repository, digest, env);
    await expect(attempt).rejects.toThrow(BuildError);
    await expect(attempt).rejects.toThrow(why);
    await expect(attempt).rejects.toThrow(/can’t be bound to V2_DRIVER_IMAGE: .* Build it again with rebuild: all\./);
  });
});
