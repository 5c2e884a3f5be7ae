import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentKeys, type KeyOptions } from '../../src/plan/contentKey';
import type { CatalogImage, ContentKey } from '../../src/types';
import { catalogImage, memoryTree, type Content } from './memoryTree';

type Files = Readonly<Record<string, Content>>;

async function keyOf(
  files: Files,
  image: Partial<CatalogImage> = {},
  options: Partial<KeyOptions> = {},
): Promise<ContentKey> {
  const settings = { platforms: ['linux/amd64'], baseDigest: () => 'sha256:1', ...options };
  const keys = await contentKeys([catalogImage(image)], memoryTree(files), settings);
  const key = keys.get(image.name ?? 'driver');
  if (key === undefined) throw new Error('no key');
  return key;
}

/** Paths of the files that are inputs. */
function inputs({ lines, contextLines }: ContentKey): readonly string[] {
  return [...lines, ...contextLines].flatMap((line) => /^file (.*)\t/.exec(line)?.[1] ?? []);
}

const golang = `golang:1.26@sha256:${'a'.repeat(64)}`;
const goDockerfile = (...build: string[]): string =>
  [
    `FROM ${golang} AS builder`,
    'WORKDIR /src',
    'COPY go.mod ./',
    'RUN go mod download',
    'COPY . .',
    ...(build.length > 0 ? build : ['RUN CGO_ENABLED=0 go build -o /bin/driver ./cmd/driver']),
    'FROM alpine:3.21',
    'COPY config /config',
    'COPY --from=builder /bin/driver /bin/driver',
    '',
  ].join('\n');
const fork: Files = {
  '.dockerignore': '*.md\n',
  Dockerfile: goDockerfile(),
  'README.md': 'read me',
  'go.mod': 'module example.com/fork\n\ngo 1.26\n',
  'go.sum': '',
  'cmd/driver/main.go': 'package main\n\nimport _ "example.com/fork/lib"\n\nfunc main() {}\n',
  'cmd/driver/main_test.go': 'package main\n',
  'cmd/launcher/main.go': 'package main\n\nfunc main() {}\n',
  'lib/lib.go': 'package lib\n',
  'lib/data.txt': 'data',
  'config/a.json': '{}',
  'docs/index.html': 'docs',
  'hack/tool.sh': { executable: '#!/bin/sh\ncp hack/list.txt /tmp\n' },
  'hack/list.txt': 'list',
};
const driver: Partial<CatalogImage> = { inputs: { kind: 'go', mainPackage: './cmd/driver', paths: [] } };
const driverFiles = ['cmd/driver/main.go', 'config/a.json', 'go.mod', 'go.sum', 'lib/lib.go'];

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
      'kfp-images content key 1',
      'arg B=busybox:1',
      'arg ODD\\x0a=a\\x0ab\\\\',
      'base alpine\tsha256:alpine',
      'base busybox:1\tsha256:busybox:1\t$BUILDPLATFORM',
      'context ctx',
      expect.stringMatching(/^dockerfile a\/Dockerfile\t[0-9a-f]{40}$/),
      `file ctx/f\t100644 ${oid('f')}`,
      `ignore ctx/.dockerignore\t${oid('g\n')}`,
      'platform linux/amd64',
      'platform linux/arm64',
      'target 1',
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
    ['a templated argument', false, {}, { buildArgs: { SHA: '{{sha}}' } }],
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

describe('the inputs of a Go image', () => {
  const cases: readonly (readonly [string, Files, readonly string[]])[] = [
    ['its imports and what is copied by name', {}, driverFiles],
    [
      'files that a RUN names, and those that a script names',
      { Dockerfile: goDockerfile('RUN go build -o /bin/driver ./cmd/driver && ./hack/tool.sh') },
      [...driverFiles, 'hack/list.txt', 'hack/tool.sh'],
    ],
    [
      'files that a here-document names',
      { Dockerfile: goDockerfile('RUN <<EOF', 'cat hack/list.txt', 'go build -o /bin/driver ./cmd/driver', 'EOF') },
      [...driverFiles, 'hack/list.txt'],
    ],
    [
      'folders that a RUN copies',
      { Dockerfile: goDockerfile('RUN go build -o /bin/driver ./cmd/driver', 'RUN cp -r hack /out') },
      [...driverFiles, 'hack/list.txt', 'hack/tool.sh'],
    ],
    [
      'after cd',
      { Dockerfile: goDockerfile('RUN cd hack && cat list.txt && cd ../cmd && go build -o /bin/driver ./driver') },
      [...driverFiles, 'hack/list.txt'],
    ],
    [
      'a second program',
      { Dockerfile: goDockerfile('RUN go build -o /bin/ ./cmd/driver ./cmd/launcher') },
      [...driverFiles, 'cmd/launcher/main.go'],
    ],
    [
      'all programs below a folder',
      { Dockerfile: goDockerfile('RUN go build -o /bin/ ./cmd/...') },
      [...driverFiles, 'cmd/launcher/main.go'],
    ],
    [
      'a program by import path',
      { Dockerfile: goDockerfile('RUN go install example.com/fork/cmd/driver example.com/fork/cmd/launcher') },
      [...driverFiles, 'cmd/launcher/main.go'],
    ],
    [
      'a profile that Go takes by itself',
      { 'cmd/driver/default.pgo': 'profile', 'lib/default.pgo': 'profile' },
      [...driverFiles, 'cmd/driver/default.pgo'],
    ],
    [
      'licences, where go-licenses is run',
      {
        Dockerfile: goDockerfile('RUN go build -o /bin/driver ./cmd/driver && go-licenses csv ./cmd/driver'),
        LICENSE: 'l',
        'lib/LICENSE.txt': 'l',
        'docs/LICENSE': 'l',
      },
      [...driverFiles, 'LICENSE', 'lib/LICENSE.txt'],
    ],
    ['a folder whose files are no Go', { 'lib/lib.go': '<<<<<<< HEAD\n' }, [...driverFiles, 'lib/data.txt']],
    [
      'what a later stage takes by name from the builder',
      { Dockerfile: `${goDockerfile()}COPY --from=builder /src/hack/list.txt /\n` },
      [...driverFiles, 'hack/list.txt'],
    ],
  ];
  it.each(cases)('%s', async (_, files, expected) => {
    const key = await keyOf({ ...fork, ...files }, driver);
    expect(key.contextLines).toEqual([]);
    expect([...inputs(key)].sort()).toEqual([...expected].sort());
  });

  const undecided: readonly (readonly [string, Files, RegExp])[] = [
    ['make', { Dockerfile: goDockerfile('RUN make driver') }, /line 6: what `make` reads/],
    ['tests', { Dockerfile: goDockerfile('RUN go test ./...') }, /line 6: what `go test` reads/],
    ['generated code', { Dockerfile: goDockerfile('RUN go generate ./...') }, /go generate/],
    ['a package that only the build knows', { Dockerfile: goDockerfile('RUN go build ./cmd/$NAME') }, /cmd\/\$NAME/],
    ['a file that only the build knows', { Dockerfile: goDockerfile('RUN cp $FILE /x') }, /\$FILE/],
    ['everything copied by a RUN', { Dockerfile: goDockerfile('RUN cp -r . /x') }, /holds everything/],
    [
      'a script in another language',
      { Dockerfile: goDockerfile('RUN <<EOF', '#!/usr/bin/env python3', 'EOF') },
      /python3/,
    ],
    ['no go.mod', { 'go.mod': { link: '/dev/null' }, 'README.md': '' }, /./],
    [
      'everything in the image',
      { Dockerfile: 'FROM golang\nCOPY . .\nRUN go build ./cmd/driver' },
      /into the image itself/,
    ],
    ['no Go files', { 'cmd/driver/main.go': { submodule: '1'.repeat(40) } }, /./],
  ];
  it.each(undecided)('are all files for %s, with the reason', async (name, files, reason) => {
    const own = name === 'no go.mod' ? { ...fork, 'go.mod': undefined } : { ...fork, ...files };
    const there = Object.fromEntries(
      Object.entries(own).flatMap(([path, content]) => (content === undefined ? [] : [[path, content]])),
    );
    const image =
      name === 'no Go files' ? { inputs: { kind: 'go', mainPackage: './docs', paths: [] } as const } : driver;
    const key = await keyOf(there, image);
    expect(inputs(key)).toContain('docs/index.html');
    expect(key.notes.join('\n')).toMatch(reason);
    expect(key.notes.join('\n')).toContain('the whole context is an input');
  });

  it('are found for each platform', async () => {
    const files = { ...fork, 'lib/x_arm64.go': 'package lib\n', 'lib/x_amd64.go': 'package lib\n' };
    const both = await keyOf(files, driver, { platforms: ['linux/amd64', 'linux/arm64'] });
    expect(inputs(both)).toEqual(expect.arrayContaining(['lib/x_arm64.go', 'lib/x_amd64.go']));
    expect(inputs(await keyOf(files, driver))).not.toContain('lib/x_arm64.go');
  });

  it('take a hint from the catalog', async () => {
    const image = { inputs: { kind: 'go', mainPackage: './cmd/driver', paths: ['hack', '!**/*.sh'] } } as const;
    expect(inputs(await keyOf(fork, image))).toEqual([...driverFiles, 'hack/list.txt'].sort());
  });
});

describe('the inputs of other images', () => {
  it('are what the Dockerfile copies', async () => {
    const files = { ...fork, Dockerfile: 'FROM x\nCOPY hack/*.txt docs /x/\n' };
    expect(inputs(await keyOf(files))).toEqual(['docs/index.html', 'hack/list.txt']);
  });

  it('are the paths that the catalog names, and what is copied by name', async () => {
    const files = {
      ...fork,
      Dockerfile: 'FROM x AS b\nCOPY . .\nRUN npm ci\nFROM y\nCOPY config /c\nCOPY --from=b /o /o',
    };
    const image = { inputs: { kind: 'paths', globs: ['docs', 'hack/**', '!hack/*.sh'] } } as const;
    expect(inputs(await keyOf(files, image))).toEqual(['config/a.json', 'docs/index.html', 'hack/list.txt']);
    const typo = { inputs: { kind: 'paths', globs: ['dosc'] } } as const;
    expect((await keyOf(files, typo)).notes).toContain('inputs.paths matches no file');
  });

  it('tell of submodules', async () => {
    const files = { Dockerfile: 'FROM scratch\nCOPY sub /', sub: { submodule: '1'.repeat(40) } };
    const key = await keyOf(files);
    expect(inputs(key)).toEqual(['sub']);
    expect(key.notes).toEqual(['sub is a submodule: the build sees an empty folder']);
  });

  it('tell of ignore rules that can not be read', async () => {
    const key = await keyOf({ Dockerfile: 'FROM scratch\nCOPY . /', '.dockerignore': '[x\n', x: '' });
    expect(inputs(key)).toContain('x');
    expect(key.notes[0]).toMatch(/\.dockerignore is not heeded: line 1/);
  });
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
    expect((await keyOf({ Dockerfile: '# escape=`\nFROM x' })).unresolvedBases).toHaveLength(1);
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
