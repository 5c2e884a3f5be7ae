import { describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../src/catalog/kfp';

describe('the built-in catalog', () => {
  test('has the eight images, in the order in which they can be built', () => {
    const done = new Set<string>();
    for (const [name, image] of kfpCatalog.images) {
      for (const bound of Object.values(image.bind)) expect(done).toContain(bound);
      done.add(name);
    }
    expect([...done].toSorted()).toEqual([
      'apiserver',
      'cacheserver',
      'driver',
      'launcher',
      'persistenceagent',
      'scheduledworkflow',
      'viewercontroller',
      'visualization',
    ]);
  });

  test('only the apiserver binds', () => {
    const binding = [...kfpCatalog.images.values()].filter(({ bind }) => Object.keys(bind).length > 0);
    expect(binding.map(({ name, bind }) => [name, bind])).toEqual([
      ['apiserver', { V2_DRIVER_IMAGE: 'driver', V2_LAUNCHER_IMAGE: 'launcher' }],
    ]);
  });

  test('driver and launcher have no Deployment, all others have one', () => {
    const without = [...kfpCatalog.images.values()].filter(({ deploy }) => deploy === undefined);
    expect(without.map(({ name }) => name)).toEqual(['driver', 'launcher']);
  });
});
