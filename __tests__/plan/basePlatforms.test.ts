import { describe, expect, it } from 'vitest';
import { hasPlatform, lineOfBase, neededBases } from '../../src/plan/basePlatforms';

describe('the base images that a platform needs', () => {
  it('are those of the key, each for its own platform where the Dockerfile names one', () => {
    const lines = [
      'kfp-images content key 2',
      'base a\tsha256:1',
      'base b\tsha256:2\tlinux/arm64',
      'base c\tsha256:3\t$BUILDPLATFORM',
      'context .',
    ];
    expect(neededBases({ lines }, 'linux/s390x')).toEqual([
      { reference: 'a', platform: 'linux/s390x' },
      { reference: 'b', platform: 'linux/arm64' },
    ]);
  });

  it.each([
    [['linux/amd64', 'linux/arm64/v8'], 'linux/arm64', true],
    [['linux/amd64', 'linux/arm/v7'], 'linux/arm64', true],
    [['linux/386'], 'linux/amd64', true],
    [['linux/amd64'], 'linux/arm64', false],
    [['windows/arm64'], 'linux/arm64', false],
    [['linux/arm64'], 'linux/arm/v7', false],
  ])('%j has %s: %s', (listed, platform, expected) => {
    expect(hasPlatform(listed, platform)).toBe(expected);
  });

  it('are named by the line that takes them', () => {
    const text = 'ARG TAG=1\nFROM a:$TAG AS one\n\nFROM b-$TARGETARCH\nCOPY --from=one / /\nCOPY --from=c:2 / /\n';
    const line = (reference: string): number | undefined =>
      lineOfBase(text, { buildArgs: { TAG: '7' } }, { reference, platform: 'linux/arm64' });
    expect(['a:7', 'b-arm64', 'c:2', 'b-amd64'].map(line)).toEqual([2, 4, 6, undefined]);
  });
});
