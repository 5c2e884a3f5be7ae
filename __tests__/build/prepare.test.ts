import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareDockerfile, writeDockerfile } from '../../src/build/prepare';
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
      path: 'backend/Dockerfile.driver',
      wantsEpoch: false,
      notes: [],
    });
  });

  it('names a rewritten one by its base name, beside the tree', () => {
    const prepared = prepareDockerfile(image, shared, {}, 'a/b');
    expect(prepared.path).toBe('../dockerfiles/driver/Dockerfile.driver');
    expect(prepared.rewritten).toContain('id=kfp-images:a/b:/go/pkg/mod');
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
    mkdirSync(join(scratch.tree, 'backend'));
  });
  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
  });
  const write = async (): Promise<readonly string[]> => {
    await writeDockerfile(scratch, image, prepareDockerfile(image, shared, {}, 'a/b'));
    return readdirSync(join(scratch.dockerfiles, 'driver')).sort();
  };

  it('writes it where the build’s arguments say', async () => {
    expect(await write()).toEqual(['Dockerfile.driver']);
    expect(readFileSync(join(scratch.tree, '../dockerfiles/driver/Dockerfile.driver'), 'utf8')).toContain('--mount=');
  });

  it('takes the ignore file of this Dockerfile along', async () => {
    writeFileSync(join(scratch.tree, 'backend/Dockerfile.driver.dockerignore'), 'docs\n');
    expect(await write()).toEqual(['Dockerfile.driver', 'Dockerfile.driver.dockerignore']);
    expect(readFileSync(join(scratch.dockerfiles, 'driver/Dockerfile.driver.dockerignore'), 'utf8')).toBe('docs\n');
  });

  it('follows a link to another file of the commit', async () => {
    writeFileSync(join(scratch.tree, 'rules'), 'docs\n');
    symlinkSync('../rules', join(scratch.tree, 'backend/Dockerfile.driver.dockerignore'));
    expect(await write()).toEqual(['Dockerfile.driver', 'Dockerfile.driver.dockerignore']);
  });

  it('does not follow a link out of the tree', async () => {
    symlinkSync('/etc/passwd', join(scratch.tree, 'backend/Dockerfile.driver.dockerignore'));
    expect(await write()).toEqual(['Dockerfile.driver']);
  });

  it('writes nothing for a Dockerfile that stays as it is', async () => {
    await writeDockerfile(scratch, image, prepareDockerfile(image, 'FROM scratch\n', {}, 'a/b'));
    expect(readdirSync(scratch.dockerfiles)).toEqual([]);
  });
});
