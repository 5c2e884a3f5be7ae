import { describe, expect, it } from 'vitest';
import { buildTreeOf } from '../../src/plan/buildTree';
import { missingFileHints } from '../../src/plan/missingFiles';
import type { CatalogImage } from '../../src/types';
import { driver, fork, keyOf } from './keyOf';
import { catalogImage, memoryTree } from './memoryTree';

const paths: Partial<CatalogImage> = { inputs: { kind: 'paths', globs: ['config/**'] } };

async function hints(words: readonly string[], own: Partial<CatalogImage> = driver): Promise<readonly string[]> {
  const files = { ...fork, 'web/index.html': '', 'backend/api/x.pb.go': 'package api\n' };
  const given = buildTreeOf(await keyOf(files, own));
  return missingFileHints(memoryTree(files), { image: catalogImage(own), given, ignore: '*.md\n', words });
}

describe('a failing step that names a file of the commit', () => {
  it.each([
    ['by its path', "cat: can't open 'hack/list.txt': No such file or directory", 'hack/list.txt'],
    ['in a container', 'open /go/src/app/hack/list.txt: no such file or directory', 'hack/list.txt'],
    ['from a folder below', "sed: can't read list.txt: No such file", 'hack/list.txt'],
    ['of COPY', 'failed to calculate checksum of ref abc::def: "/docs/index.html": not found', 'docs/index.html'],
    [
      'as a package',
      'main.go:3:8: no required module provides package example.com/fork/backend/api; to add it',
      'backend/api/**',
    ],
  ])('%s', async (_, line, expected) => {
    const [first, second] = await hints(['make: entering', line]);
    expect(first).toContain(`The commit has ${expected}, which the build of driver did not get`);
    expect(second).toBe(`  inputs: { go: ./cmd/driver, paths: [${expected}] }`);
  });

  it('adds to what inputs.paths has', async () => {
    expect((await hints(['cat hack/list.txt'], paths))[1]).toBe('  inputs: { paths: [config/**, hack/list.txt] }');
  });

  it('says what the ignore file keeps out', async () => {
    expect(await hints(['README.md: not found'])).toEqual([
      'The commit has README.md, but .dockerignore keeps it out of the build.',
    ]);
  });

  it.each([
    'open /etc/nosuch.conf: no such file',
    'cmd/driver/main.go:3: syntax error in ./lib/lib.go',
    'docs hack web',
    '',
  ])('says nothing of: %s', async (line) => {
    expect(await hints([line])).toEqual([]);
  });

  it('says nothing of what a Dockerfile does not copy', async () => {
    expect(await hints(['cat: hack/list.txt: No such file'], {})).toEqual([]);
  });
});
