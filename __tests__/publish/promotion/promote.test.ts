import { describe, expect, test } from 'vitest';
import { PublishError } from '../../../src/errors';
import { promote } from '../../../src/publish/promotion/promote';
import { candidateTag, latestTag, longestMove } from '../../../src/publish/tags';
import { memoryRegistry } from '../../support/memoryRegistry';
import { latestOf, path, sets, type Promotions, type Run } from '../../support/promotionModel';
import { commitId, history, silent } from '../../support/releaseSets';

import { announced, kinds, move, only, standsAt, whole, world } from '../../support/promotionScenarios';
describe('where latest is decides', () => {
  test('nothing there: it is put', async () => {
    const model = await world([whole('mid')]);
    expect(await move(model, 0)).toMatchObject({ kind: 'moved', error: undefined, notes: [] });
    expect(standsAt(model)).toEqual({ driver: 'mid', launcher: 'mid', set: 'mid' });
    expect(announced(model)).toBe(1);
  });

  test('right already: nothing is put, not even an announcement', async () => {
    const model = await world([whole('mid')]);
    await move(model, 0);
    const before = model.snapshot();
    const again = await move(model, 0);
    expect(kinds(again)).toEqual(['driver unchanged', 'launcher unchanged', 'set unchanged']);
    expect(again.kind).toBe('unchanged');
    expect(model.snapshot()).toBe(before);
  });

  test('at an ancestor: it moves', async () => {
    const model = await world([whole('new')], whole('base'));
    expect(kinds(await move(model, 0))).toEqual(['driver moved', 'launcher moved', 'set moved']);
  });

  test('at a descendant: it is left, even when forced', async () => {
    const model = await world([whole('old')], whole('new'));
    const before = model.snapshot();
    for (const override of [false, true]) {
      const promotion = await move(model, 0, model.registry, override);
      expect(promotion).toMatchObject({ kind: 'left', commit: commitId('new'), error: undefined });
      expect(kinds(promotion)).toEqual(['driver left', 'launcher left', 'set left']);
    }
    expect(model.snapshot()).toBe(before);
  });

  test.each([
    { name: 'aside', standing: 'side', says: /which is not an ancestor of/ },
    { name: 'nobody knows where', standing: 'gone', says: /it is not known whether that is an ancestor/ },
  ])('$name: it is refused with the way out, when forced it moves and says so', async ({ standing, says }) => {
    const model = await world([whole('mid')], whole(standing));
    const before = model.snapshot();
    const refused = await move(model, 0);
    expect(refused).toMatchObject({ kind: 'refused', commit: commitId(standing) });
    expect(refused.error).toBeInstanceOf(PublishError);
    expect(String(refused.error)).toMatch(says);
    expect(String(refused.error)).toContain('latest: always');
    expect(model.snapshot()).toBe(before);
    const ordered = await move(model, 0, model.registry, true);
    expect(ordered).toMatchObject({ kind: 'moved', commit: commitId(standing) });
    expect(ordered.relation).not.toBeUndefined();
    expect(standsAt(model)).toEqual({ driver: 'mid', launcher: 'mid', set: 'mid' });
  });

  test('something that is not a set under the set’s latest is not known: refused', async () => {
    const model = await world([whole('mid')], whole('base'));
    const image = model.storage.manifests.get(`${path}/driver@${latestOf(model, `${path}/driver`) ?? ''}`);
    if (image === undefined) throw new Error('the fixture has it');
    model.storage.manifests.set(`${sets}@${image.digest}`, image);
    model.storage.tags.set(`${sets}:${latestTag}`, image.digest);
    expect((await move(model, 0)).kind).toBe('refused');
  });
});

describe('partial sets', () => {
  test('of two runs with other images each advances its own, in either order', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const model = await world([whole('old'), only('driver', 'new')], whole('base'));
      for (const index of order) expect((await move(model, index)).error).toBeUndefined();
      expect(standsAt(model)).toEqual({ driver: 'new', launcher: 'old', set: 'new' });
    }
  });

  test('an image that the newest set has not is placed by its label', async () => {
    const model = await world([only('driver', 'mid'), only('launcher', 'new'), only('driver', 'old')], whole('base'));
    await move(model, 0);
    await move(model, 1);
    const late = await move(model, 2);
    expect(late).toMatchObject({ kind: 'left' });
    expect(standsAt(model)).toEqual({ driver: 'mid', launcher: 'new', set: 'new' });
  });

  test('a label from before a revert does not let an older run move it back', async () => {
    // driver is at new with base's content again; its label says base.
    const reverted: Run = { commit: 'mid', images: { driver: 'base', launcher: 'mid' } };
    const model = await world([reverted, only('launcher', 'new'), only('driver', 'old')], undefined);
    await move(model, 0);
    await move(model, 1);
    for (const tag of [...model.storage.tags.keys()]) if (tag.includes(':candidate-')) model.storage.tags.delete(tag);
    const before = latestOf(model, `${path}/driver`);
    expect(await move(model, 2)).toMatchObject({ kind: 'left' });
    expect(latestOf(model, `${path}/driver`)).toBe(before);
  });

  test('a label from a merged branch does not refuse what its commit tag allows', async () => {
    // The driver was built on side, and is reused by old, whose set was overtaken by one without it.
    const reused: Run = { commit: 'old', images: { driver: 'side' } };
    const model = await world([reused, only('launcher', 'mid'), only('driver', 'new')], undefined);
    await move(model, 0);
    await move(model, 1);
    for (const tag of [...model.storage.tags.keys()]) if (tag.includes(':candidate-')) model.storage.tags.delete(tag);
    expect(await move(model, 2)).toMatchObject({ kind: 'moved' });
    expect(standsAt(model)).toEqual({ driver: 'new', launcher: 'mid', set: 'new' });
  });
});

describe('announcements', () => {
  const announce = async (model: Promotions, index: number, tag: (commit: string) => string): Promise<void> => {
    const set = model.published[index];
    if (set === undefined) throw new Error('No such run');
    await model.registry.putManifest(sets, tag(set.lock.commit), set.mediaType, set.bytes);
  };
  const now = 1_800_000_000_000;

  test('an older run finishes what a newer one began before it died', async () => {
    const model = await world([whole('old'), whole('new')], whole('base'));
    await announce(model, 1, (commit) => candidateTag(now - 1000, commit, false));
    expect(await move(model, 0)).toMatchObject({ kind: 'left', commit: commitId('new') });
    expect(standsAt(model)).toEqual({ driver: 'new', launcher: 'new', set: 'new' });
  });

  test.each([
    { name: 'from long ago', at: now - 3 * 3_600_000 },
    { name: 'from a clock that can’t be used', at: now + 3 * 3_600_000 },
  ])('one $name does not count', async ({ at }) => {
    const model = await world([whole('old'), whole('new')], whole('base'));
    await announce(model, 1, (commit) => candidateTag(at, commit, false));
    expect((await move(model, 0)).kind).toBe('moved');
    expect(standsAt(model)).toEqual({ driver: 'old', launcher: 'old', set: 'old' });
  });

  test('one whose tag and set disagree does not count', async () => {
    const model = await world([whole('old'), whole('new')], whole('base'));
    await announce(model, 1, () => candidateTag(now, commitId('mid'), false));
    expect((await move(model, 0)).kind).toBe('moved');
  });

  test('where nobody else is announced, the images are not read again once the set is put', async () => {
    const model = await world([whole('mid')], whole('base'));
    const asked: string[] = [];
    const counting = memoryRegistry(model.storage, {
      before: ({ name, repository, reference }) => {
        asked.push(`${name} ${repository}:${reference}`);
        return Promise.resolve();
      },
    });
    expect((await move(model, 0, counting)).kind).toBe('moved');
    const last = asked.slice(asked.indexOf(`putManifest ${sets}:latest`) + 1);
    expect(last.filter((call) => call.includes(sets)).length).toBeGreaterThan(2);
    expect(last.filter((call) => !call.includes(sets))).toEqual([]);
  });

  test('who announces itself while the set is put, and dies, is helped: then all is read again', async () => {
    const model = await world([whole('old'), whole('new')], whole('base'));
    let isOver = false;
    const registry = memoryRegistry(model.storage, {
      after: async ({ name, repository, reference }) => {
        if (isOver || name !== 'putManifest' || repository !== sets || reference !== latestTag) return;
        isOver = true;
        await announce(model, 1, (commit) => candidateTag(now + 1, commit, false));
      },
    });
    expect(await move(model, 0, registry)).toMatchObject({ kind: 'left', commit: commitId('new') });
    expect(standsAt(model)).toEqual({ driver: 'new', launcher: 'new', set: 'new' });
  });

  test('who announces itself, moves an image and dies while the set is put, is not overlooked', async () => {
    const model = await world([whole('mid'), whole('old')], whole('base'));
    const [, old] = model.published;
    let isOver = false;
    const registry = memoryRegistry(model.storage, {
      after: async ({ name, repository, reference }) => {
        if (isOver || name !== 'putManifest' || repository !== sets || reference !== latestTag) return;
        isOver = true;
        // It had read the tags before, and was slow to write.
        await announce(model, 1, (commit) => candidateTag(now - 1, commit, false));
        const image = old?.lock.images['driver'];
        model.storage.tags.set(`${path}/driver:${latestTag}`, image?.digest ?? '');
      },
    });
    expect((await move(model, 0, registry)).kind).toBe('moved');
    expect(standsAt(model)).toEqual({ driver: 'mid', launcher: 'mid', set: 'mid' });
  });

  test('who takes longer than others wait for gives up', async () => {
    const model = await world([whole('mid')], whole('base'));
    const [set] = model.published;
    if (set === undefined) throw new Error('No set');
    let clock = now;
    const registry = memoryRegistry(model.storage, {
      after: ({ name, reference }) => {
        if (name === 'putManifest' && reference.startsWith('candidate-')) clock += longestMove + 1;
        return Promise.resolve();
      },
    });
    const isAncestor = history({ mid: ['base'] });
    const ports = {
      registry,
      uncancellable: registry,
      isAncestor,
      now: () => clock,
      signal: new AbortController().signal,
      log: silent,
    };
    const promotion = await promote(set, sets, false, ports);
    expect(String(promotion.error)).toMatch(/given up after 20 minutes/);
    expect(standsAt(model)).toEqual({ driver: 'base', launcher: 'base', set: 'base' });
  });
});
