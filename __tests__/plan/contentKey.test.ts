import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentKeys, type KeyOptions } from '../../src/plan/contentKey';
import type { CatalogImage } from '../../src/types';
import { driver, fork, goDockerfile, golang, inputs, keyOf, type Files } from './keyOf';
import { catalogImage, memoryTree } from './memoryTree';

describe('a content key', () => {
  it('is the digest of its lines, which say everything that went in', async () => {
    const key = await keyOf(
      {
        'a/Dockerfile': 'ARG B\nFROM alpine AS x\nFROM --platform=$BUILDPLATFORM $B\nCOPY --from=x /x /\nCOPY f /',
        'ctx/f': 'f',
        'ctx/.dockerignore': 'g\n',
      },
      {
        dockerfile: 'a/Dockerfile',
        context: 'ctx',
        target: '1',
        buildArgs: { B: 'busybox:1', SHA: '{{sha}}', 'ODD\n': 'a\nb\\' },
      },
      { platforms: ['linux/arm64', 'linux/amd64', 'linux/arm64'], baseDigest: (name) => `sha256:${name}` },
    );
    const oid = (text: string): string => createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex');
    expect(key.lines).toEqual([
      'kfp-images content key 2',
      'arg B=busybox:1',
      'arg ODD\\x0a=a\\x0ab\\\\',
      'base alpine\tsha256:alpine',
      'base busybox:1\tsha256:busybox:1\t$BUILDPLATFORM',
      'context ctx',
      expect.stringMatching(/^dockerfile a\/Dockerfile\t[0-9a-f]{40}$/),
      `file ctx/f\t100644 ${oid('f')}`,
      `ignore ctx/.dockerignore\t${oid('g\n')}`,
      'inputs dockerfile',
      'platform linux/amd64',
      'platform linux/arm64',
      'target 1',
      'template SHA={{sha}}',
    ]);
    expect(key.key).toBe(
      createHash('sha256')
        .update(`${key.lines.join('\n')}\n`)
        .digest('hex'),
    );
    expect(key).toMatchObject({ contextLines: [], unresolvedBases: [], notes: [] });
  });

  it('of a whole context is the digest of its files', async () => {
    const key = await keyOf({ Dockerfile: 'FROM scratch\nCOPY . /', a: 'a', b: { link: 'a' } });
    const digest = createHash('sha256')
      .update(`${key.contextLines.join('\n')}\n`)
      .digest('hex');
    expect(key.lines).toContain(`whole-context ${digest}\t3`);
    expect(inputs(key)).toEqual(['Dockerfile', 'a', 'b']);
  });

  it('does not depend on the order of files, arguments and platforms, nor on other images', async () => {
    const one = await keyOf(
      fork,
      { ...driver, buildArgs: { A: '1', B: '2' } },
      { platforms: ['linux/amd64', 'linux/arm64'] },
    );
    const turned = Object.fromEntries(Object.entries(fork).reverse());
    const images = [catalogImage({ name: 'other' }), catalogImage({ ...driver, buildArgs: { B: '2', A: '1' } })];
    const keys = await contentKeys(images, memoryTree(turned), {
      platforms: ['linux/arm64', 'linux/amd64'],
      baseDigest: () => Promise.resolve('sha256:1'),
    });
    expect(keys.get('driver')).toEqual(one);
    expect([...keys.keys()]).toEqual(['other', 'driver']);
  });

  const differences: readonly (readonly [string, boolean, Files, Partial<CatalogImage>?, Partial<KeyOptions>?])[] = [
    ['an imported file', true, { 'lib/lib.go': 'package lib // changed\n' }],
    ['a new file of an imported package', true, { 'lib/new.go': 'package lib\n' }],
    ['a file copied by name', true, { 'config/a.json': '{ }' }],
    ['a new file in a folder copied by name', true, { 'config/b.json': '{}' }],
    ['a mode', true, { 'config/a.json': { executable: '{}' } }],
    ['a link in place of a file', true, { 'config/a.json': { link: '{}' } }],
    ['go.mod', true, { 'go.mod': 'module example.com/fork\n\ngo 1.26\n\n// x\n' }],
    ['the Dockerfile', true, { Dockerfile: `${goDockerfile()}# x\n` }],
    ['the ignore rules', true, { '.dockerignore': '*.md\n*.html\n' }],
    ['ignore rules of its own', true, { 'Dockerfile.dockerignore': '' }],
    ['a build argument', true, {}, { buildArgs: { A: '1' } }],
    ['the target', true, {}, { target: 'builder' }],
    ['the platform', true, {}, {}, { platforms: ['linux/arm64'] }],
    ['the digest of a base image', true, {}, {}, { baseDigest: () => 'sha256:2' }],
    ['a test', false, { 'cmd/driver/main_test.go': 'package main // changed\n' }],
    ['another package', false, { 'cmd/launcher/main.go': 'package main // changed\n' }],
    ['a file beside Go files', false, { 'lib/data.txt': 'changed' }],
    ['a document', false, { 'docs/index.html': 'changed', 'README.md': 'changed' }],
    ['a new folder', false, { 'new/file.go': 'package new\n' }],
    ['the text of a templated argument', true, {}, { buildArgs: { SHA: '{{sha}}' } }],
    [
      'the declaration of the inputs',
      true,
      {},
      { inputs: { kind: 'go', mainPackage: './cmd/driver', paths: ['config'] } },
    ],
    [
      'what is not built with',
      false,
      {},
      { repository: 'x', cacheMounts: ['/x'], bind: { X: 'y' }, deploy: { deployment: 'x', container: 'y' } },
    ],
  ];
  it.each(differences.map(([name, changes, files, image, options]) => ({ name, changes, files, image, options })))(
    'changes with $name: $changes',
    async ({ changes, files, image, options }) => {
      const before = await keyOf(fork, driver);
      const after = await keyOf({ ...fork, ...files }, { ...driver, ...image }, options);
      expect(after.key !== before.key).toBe(changes);
      // Every way to say the same gives the same.
      expect((await keyOf({ ...fork, ...files }, { ...driver, ...image }, options)).key).toBe(after.key);
    },
  );
});

describe('base images', () => {
  const files = {
    Dockerfile: `FROM ${golang} AS a\nFROM b:1\nCOPY --from=a /x /\nCOPY --from=c /x /\nCOPY --from=b:1 /y /`,
  };

  it('are asked for once each, and only where they are not pinned', async () => {
    const asked: string[] = [];
    const images = ['one', 'two'].map((name) => catalogImage({ name }));
    await contentKeys(images, memoryTree(files), {
      platforms: ['linux/amd64', 'linux/arm64'],
      baseDigest: (reference) => {
        asked.push(reference);
        return `sha256:${reference}`;
      },
    });
    expect(asked.sort()).toEqual(['b:1', 'c']);
  });

  it('that nobody can tell are named, and leave a warning', async () => {
    const key = await keyOf(
      files,
      {},
      {
        baseDigest: (reference) => (reference === 'c' ? undefined : Promise.reject(new Error('connection refused'))),
      },
    );
    expect(key.unresolvedBases).toEqual(['b:1', 'c']);
    expect(key.lines).toEqual(
      expect.arrayContaining([`base ${golang}\tpinned`, 'base b:1\tunresolved', 'base c\tunresolved']),
    );
    expect(key.notes[0]).toContain('connection refused');
    expect(key.notes).toHaveLength(2);
  });

  it('of a Dockerfile that can not be read count as such', async () => {
    expect((await keyOf({ Dockerfile: '# escape=x\nFROM x' })).unresolvedBases).toHaveLength(1);
    expect((await keyOf({ Dockerfile: 'ARG B\nFROM $B' })).unresolvedBases).toEqual(['$B']);
  });
});

describe('a Dockerfile that is not there', () => {
  it('is a mistake that says where it was looked for', async () => {
    const keys = contentKeys([catalogImage({ name: 'x', dockerfile: 'a/b' })], memoryTree({}, 'v1.2'), {
      platforms: ['linux/amd64'],
      baseDigest: () => undefined,
    });
    await expect(keys).rejects.toThrow(/"x" has no Dockerfile at a\/b in v1\.2.*catalog/);
  });

  it('is left out where one is only compared with', async () => {
    const options = { platforms: ['linux/amd64'], baseDigest: () => undefined, skipMissing: true };
    expect((await contentKeys([catalogImage()], memoryTree({}), options)).size).toBe(0);
  });
});

describe('whatever a repository holds', () => {
  it('has a key, and another one when a file that is copied changes', async () => {
    const path = fc.stringMatching(/^[a-c]{1,2}(\/[a-c]{1,2}){0,2}\.go$/);
    const text = fc.oneof(fc.string(), fc.constantFrom('package a\n', 'package a\nimport "m/a"', 'module m\n'));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(path, text, { maxKeys: 6 }), text, path, async (files, dockerfile, changed) => {
        const all = { ...files, Dockerfile: dockerfile, 'go.mod': 'module m\n' };
        await keyOf(all, { inputs: { kind: 'go', mainPackage: './a', paths: [] } });
        const copying = { ...files, Dockerfile: `FROM x\nCOPY ${changed} /`, [changed]: 'one' };
        const before = await keyOf(copying);
        expect((await keyOf({ ...copying, [changed]: 'two' })).key).not.toBe(before.key);
        expect((await keyOf({ ...copying, 'other.txt': 'two' })).key).toBe(before.key);
      }),
      { numRuns: 300 },
    );
  });
});
