import { describe, expect, test } from 'vitest';
import { readCatalog } from '../../src/catalog/parseCatalog';
import { mistakesOf } from '../support/catalogs';

describe('a file that is not a catalog', () => {
  test.each([
    ['empty', '', /^c\.yaml:1:1: is empty; a catalog has at least/],
    ['only comments', '# nothing\n', /is empty/],
    ['null', 'null', /1:1: the catalog must be a map of names and values and is empty/],
    ['a list', '- 1', /1:1: the catalog must be a map of names and values and is a list/],
    ['a text', 'hello', /the catalog must be a map of names and values and is text/],
    ['not YAML', 'version: [1', /^c\.yaml:1:12: is not YAML: /],
    ['a tab for indentation', 'images:\n\ta: {}', /^c\.yaml:2:1: is not YAML: Tabs are not allowed/],
    ['two documents', 'version: 1\n---\nversion: 1', /^c\.yaml:2:1: a second document begins here/],
    ['a tag', 'version: !int 1', /^c\.yaml:1:10: is not YAML: Unresolved tag: !int$/],
    ['binary', '\u0000\u0001\u0002', /c\.yaml:1:1: /],
    ['an unknown alias', 'version: 1\nimages: *none', /^c\.yaml:2:9: the alias \*none has no anchor/m],
    ['an alias of itself', 'version: &a [*a]', /an alias contains itself/],
    ['a name that is a list', '? [a]\n: b', /the name of a field must be text/],
    ['a name that is a number', '1: 2', /the name of a field must be text/],
    ['__proto__', '__proto__: { version: 1 }', /1:1: "__proto__" can't be a name/],
    ['constructor', 'version: 1\nimages: { constructor: { dockerfile: D } }', /2:11: "constructor" can't be a name/],
    ['larger than any catalog', ' '.repeat(256 * 1024 + 1), /larger than 256 KiB/],
    ['deep lists', '['.repeat(100_000), /nested too deep/],
    ['deep maps', '{a: '.repeat(60_000), /nested too deep/],
    [
      'deep blocks',
      Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      /more than 16 levels/,
    ],
    [
      'many fields',
      Array.from({ length: 20_000 }, (_, index) => `a${index}: 1`).join('\n'),
      /has more than 5000 values/,
    ],
    [
      'many doubled fields',
      'a: 1\n'.repeat(20_000),
      /"a" is there twice; take one away; and \d+ more mistakes after this$/,
    ],
    [
      'aliases of aliases',
      'a: &a [x,x,x,x,x,x,x,x,x,x]\n' +
        ['b', 'c', 'd', 'e', 'f', 'g', 'h']
          .map(
            (name, index) =>
              `${name}: &${name} [${Array(10)
                .fill(`*${'abcdefg'.charAt(index)}`)
                .join(',')}]`,
          )
          .join('\n'),
      /has more than 5000 values/,
    ],
  ])('%s', async (_, text, expected) => {
    const mistakes = await mistakesOf(text);
    expect(mistakes).toMatch(expected);
    expect(mistakes.split('\n').length).toBeLessThanOrEqual(50);
  });

  test('the file name is shown without control characters', async () => {
    await expect(readCatalog('', 'a\u001b\n.yaml')).rejects.toThrow(/^a\\u\{1b\}\\n\.yaml:1:1: is empty/);
  });
});

describe('one wrong field of an image', () => {
  const head = 'version: 1\nimages:\n  a:\n    dockerfile: D\n    ';
  const table: readonly (readonly [string, RegExp])[] = [
    ['context: /etc', /5:5: images\.a\.context: "\/etc" is absolute; write it relative/],
    ["context: 'C:/x'", /is absolute/],
    ['context: a/../../b', /leaves the repository or may do so/],
    ['context: a\\b', /has a backslash/],
    ["context: ''", /must be a path; it is empty/],
    ['context: "a\\nb"', /control characters/],
    ['context: https://example.org/x.git', /write single "\/"/],
    ['context: -x', /taken for an option; write \.\/ before it/],
    ['context: [a]', /must be text and is a list/],
    ['target: a b', /"a b" is not the name of a build stage/],
    ['target: 1', /must be text and is 1; write it in quotes: "1"/],
    ['repository: -a', /is not the name of a repository/],
    ['repository: a//b', /is not the name of a repository/],
    ['repository: a..b', /is not the name of a repository/],
    ['repository: kfp-images-set', /is where the release set is kept/],
    ['repository: A', /is not the name of a repository/],
    ['inputs: all', /must be a map of names and values and is text/],
    ['inputs: { go: [x] }', /inputs\.go: must be text and is a list/],
    ['inputs: { go: ./... }', /is a pattern; name the one folder/],
    ['inputs: { go: x/main.go }', /is a file; name its folder/],
    ['inputs: { go: ../x }', /leaves the repository/],
    ['inputs: { goo: x }', /inputs\.goo: unknown field; known: go, paths/],
    ['inputs: { path: [x] }', /inputs\.path: unknown field; did you mean "paths"\?/],
    ['inputs: { paths: [] }', /is empty; name files or leave it out/],
    ['inputs: { paths: x }', /must be a list and is text/],
    ["inputs: { paths: ['!x'] }", /takes files away/],
    ['inputs: { paths: [a, ../b] }', /5:26: images\.a\.inputs\.paths\.1: "\.\.\/b" leaves/],
    ['cacheMounts: [relative]', /is not an absolute path/],
    ['cacheMounts: ["/a,source=/etc"]', /is not an absolute path/],
    ['cacheMounts: ["/a b"]', /is not an absolute path/],
    ['cacheMounts: [/a/../b]', /has "\." or "\.\." in it/],
    ['cacheMounts: [/]', /is not an absolute path/],
    ['buildArgs: [A]', /must be a map of names and values and is a list/],
    ['buildArgs: { A: true }', /must be text and is true; write it in quotes: "true"/],
    ['buildArgs: { A: null }', /buildArgs\.A: must be text and is empty/],
    ['buildArgs: { A-B: x }', /buildArgs\.A-B: is not the name of a variable/],
    ["buildArgs: { A: '{{shrt_sha}}' }", /unknown placeholder "shrt_sha".*did you mean "short_sha"/],
    ["buildArgs: { A: '{{sha' }", /unfinished placeholder/],
    ['buildArgs: { A: "\\0" }', /NUL/],
    [
      'buildArgs: { BUILDKIT_SYNTAX: x }',
      /buildArgs\.BUILDKIT_SYNTAX: can’t be used: .*change how BuildKit itself works/,
    ],
    ["buildArgs: { A: '{{env.A-B}}' }", /has \{\{env\.A-B\}\}, which is not the name of a variable/],
    ["buildArgs: { A: '{{env.GITHUB_TOKEN}}' }", /holds a secret or an input of the run.*Use secrets/],
    ["labels: { a: '{{env.HOME}}' }", /unknown placeholder "env\.HOME"; known: \{\{sha\}\}, /],
    ['secrets: netrc', /5:5: images\.a\.secrets: must be a list and is text/],
    ['secrets: [netrc, "a,b"]', /5:22: images\.a\.secrets\.1: "a,b" is not an id/],
    ['secret: [netrc]', /images\.a\.secret: unknown field; did you mean "secrets"/],
    ['ssh: [a=b]', /5:11: images\.a\.ssh\.0: "a=b" is not an id/],
    ['buildContexts: { A: ./x }', /buildContexts\.A: is not a name that FROM or --from can give/],
    ['buildContexts: { a: ../x }', /leaves the repository/],
    ['buildContexts: { a: /etc }', /is absolute/],
    ['buildContexts: { a: docker-image:// }', /names no image/],
    ['buildContexts: { a: "https://example.org/x.git#main" }', /is not fixed; .*all 40 digits of the commit/],
    ['buildContexts: { a: "https://user:pass@example.org/x.git" }', /is not fixed; .*without a login/],
    ['labels: { org.opencontainers.image.revision: x }', /kfp-images itself writes which commit/],
    ['labels: { "a b": x }', /labels\."a b": is not the name of a label/],
    ['annotations: { "a=b": x }', /is not the name of an annotation/],
    ['annotations: { a: 1 }', /must be text and is 1; write it in quotes: "1"/],
    ['noCache: yes', /noCache: must be true or false and is text/],
    ['network: bridge', /network: "bridge" is not one of default, none, host/],
    ['addHosts: { a_b: 10.0.0.1 }', /addHosts\.a_b: is not the name of a host/],
    ['addHosts: { a: 10.0.0.256 }', /"10\.0\.0\.256" is not an IP address/],
    ['shmSize: 1.5g', /"1\.5g" is not a size, such as 256m/],
    ['ulimits: { nofile: 1024 }', /write it in quotes: "1024"/],
    ['ulimits: { nofile: a }', /"a" is not a limit; write SOFT or SOFT:HARD/],
    ['ulimits: { NOFILE: "1" }', /is not the name of a limit/],
    ['inputs: [context]', /must be a map of names and values and is a list/],
    ['bind: { A B: a }', /is not the name of a variable/],
    ['bind: { A: a }', /"a" can't bind itself/],
    ['bind: { A: nope }', /there is no image "nope"; known: a/],
    ['bind: { A: [a] }', /must be text and is a list/],
    ['deploy: { deployment: x }', /deploy\.container: is missing/],
    ['deploy: { container: x }', /deploy\.deployment: is missing/],
    [
      'deploy: { deployment: X, container: x_y }',
      /"X" is not the name of a Deployment[^]*"x_y" is not the name of a container/,
    ],
    ['deploy: { deployments: x, deployment: x, container: x }', /unknown field; did you mean "deployment"/],
    ['deploy:', /must be a map of names and values and is empty/],
    ['dockerfile: E', /"dockerfile" is there twice/],
    ['Target: x', /images\.a\.Target: unknown field; did you mean "target"/],
  ];
  test.each(table)('%s', async (line, expected) => {
    expect(await mistakesOf(head + line)).toMatch(expected);
  });

  test.each([
    ['a folder for a Dockerfile', 'version: 1\nimages: { a: { dockerfile: backend/ } }', /is a folder; name the file/],
    ['the top for a Dockerfile', 'version: 1\nimages: { a: { dockerfile: . } }', /is a folder; name the file/],
    ['no images', 'version: 1\nimages: {}', /2:1: images: is empty; name at least one image/],
    ['images in a list', 'version: 1\nimages: [a]', /images: must be a map of names and values and is a list/],
    ['an image called backend-all', 'version: 1\nimages: { backend-all: { dockerfile: D } }', /means every image/],
    [
      'an image called like the set',
      'version: 1\nimages: { kfp-images-set: { dockerfile: D } }',
      /has a meaning of its own/,
    ],
    [
      'a group called all',
      'version: 1\nimages: { a: { dockerfile: D } }\ngroups: { all: [a] }',
      /groups\.all: can't be used/,
    ],
    [
      'a name that is not a repository',
      'version: 1\nimages: { a..b: { dockerfile: D }, c-: { dockerfile: D, repository: c } }',
      /^c\.yaml:2:11: images\.a\.\.b: "a\.\.b" is not the name of a repository; .*, or give the image a repository$/,
    ],
    [
      'one container for two images',
      'version: 1\nimages:\n  a: { dockerfile: D, deploy: { deployment: d, container: c } }\n  b: { dockerfile: D, deploy: { deployment: d, container: c } }',
      /4:3: images\.b: is deployed to the same container as "a": "d\/c"/,
    ],
    [
      'a circle of three',
      'version: 1\nimages:\n  a: { dockerfile: D, bind: { X: b } }\n  b: { dockerfile: D, bind: { X: c } }\n  c: { dockerfile: D, bind: { X: a } }',
      /^c\.yaml:5:31: images\.c\.bind\.X: images bind each other in a circle.*: a → b → c → a; take one bind away$|^c\.yaml:3:31: images\.a\.bind\.X: images bind each other in a circle.*: a → b → c → a; take one bind away$/,
    ],
  ])('%s', async (_, text, expected) => {
    expect(await mistakesOf(text)).toMatch(expected);
  });
});
