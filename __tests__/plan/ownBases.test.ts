import { describe, expect, it } from 'vitest';
import { contentKeys } from '../../src/plan/contentKey';
import { withBound, waves } from '../../src/plan/graph';
import { ownImages, withOwnBases } from '../../src/plan/ownBases';
import type { Catalog, CatalogImage } from '../../src/types';
import { inputs } from './keyOf';
import { catalogImage, memoryTree } from './memoryTree';

const path = 'registry.test/p/r';
const image = (name: string, more: Partial<CatalogImage> = {}): CatalogImage =>
  catalogImage({ name, repository: name, dockerfile: `${name}/Dockerfile`, ...more });
const catalogOf = (...images: readonly CatalogImage[]): Catalog => ({
  source: undefined,
  images: new Map(images.map((each) => [each.name, each])),
  groups: new Map(),
});

describe('a reference means an image of the set', () => {
  const own = ownImages(catalogOf(image('base'), image('x', { repository: 'deep/x' })), path, ['commit-1']);
  it.each([
    [`${path}/base`, 'base'],
    [`${path}/base:latest`, 'base'],
    [`${path}/base:commit-1`, 'base'],
    [`${path}/deep/x`, 'x'],
    [`${path}/base:v1`, undefined],
    [`${path}/base@sha256:${'a'.repeat(64)}`, undefined],
    [`${path}/other`, undefined],
    ['base', undefined],
    ['registry.test/base', undefined],
  ])('%s: %s', (reference, expected) => {
    expect(own(reference)).toBe(expected);
  });
});

const texts = {
  'child/Dockerfile': `FROM ${path}/base AS b\nCOPY c.txt /\nFROM scratch\nCOPY --from=b /x /x\n`,
  'base/Dockerfile': 'FROM a:1\nENV WHERE=docs\nUSER 7\nWORKDIR /w\nONBUILD COPY ${WHERE}/d.txt /\nCOPY b.txt /\n',
  'b.txt': 'b',
  'c.txt': 'c',
  'docs/d.txt': 'd',
};
const both = catalogOf(image('child'), image('base'), image('other'));
const own = ownImages(both, path, []);
const platforms = ['linux/amd64'];

it('an image brings along those it is built on, before it', async () => {
  const catalog = await withOwnBases(both, ['child'], memoryTree(texts), platforms, own);
  expect(withBound(catalog, ['child'])).toEqual(['child', 'base']);
  expect(waves(catalog, ['child', 'base'])).toEqual([['base'], ['child']]);
});

it('an image with platforms of its own is asked for the bases of those', async () => {
  const catalog = catalogOf(image('child', { platforms: ['linux/arm64'] }), image('base'), image('other'));
  const tree = memoryTree({
    'child/Dockerfile': `ARG TARGETARCH\nFROM scratch AS amd64\nFROM ${path}/base AS arm64\nFROM \${TARGETARCH}\n`,
    'base/Dockerfile': texts['base/Dockerfile'],
  });
  const found = await withOwnBases(catalog, ['child'], tree, platforms, own);
  expect(found.images.get('child')?.builtOn).toEqual(['base']);
});

it.each([
  ['on each other', { 'base/Dockerfile': `FROM ${path}/child\n` }, {}],
  ['one of which binds the other', {}, { bind: { A: 'child' } }],
])('images that are built %s are refused', async (_, more, base) => {
  const catalog = catalogOf(image('child'), image('base', base));
  const tree = memoryTree({ ...texts, ...more });
  await expect(withOwnBases(catalog, ['child'], tree, platforms, own)).rejects.toThrow(
    'No order to build these images in: child → base → child',
  );
});

it('one that starts from its own last state is built on what is published', async () => {
  const tree = memoryTree({ 'base/Dockerfile': `FROM ${path}/base\n` });
  const catalog = await withOwnBases(catalogOf(image('base')), ['base'], tree, platforms, own);
  expect(catalog.images.get('base')?.builtOn).toBeUndefined();
});

describe('the content key of an image that is built on another', () => {
  const keys = async (more: Readonly<Record<string, string>> = {}, digest: string | undefined = 'sha256:1') =>
    contentKeys([image('child'), image('base')], memoryTree({ ...texts, ...more }), {
      platforms,
      baseDigest: () => digest,
      baseConfig: () => Promise.resolve({ env: [], onBuild: [], user: '', workingDir: '' }),
      ownImage: own,
    });

  it('holds that one’s key, and the files that its ONBUILD copies', async () => {
    const found = await keys();
    const child = found.get('child');
    expect([...found.keys()]).toEqual(['child', 'base']);
    expect(child?.lines).toContain(`base ${path}/base\tkey:${found.get('base')?.key ?? ''}`);
    expect(child && inputs(child)).toEqual(['c.txt', 'docs/d.txt']);
  });

  it('changes with all that that one is made from', async () => {
    const before = (await keys()).get('child')?.key;
    expect((await keys()).get('child')?.key).toBe(before);
    expect((await keys({ 'b.txt': 'new' })).get('child')?.key).not.toBe(before);
    expect((await keys({}, 'sha256:2')).get('child')?.key).not.toBe(before);
  });

  it('holds the key of one that is taken as it was published', async () => {
    const kept = 'f'.repeat(64);
    const found = await contentKeys([image('child'), image('base')], memoryTree(texts), {
      platforms,
      baseDigest: () => 'sha256:1',
      ownImage: own,
      keptKeys: new Map([['base', kept]]),
    });
    expect(found.get('child')?.lines).toContain(`base ${path}/base\tkey:${kept}`);
  });

  it('is no sign of anything where that one’s base can’t be known', async () => {
    const tree = memoryTree(texts);
    const options = { platforms, baseDigest: () => undefined, ownImage: own };
    const found = await contentKeys([image('child'), image('base')], tree, options);
    expect(found.get('child')?.unresolvedBases).toEqual([`${path}/base`]);
  });
});
