import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withEnvironment } from '../../src/catalog/environment';
import { kfpCatalog } from '../../src/catalog/kfp';
import { readCatalog } from '../../src/catalog/parseCatalog';
import { CatalogError } from '../../src/errors';
import type { CatalogImage } from '../../src/types';
import { mistakesOf } from '../support/catalogs';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '../fixtures/catalog', name), 'utf8');

const only = async (body: string): Promise<CatalogImage | undefined> =>
  (await readCatalog(`version: 1\nimages:\n  a:\n    ${body.replaceAll('\n', '\n    ')}\n`, 'c.yaml')).images.get('a');

describe('a catalog that is right', () => {
  test('the built-in one, written as a file', async () => {
    const read = await readCatalog(fixture('kfp.yaml'), 'kfp-images.yaml');
    expect(read.images).toEqual(kfpCatalog.images);
    expect([...read.images.keys()]).toEqual([...kfpCatalog.images.keys()]);
    expect(read.groups).toEqual(kfpCatalog.groups);
    expect(read.source).toBe('kfp-images.yaml');
  });

  test('the least there can be: all else has its default', async () => {
    expect(await only('dockerfile: Dockerfile')).toEqual({
      name: 'a',
      dockerfile: 'Dockerfile',
      context: '.',
      repository: 'a',
      target: undefined,
      inputs: { kind: 'dockerfile' },
      cacheMounts: [],
      buildArgs: {},
      bind: {},
      deploy: undefined,
    });
  });

  test('paths in their normal form', async () => {
    const image = await only(
      "dockerfile: ././x/./Dockerfile\ncontext: ./x/\ninputs: { go: x/./cmd/, paths: [./a/**, a/**, 'b/*.go'] }\ncacheMounts: [/root/.cache/, /root/.cache]",
    );
    expect(image).toMatchObject({
      dockerfile: 'x/Dockerfile',
      context: 'x',
      inputs: { kind: 'go', mainPackage: './x/cmd', paths: ['a/**', 'b/*.go'] },
      cacheMounts: ['/root/.cache'],
    });
  });

  test('what a build is given beside its files', async () => {
    const image = await only(
      "dockerfile: D\nsecrets: [netrc, a.b, netrc]\nssh: [default]\nlabels: { com.example.a: 'of {{sha}}' }\nannotations: { b: c }\n" +
        'buildContexts: { shared: ./libs/, golang: docker-image://golang:1.26, src: "https://example.org/x.git#' +
        `${'a'.repeat(40)}:sub" }\nnoCache: true\nnetwork: none\naddHosts: { m.corp: 10.0.0.1, v6: "::1" }\nshmSize: 256m\nulimits: { nofile: 1024:2048 }`,
    );
    expect(image?.options).toEqual({
      secrets: ['a.b', 'netrc'],
      ssh: ['default'],
      buildContexts: {
        shared: { kind: 'folder', path: 'libs' },
        golang: { kind: 'image', reference: 'golang:1.26' },
        src: { kind: 'git', url: `https://example.org/x.git#${'a'.repeat(40)}:sub` },
      },
      labels: { 'com.example.a': 'of {{sha}}' },
      annotations: { b: 'c' },
      noCache: true,
      network: 'none',
      addHosts: { 'm.corp': '10.0.0.1', v6: '::1' },
      shmSize: '256m',
      ulimits: { nofile: '1024:2048' },
    });
    expect((await only('dockerfile: D\nsecrets: []\nnoCache: false'))?.options).toBeUndefined();
  });

  test('build arguments of the environment count by their value, and are left out where there is none', async () => {
    const text =
      "version: 1\nimages:\n  a:\n    dockerfile: D\n    buildArgs: { A: 'x{{ env.A_B }}', B: '{{env.NONE}}', C: '{{sha}}' }\n";
    const filled = withEnvironment(await readCatalog(text, 'c.yaml'), { A_B: 'y' }).images.get('a');
    expect(filled?.buildArgs).toEqual({ A: 'xy', C: '{{sha}}' });
    expect(filled?.unsetArguments).toEqual([
      'the build argument B is left out, because the variable NONE of the environment is not set',
    ]);
    const invalid = await readCatalog(text, 'c.yaml');
    expect(() => withEnvironment(invalid, { A_B: '{{sha}}' })).toThrow(/A_B of the environment holds \{\{ or \}\}/);
  });

  test('every field', async () => {
    const image = await only(
      "dockerfile: D\ntarget: final\nrepository: team/a-b__c.d\ninputs: { paths: ['src/**'] }\n" +
        "buildArgs: { V: 'x {{ sha }} {{short_sha}} {{branch}} {{date}}' }\ndeploy: { deployment: d.e-f, container: c }",
    );
    expect(image).toMatchObject({
      target: 'final',
      repository: 'team/a-b__c.d',
      inputs: { kind: 'paths', globs: ['src/**'] },
      buildArgs: { V: 'x {{ sha }} {{short_sha}} {{branch}} {{date}}' },
      deploy: { deployment: 'd.e-f', container: 'c' },
    });
  });

  test('the word that makes everything count', async () => {
    expect((await only('dockerfile: D\ninputs: context'))?.inputs).toEqual({ kind: 'context' });
  });

  test('Windows line ends, a byte order mark, comments and aliases', async () => {
    const text =
      '\ufeffversion: 1 # one\r\nimages:\r\n  a: { dockerfile: D, cacheMounts: &m [/x] }\r\n  b: { dockerfile: D, cacheMounts: *m }\r\n';
    const { images } = await readCatalog(text, 'c.yaml');
    expect([...images.values()].map(({ cacheMounts }) => cacheMounts)).toEqual([['/x'], ['/x']]);
  });

  test('an alias means the last anchor before it', async () => {
    const text = 'version: 1\nimages:\n  a: { dockerfile: &d D }\n  b: { dockerfile: &d E }\n  c: { dockerfile: *d }\n';
    expect((await readCatalog(text, 'c.yaml')).images.get('c')?.dockerfile).toBe('E');
  });

  test('the order of the file, also where names look like numbers', async () => {
    const { images, groups } = await readCatalog(
      'version: 1\nimages:\n  z: { dockerfile: D }\n  "10": { dockerfile: D }\n  "9": { dockerfile: D }\ngroups: { g: [z, z, "9"] }',
      'c.yaml',
    );
    expect([...images.keys()]).toEqual(['z', '10', '9']);
    expect(groups).toEqual(
      new Map([
        ['g', ['z', '9']],
        ['backend-all', ['z', '10', '9']],
      ]),
    );
  });

  test('backend-all may be there when it is complete', async () => {
    const { groups } = await readCatalog(
      'version: 1\nimages: { a: { dockerfile: D } }\ngroups: { backend-all: [a] }',
      'c.yaml',
    );
    expect(groups).toEqual(new Map([['backend-all', ['a']]]));
  });
});

describe('all mistakes at once, each with its line, column and fix', () => {
  test('of a whole file', async () => {
    await expect(mistakesOf(fixture('mistakes.yaml'))).resolves.toMatchInlineSnapshot(`
      "c.yaml:1:1: version: must be the number 1, without quotes
      c.yaml:2:1: image: unknown field; did you mean "images"?
      c.yaml:4:3: images.driver.dockerfile: is missing
      c.yaml:5:5: images.driver.dockerfil: unknown field; did you mean "dockerfile"?
      c.yaml:6:5: images.driver.context: "../elsewhere" leaves the repository or may do so; write it without ".."
      c.yaml:7:5: images.driver.repository: "Driver" is not the name of a repository; use a-z and 0-9, with single ".", "_" or "-" between them, and "/" between parts
      c.yaml:8:19: images.driver.cacheMounts.0: "go/pkg/mod" is not an absolute path of letters, digits and ._@+-; for example /root/.cache/go-build
      c.yaml:9:18: images.driver.buildArgs.COMMIT_SHA: has the unknown placeholder "shaa"; known: {{sha}}, {{short_sha}}, {{branch}}, {{date}}, {{env.NAME}}; did you mean "sha"?
      c.yaml:9:42: images.driver.buildArgs.1X: is not the name of a variable; use letters, digits and "_", not beginning with a digit
      c.yaml:9:49: images.driver.buildArgs.COUNT: must be text and is 1.1; write it in quotes: "1.10"
      c.yaml:11:5: images.launcher.dockerfile: "/backend/Dockerfile.launcher" is absolute; write it relative to the repository's top
      c.yaml:12:5: images.launcher.inputs: needs go, paths or both
      c.yaml:13:13: images.launcher.bind.V2_SELF: "launcher" can't bind itself: its digest is known only when it is done
      c.yaml:13:32: images.launcher.bind.V2_OTHER: there is no image "drivr"; did you mean "driver"?
      c.yaml:14:5: images.launcher.deploy.container: is missing
      c.yaml:15:3: images.Apiserver: is not a name; use a-z, 0-9, ".", "_" and "-", beginning with a letter or digit, 128 at most
      c.yaml:16:5: images.Apiserver.dockerfile: "backend\\\\Dockerfile" has a backslash; write "/" between folders
      c.yaml:17:3: images.all: can't be used: "all" has a meaning of its own
      c.yaml:21:13: images.a.bind.B: images bind each other in a circle, so none can be built first: a → b → a; take one bind away
      c.yaml:22:3: images.b: goes to the same repository as "a": "a"
      c.yaml:26:3: "driver" is there twice; take one away
      c.yaml:29:3: groups.launcher: "launcher" is an image already; give the group another name
      c.yaml:30:18: groups.some.1: there is no image "luncher"; did you mean "launcher"?
      c.yaml:30:27: groups.some.2: must be text and is 3; write it in quotes: "3"
      c.yaml:31:3: groups.none: is empty; name at least one image
      c.yaml:32:3: groups.backend-all: always means every image; leave it out, or add launcher, Apiserver, all, a, b"
    `);
  });

  test('as data, for annotations', async () => {
    const thrown: unknown = await readCatalog('version: 2\nimages: { a: { dockerfile: D } }', 'x/c.yaml').catch(
      (reason: unknown) => reason,
    );
    expect(thrown).toMatchObject({
      exitCode: 2,
      mistakes: [
        { at: { file: 'x/c.yaml', line: 1, column: 1 }, text: 'version: must be the number 1, without quotes' },
      ],
    });
  });
});

describe('any text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'version: 1',
      'images:',
      '  a:',
      '    dockerfile: D',
      '    bind: {X: b}',
      '  b: {}',
      'groups:',
      '  g: [a]',
      '\n',
      '&a ',
      '*a',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '|',
      '\t',
      '__proto__: 1',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  test('gives a catalog or a CatalogError of printable lines', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(piece, fc.constantFrom('\n', ' ', '')), { maxLength: 25 }), async (pieces) => {
        const text = pieces.flat().join('');
        const outcome = await readCatalog(text, 'c.yaml').catch((thrown: unknown) => thrown);
        if (!(outcome instanceof Error)) expect(outcome).toHaveProperty('images');
        else {
          expect(outcome).toBeInstanceOf(CatalogError);
          expect(outcome.message).toMatch(/^c\.yaml:\d+:\d+: /);
          expect(outcome.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
