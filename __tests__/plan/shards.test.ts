import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunnerLabels, RunsOn } from '../../src/types';
import {
  cutShards,
  matrixJson,
  matrixOf,
  parseMatrix,
  parseShardId,
  shardId,
  type ShardUnit,
} from '../../src/plan/shards';

const commit = '0123456789abcdef0123456789abcdef01234567';
const unit = (image: string, seconds?: number, platform?: string): ShardUnit => ({
  image,
  platform,
  partial: platform !== undefined,
  seconds,
});
const cut = (units: readonly ShardUnit[], most: number): readonly string[] =>
  cutShards(units, commit, most).map((shard) => shardId(shard).slice(13));

describe('a plan is cut into shards', () => {
  it('of one image each where they are large, of several where they are small', () => {
    expect(cut([unit('a', 600), unit('b', 500), unit('c', 50), unit('d', 40), unit('e', 400)], 8)).toEqual([
      'a',
      'b',
      'e,c,d',
    ]);
  });

  it('not at all where one runner does it as well', () => {
    expect(cut([], 8)).toEqual([]);
    expect(cut([unit('a', 3600)], 8)).toEqual([]);
    expect(cut([unit('a', 55), unit('b', 50)], 8)).toEqual([]);
    expect(cut([unit('a', 600), unit('b', 600)], 1)).toEqual([]);
  });

  it('by the middle of what is known, where nothing is known of an image', () => {
    expect(cut([unit('a'), unit('b'), unit('c'), unit('d')], 2)).toEqual(['a,c', 'b,d']);
    expect(cut([unit('a', 300), unit('b', 300), unit('new')], 8)).toEqual(['a', 'b', 'new']);
  });

  it('of one platform each, also where that is a single one that others need', () => {
    const both = [unit('a', 20, 'linux/amd64'), unit('a', 20, 'linux/arm64')];
    expect(cut(both, 2)).toEqual(['a@linux/amd64', 'a@linux/arm64']);
    expect(cut(both.slice(1), 2)).toEqual(['a@linux/arm64']);
    expect(() => cut(both, 1)).toThrow(RangeError);
  });

  it('whatever it is: each unit once, never too many, never mixed', () => {
    const units = fc.uniqueArray(
      fc.record({
        image: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
        platform: fc.constantFrom(undefined, 'linux/amd64', 'linux/arm64/v8'),
        seconds: fc.option(fc.integer({ min: 0, max: 4000 }), { nil: undefined }),
        partial: fc.boolean(),
      }),
      { selector: ({ image, platform }) => `${image} ${platform ?? ''}`, maxLength: 30 },
    );
    fc.assert(
      fc.property(units, fc.integer({ min: 3, max: 12 }), (given, most) => {
        const shards = cutShards(given, commit, most);
        expect(shards.length).toBeLessThanOrEqual(most);
        if (shards.length === 0) return;
        const names = (all: readonly { image: string; platform: string | undefined }[]): string[] =>
          all.map(({ image, platform }) => `${image} ${platform ?? ''}`).sort();
        const built = shards.flatMap(({ images, platform }) => images.map((image) => ({ image, platform })));
        expect(names(built)).toEqual(names(given));
        expect(shards.every(({ images }) => images.length > 0)).toBe(true);
        expect(parseMatrix(matrixJson(shards))).toEqual(
          shards.map((shard) => ({ ...shard, commit: commit.slice(0, 12) })),
        );
      }),
    );
  });
});

describe('the id of a shard', () => {
  it('is all that its runner has to know', () => {
    const shard = { commit: commit.slice(0, 12), images: ['driver', 'launcher'], platform: 'linux/arm64/v8' };
    expect(shardId({ ...shard, commit })).toBe('0123456789ab:driver,launcher@linux/arm64/v8');
    expect(parseShardId(shardId(shard))).toEqual(shard);
    expect(matrixOf([shard])).toEqual({
      include: [
        {
          shard: '0123456789ab:driver,launcher@linux/arm64/v8',
          name: 'driver, launcher (linux/arm64/v8)',
          platform: 'linux/arm64/v8',
          'runs-on': 'ubuntu-24.04-arm',
        },
      ],
    });
    const rebuilt = { ...shard, mark: '1795840000-0a1b2c3d' };
    expect(shardId(rebuilt)).toBe('0123456789ab+1795840000-0a1b2c3d:driver,launcher@linux/arm64/v8');
    expect(parseShardId(shardId(rebuilt))).toEqual(rebuilt);
    const runner = (runsOn: RunsOn): RunnerLabels | undefined => matrixOf([shard], runsOn).include[0]?.['runs-on'];
    expect(runner('big')).toBe('big');
    expect(runner({ 'linux/arm64/v8': 'arm', 'linux/amd64': 'x' })).toBe('arm');
    expect(runner({ 'linux/amd64': 'x' })).toBe('ubuntu-24.04-arm');
    expect(runner({ 'linux/arm64': 'own' })).toBe('own');
    expect(runner(['self-hosted', 'arm'])).toEqual(['self-hosted', 'arm']);
    expect(runner({ 'linux/arm64': ['self-hosted', 'arm'], 'linux/amd64': 'x' })).toEqual(['self-hosted', 'arm']);
    expect(runner({ 'linux/arm64': 'own', 'linux/arm64/v8': 'arm' })).toBe('arm');
  });

  it.each([
    '',
    'driver',
    '0123456789ab:',
    '0123456789ab:a b',
    '0123456789ab:a@linux',
    '0123456789a:a',
    '0123456789ab+:a',
    '0123456789ab+1795840000:a',
    '0123456789ab+1795840000-0A1B2C3D:a',
    'x\n0123456789ab:a',
  ])('is not %j', (text) => {
    expect(parseShardId(text)).toBeUndefined();
  });

  it('is needed of every entry of a matrix', () => {
    expect(matrixJson([])).toBe('');
    expect(parseMatrix('')).toEqual([]);
    for (const text of ['***', '[]', '{"include":[{}]}', '{"include":[{"shard":"***"}]}']) {
      expect(parseMatrix(text)).toBeUndefined();
    }
  });
});
