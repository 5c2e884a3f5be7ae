import { expect, test } from 'vitest';
import { RegistryError } from '../../src/errors';
import { digestOf } from '../../src/oci/digest';
import { patientWithParts } from '../../src/oci/patientPut';
import { cacheBlobs } from '../../src/oci/cacheBlobs';
import type { Registry } from '../../src/types';
import { memoryRegistry, Storage } from '../support/memoryRegistry';

const refusing = (refusals: number, code: string): { registry: Registry; puts: () => number } => {
  const registry = memoryRegistry(new Storage());
  let puts = 0;
  const putManifest: Registry['putManifest'] = (...args) => {
    puts++;
    if (puts > refusals) return registry.putManifest(...args);
    return Promise.reject(new RegistryError('refused', { status: 400, codes: [code] }));
  };
  return { registry: { ...registry, putManifest }, puts: () => puts };
};
const only = ([registry]: readonly Registry[]): Registry => {
  if (registry === undefined) throw new Error('No registry');
  return registry;
};
const put = (registry: Registry, beforeRepeat?: () => Promise<void>): Promise<unknown> =>
  only(patientWithParts([registry])).putManifest('registry.test/p/r', 'latest', 'x/y', Buffer.from('{}'), beforeRepeat);

test('a part that is not seen for an instant is waited for; before each repetition the caller is asked', async () => {
  const { registry, puts } = refusing(2, 'MANIFEST_BLOB_UNKNOWN');
  let asked = 0;
  await put(registry, () => {
    asked++;
    return Promise.resolve();
  });
  expect([puts(), asked]).toEqual([3, 2]);
});

test('a part that is missing for good is an error', async () => {
  const { registry, puts } = refusing(Infinity, 'BLOB_UNKNOWN');
  await expect(put(registry)).rejects.toThrow('refused');
  expect(puts()).toBe(4);
});

test('a part that a registry deleted with another run’s tag is put again, also where it was only read', async () => {
  const repository = 'registry.test/p/r';
  const storage = new Storage();
  const real = memoryRegistry(storage);
  const strict: Registry = {
    ...real,
    putManifest: (...args) =>
      ['config', 'layer'].every((text) => storage.blobs.has(`${repository}@${digestOf(Buffer.from(text))}`))
        ? real.putManifest(...args)
        : Promise.reject(new RegistryError('unknown blob', { status: 404, codes: ['BLOB_UNKNOWN'] })),
  };
  const [looking, writing] = patientWithParts([strict, strict]);
  const layer = await real.putBlob(repository, 'x/y', Buffer.from('layer'));
  await looking?.blob(repository, layer.digest);
  const config = await writing?.putBlob(repository, 'x/y', Buffer.from('config'));
  storage.blobs.clear();
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers: [layer] }));
  await writing?.putManifest(repository, 'latest', 'x/y', bytes);
  expect(await real.manifest(repository, 'latest')).toBeDefined();
});

test('any other refusal is final', async () => {
  const { registry, puts } = refusing(1, 'MANIFEST_INVALID');
  await expect(put(registry)).rejects.toThrow('refused');
  expect(puts()).toBe(1);
});

test('a blob is read once, through whichever registry; one that failed is read again', async () => {
  const storage = new Storage();
  let reads = 0;
  let isDown = true;
  const real = memoryRegistry(storage, {
    before: ({ name }) => {
      if (name === 'blob') reads++;
      return isDown && name === 'blob' ? Promise.reject(new RegistryError('down', { status: 503 })) : Promise.resolve();
    },
  });
  const { digest } = await real.putBlob('registry.test/p/r', 'x/y', Buffer.from('text'));
  const [one = real, two = real] = cacheBlobs([real, real]);
  await expect(one.blob('registry.test/p/r', digest)).rejects.toThrow('down');
  isDown = false;
  expect(Buffer.from(await one.blob('registry.test/p/r', digest)).toString()).toBe('text');
  expect(Buffer.from(await two.blob('registry.test/p/r', digest)).toString()).toBe('text');
  expect(reads).toBe(2);
});
