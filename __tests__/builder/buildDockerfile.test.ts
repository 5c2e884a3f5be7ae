import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dockerfilePlace, nativeCode, prepareDockerfile, writeDockerfile } from '../../src/builder/buildDockerfile';
import { createScratch, type Scratch } from '../../src/system/scratch';
import type { CatalogImage } from '../../src/types';

const image: CatalogImage = {
  name: 'driver',
  dockerfile: 'backend/Dockerfile.driver',
  context: '.',
  repository: 'driver',
  target: undefined,
  inputs: { kind: 'dockerfile' },
  cacheMounts: ['/go/pkg/mod'],
  buildArgs: {},
  bind: {},
  deploy: undefined,
};
const shared = 'FROM golang AS b\nRUN go build\nFROM scratch\nCOPY --from=b /x /x\n';

describe('prepareDockerfile', () => {
  it('takes the repository’s own where there is nothing to add', () => {
    expect(prepareDockerfile(image, 'FROM scratch\n', {}, 'a/b')).toEqual({
      rewritten: undefined,
      baseImages: new Map(),
      wantsEpoch: false,
      caches: [],
      notes: [],
    });
  });

  it('adds the cache mounts of the image, under names that only this repository has', () => {
    expect(prepareDockerfile(image, shared, {}, 'a/b').rewritten).toContain('id=kfp-images:a/b:/go/pkg/mod');
  });

  it('keeps compile caches apart whose native code differs, for Go does not notice a changed header elsewhere', () => {
    const code = (oid: string) =>
      nativeCode([
        { path: 'inc/v.h', oid },
        { path: 'cmd/x/main.go', oid: 'g' },
      ]);
    const both = { ...image, cacheMounts: ['/go/pkg/mod', '/root/.cache/go-build'] };
    const ids = (native: string | undefined): readonly string[] =>
      [...(prepareDockerfile(both, shared, {}, 'a/b', { native }).rewritten ?? '').matchAll(/id=([^,]*)/g)].map(
        (found) => found[1] ?? '',
      );
    expect(code('1')).not.toBe(code('2'));
    expect(ids(code('1'))).toEqual([
      'kfp-images:a/b:/go/pkg/mod',
      `kfp-images:a/b:/root/.cache/go-build:${code('1') ?? ''}`,
    ]);
    expect(nativeCode([{ path: 'cmd/x/main.go', oid: 'g' }])).toBeUndefined();
    expect(ids(undefined)).toEqual(['kfp-images:a/b:/go/pkg/mod', 'kfp-images:a/b:/root/.cache/go-build']);
  });

  const epochs: readonly (readonly [text: string, wants: boolean])[] = [
    ['ARG SOURCE_DATE_EPOCH', true],
    ['arg A=1 SOURCE_DATE_EPOCH=0', true],
    ['# ARG SOURCE_DATE_EPOCH', false],
    ['ENV SOURCE_DATE_EPOCH=1', false],
    ['ARG NOT_SOURCE_DATE_EPOCH', false],
    ['ARG', false],
  ];
  it.each(epochs)('%s', (text, wants) => {
    expect(prepareDockerfile(image, `FROM scratch\n${text}\n`, {}, 'a/b').wantsEpoch).toBe(wants);
  });
});

it('reads any number of arguments', () => {
  const many = `FROM scratch\n${'ARG a '.repeat(20)}\n`.repeat(20_000);
  expect(prepareDockerfile({ ...image, cacheMounts: [] }, many, {}, 'a/b').wantsEpoch).toBe(false);
});

describe('writeDockerfile', () => {
  let base: string;
  let scratch: Scratch;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'prepare-test-'));
    scratch = createScratch(base);
  });
  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
  });
  const write = async (ignore?: string): Promise<readonly string[]> => {
    await writeDockerfile(scratch, image, 'FROM scratch\n', ignore);
    return readdirSync(join(scratch.dockerfiles, 'driver')).sort();
  };

  it('writes it beside the trees, by the name that the repository gives it', async () => {
    expect(await write()).toEqual(['Dockerfile.driver']);
    expect(dockerfilePlace(scratch, image)).toBe(join(scratch.dockerfiles, 'driver/Dockerfile.driver'));
    expect(readFileSync(dockerfilePlace(scratch, image), 'utf8')).toBe('FROM scratch\n');
  });

  it('puts the ignore file in force beside it', async () => {
    expect(await write('docs\n')).toEqual(['Dockerfile.driver', 'Dockerfile.driver.dockerignore']);
    expect(readFileSync(`${dockerfilePlace(scratch, image)}.dockerignore`, 'utf8')).toBe('docs\n');
  });
});
