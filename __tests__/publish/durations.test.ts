import { expect, test } from 'vitest';
import { noteSeconds, notedSeconds } from '../../src/publish/durations';
import { memoryRegistry, Storage } from '../support/memoryRegistry';

const path = 'registry.test/p/images';

test.each([
  [0.04, 0],
  [5.44, 5.4],
  [59.94, 60],
  [123.4, 120],
  [7199, 7200],
])('a build of %d s is noted as one of %d s', async (seconds, noted) => {
  const registry = memoryRegistry(new Storage());
  const driver = { image: 'driver', platform: undefined };
  await noteSeconds(registry, path, driver, seconds);
  expect(await notedSeconds(registry, path, [driver, { image: 'launcher', platform: undefined }])).toEqual([
    noted,
    undefined,
  ]);
});

test('what is written over leaves only so many manifests behind, however often it is', async () => {
  const storage = new Storage();
  const registry = memoryRegistry(storage);
  for (let tenths = 1000; tenths < 2000; tenths++) {
    await noteSeconds(registry, path, { image: 'driver', platform: 'linux/arm64' }, tenths / 10);
  }
  expect(storage.manifests.size).toBeLessThanOrEqual(11);
});
