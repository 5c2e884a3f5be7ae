import { describe, expect, test } from 'vitest';
import { RegistryError } from '../../../src/errors';
import { digestOf } from '../../../src/oci/digest';
import { promote } from '../../../src/publish/promotion/promote';
import { latestTag } from '../../../src/publish/tags';
import type { Registry } from '../../../src/types';
import { memoryRegistry } from '../../support/memoryRegistry';
import { latestOf, path, sets, type Promotions } from '../../support/promotionModel';
import { history, silent } from '../../support/releaseSets';

import { kinds, move, standsAt, whole, world } from '../../support/promotionScenarios';
/** Lets the registry fail from the call of this number on for which `when` holds. */
function failing(model: Promotions, when: (call: string) => boolean, from = 1): Registry {
  let count = 0;
  return memoryRegistry(model.storage, {
    before: ({ name, repository, reference }) => {
      const isIt = when(`${name} ${repository}:${reference}`);
      if (isIt) count++;
      return isIt && count >= from
        ? Promise.reject(new RegistryError('It failed.', { status: 500 }))
        : Promise.resolve();
    },
  });
}

/** Lets the registry keep half of what is put at the driver's `latest`, so many times. go-containerregistry's does that with a PUT that is cut off. */
function cutting(model: Promotions, times: number): Registry {
  const repository = `${path}/driver`;
  let cut = 0;
  return memoryRegistry(model.storage, {
    before: ({ name, repository: at, reference }) => {
      if (name !== 'putManifest' || at !== repository || reference !== latestTag || cut++ >= times)
        return Promise.resolve();
      const bytes = Buffer.from('{"schemaVersion":2,"config":{"media');
      const digest = digestOf(bytes);
      model.storage.manifests.set(`${repository}@${digest}`, {
        ...{ mediaType: 'application/octet-stream', digest, size: bytes.length, bytes },
      });
      model.storage.tags.set(`${repository}:${latestTag}`, digest);
      return Promise.reject(new RegistryError('It was cut off.', {}));
    },
  });
}

describe('when the registry keeps half of a manifest', () => {
  test('it is put back to where it was', async () => {
    const model = await world([whole('mid')], whole('base'));
    const promotion = await move(model, 0, cutting(model, 1));
    expect(promotion.kind).toBe('failed');
    expect(kinds(promotion)).toContain('driver restored');
    expect(standsAt(model)).toEqual({ driver: 'base', launcher: 'base', set: 'base' });
  });

  test('and can not be put back, that is said, and the next run moves it', async () => {
    const model = await world([whole('mid')], whole('base'));
    const promotion = await move(model, 0, cutting(model, Infinity));
    expect(kinds(promotion)).toContain('driver broken');
    expect(promotion.notes.join(' ')).toMatch(/driver:latest could not be put back/);
    expect((await move(model, 0)).kind).toBe('moved');
    expect(standsAt(model)).toEqual({ driver: 'mid', launcher: 'mid', set: 'mid' });
  });

  test('a newer commit is not left behind: the set says where it stood', async () => {
    const model = await world([whole('old'), whole('mid')], whole('base'));
    await move(model, 1);
    await move(model, 1, cutting(model, 0));
    const half = cutting(model, 1);
    await expect(
      half.putManifest(`${path}/driver`, latestTag, 'application/octet-stream', Buffer.from('')),
    ).rejects.toThrow(/cut off/);
    expect((await move(model, 0)).kind).toBe('left');
    expect(standsAt(model)).toEqual({ driver: 'mid', launcher: 'mid', set: 'mid' });
  });
});

describe('when it fails half way', () => {
  test('everything that was moved goes back to where it was', async () => {
    const model = await world([whole('mid')], whole('base'));
    const promotion = await move(
      model,
      0,
      failing(model, (call) => call === `putManifest ${sets}:latest`),
    );
    expect(promotion.kind).toBe('failed');
    expect(kinds(promotion)).toEqual(['driver restored', 'launcher restored', 'set restored']);
    expect(standsAt(model)).toEqual({ driver: 'base', launcher: 'base', set: 'base' });
  });

  test('also to where another run had moved it a moment ago', async () => {
    const model = await world([whole('old'), whole('mid')], whole('base'));
    await move(model, 0);
    const promotion = await move(
      model,
      1,
      failing(model, (call) => call === `putManifest ${sets}:latest`),
    );
    expect(kinds(promotion)).toEqual(['driver restored', 'launcher restored', 'set restored']);
    expect(standsAt(model)).toEqual({ driver: 'old', launcher: 'old', set: 'old' });
  });

  test('a signal that ends the client’s calls is not a failure', async () => {
    const model = await world([whole('mid')], whole('base'));
    const [set] = model.published;
    if (set === undefined) throw new Error('No set');
    const controller = new AbortController();
    const registry = memoryRegistry(model.storage, {
      before: () => {
        if (latestOf(model, `${path}/driver`) === set.lock.images['driver']?.digest)
          controller.abort(new Error('SIGTERM'));
        controller.signal.throwIfAborted();
        return Promise.resolve();
      },
    });
    const isAncestor = history({ mid: ['base'] });
    const ports = {
      registry,
      uncancellable: model.registry,
      isAncestor,
      now: () => 0,
      signal: controller.signal,
      log: silent,
    };
    const promotion = await promote(set, sets, false, ports);
    expect(promotion).toMatchObject({ kind: 'stopped', error: undefined });
    expect(kinds(promotion)).toEqual(['driver restored', 'launcher restored', 'set kept']);
    expect(standsAt(model)).toEqual({ driver: 'base', launcher: 'base', set: 'base' });
  });

  test('what was not there is deleted; by its tag, so that the image keeps its others', async () => {
    const model = await world([whole('mid')]);
    const before = model.snapshot();
    const promotion = await move(
      model,
      0,
      failing(model, (call) => call === `putManifest ${sets}:latest`),
    );
    expect(kinds(promotion)).toEqual(['driver restored', 'launcher restored', 'set restored']);
    expect(
      model
        .snapshot()
        .split('\n')
        .filter((line) => !line.includes(':candidate-')),
    ).toEqual(before.split('\n'));
  });

  test('what the registry hid for once before we were announced is put back, not deleted', async () => {
    const model = await world([whole('mid')], whole('base'));
    const failingAtEnd = failing(model, (call) => call === `putManifest ${sets}:latest`);
    let isHidden = true;
    const registry: Registry = {
      ...failingAtEnd,
      manifest: async (repository, reference) => {
        const isIt = isHidden && repository === `${path}/driver` && reference === latestTag;
        if (isIt) isHidden = false;
        return isIt ? undefined : failingAtEnd.manifest(repository, reference);
      },
    };
    expect(kinds(await move(model, 0, registry))).toContain('driver restored');
    expect(isHidden).toBe(false);
    expect(standsAt(model)).toEqual({ driver: 'base', launcher: 'base', set: 'base' });
  });

  test('where tags can’t be deleted it says what is left', async () => {
    const model = await world([whole('mid')], undefined, { deletesTags: false });
    const promotion = await move(
      model,
      0,
      failing(model, (call) => call === `putManifest ${sets}:latest`),
    );
    expect(kinds(promotion)).toEqual(['driver stuck', 'launcher stuck', 'set restored']);
    expect(promotion.notes.join(' ')).toMatch(/driver:latest could not be deleted/);
    expect(standsAt(model)).toEqual({ driver: 'mid', launcher: 'mid', set: undefined });
  });

  test('a registry that does not answer any more: what is not known is not claimed', async () => {
    const model = await world([whole('mid')], whole('base'));
    let isDown = false;
    const registry = memoryRegistry(model.storage, {
      before: ({ name, repository }) => {
        isDown ||=
          name === 'putManifest' &&
          repository === sets &&
          latestOf(model, `${path}/driver`) !== model.standing?.lock.images['driver']?.digest;
        return isDown ? Promise.reject(new RegistryError('Down.', { status: 503 })) : Promise.resolve();
      },
    });
    const promotion = await move(model, 0, registry);
    expect(kinds(promotion)).toEqual(['driver unknown', 'launcher unknown', 'set unknown']);
    expect(promotion.notes.join(' ')).toMatch(
      /could not be withdrawn.*Not everything could be taken back.*could not be asked/s,
    );
    // Its announcement stands: an older run that comes now finishes it.
    expect((await move(model, 0)).kind).toBe('moved');
  });

  test('a latest whose put was refused was not touched, and is not said to be back', async () => {
    const model = await world([whole('mid')], whole('base'));
    const registry = {
      ...model.registry,
      putManifest: (...args: Parameters<typeof model.registry.putManifest>) => {
        const isDenied = args[0].endsWith('/driver') && args[1] === latestTag;
        if (isDenied) return Promise.reject(new RegistryError('denied', { status: 403 }));
        return model.registry.putManifest(...args);
      },
    };
    const states = kinds(await move(model, 0, registry));
    expect(states[0]).toBe('driver kept');
    expect(standsAt(model)).toEqual({ driver: 'base', launcher: 'base', set: 'base' });
  });

  test('an immutable latest is said to be', async () => {
    const model = await world([whole('mid')], whole('base'), { immutable: true });
    const promotion = await move(model, 0);
    expect(promotion.kind).toBe('failed');
    expect(String(promotion.error)).toMatch(/:latest is immutable and can't be moved. Set the input latest to never/);
    expect(standsAt(model)).toEqual({ driver: 'base', launcher: 'base', set: 'base' });
  });

  test('nothing is moved on the word of a registry that lists a tag and does not have it', async () => {
    const model = await world([whole('mid')], whole('base'));
    const registry: Registry = {
      ...model.registry,
      manifest: (repository, reference) =>
        reference === 'latest' && repository === `${path}/driver`
          ? Promise.resolve(undefined)
          : model.registry.manifest(repository, reference),
    };
    const promotion = await move(model, 0, registry);
    expect(String(promotion.error)).toMatch(/lists .*driver:latest but does not have it/);
    expect(standsAt(model)).toEqual({ driver: 'base', launcher: 'base', set: 'base' });
  });
});
