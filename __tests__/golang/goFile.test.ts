import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, parseGoBuild, parsePlusBuild } from '../../src/golang/constraint';
import { readGoFile, type GoFile } from '../../src/golang/goFile';
import { readGoMod, localFolder } from '../../src/golang/goMod';
import { nameHolds, tagHolds, type GoTarget } from '../../src/golang/target';

const read = (text: string | Buffer): GoFile => readGoFile(Buffer.from(text));

describe('the top of a Go file', () => {
  const cases: readonly (readonly [string, string, Partial<GoFile>])[] = [
    ['one import', 'package a\nimport "x"\n', { packageName: 'a', imports: ['x'], unreadable: false }],
    ['none', 'package a', { packageName: 'a', imports: [] }],
    ['only what comes before the first declaration', 'package a\nvar x = 1\nimport "x"', { imports: [] }],
    ['an import in escapes', 'package a\nimport "x\\x2fy/\\u007a"', { imports: ['x/y/z'] }],
    ['C is not a package', 'package a\n// #include "x.h"\nimport "C"', { imports: [], importsC: true }],
    ['words that start like a keyword', 'package a\nimport importer "x"', { imports: ['x'] }],
    ['names beyond ASCII', 'package é\nimport ä "x"', { packageName: 'é', imports: ['x'] }],
    ['embeds only with the package', 'package a\n//go:embed x', { embeds: [] }],
    ['embeds', 'package a\nimport "embed"\n//go:embed x "y z" `a`\nvar x embed.FS', { embeds: ['x', 'y z', 'a'] }],
    ['a merge conflict', '<<<<<<< HEAD\npackage a', { unreadable: true }],
    ['a merge conflict in the imports', 'package a\nimport (\n"x"\n<<<<<<< HEAD\n"y"\n)', { unreadable: true }],
    ['a merge conflict behind them', 'package a\nimport "x"\n=======\nimport "y"', { unreadable: true }],
    ['an import without a path', 'package a\nimport x\n', { unreadable: true }],
    ['a string that goes on', 'package a\nimport "x\n"', { unreadable: true }],
    ['an open group', 'package a\nimport (\n"x"\n', { unreadable: true }],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0', { unreadable: true }],
    ['nothing', '', { unreadable: true }],
    ['two constraints', '//go:build a\n//go:build b\n\npackage a', { constraint: 'unreadable' }],
    ['a constraint that says nothing', '//go:build &&\n\npackage a', { constraint: 'unreadable' }],
    ['no constraint in a block comment', '/*\n//go:build a\n*/\npackage a', { constraint: undefined }],
  ];
  it.each(cases)('%s', (_, text, expected) => {
    expect(read(text)).toMatchObject(expected);
  });

  it('is read whatever the bytes', () => {
    const piece = fc.constantFrom(
      'package a\n',
      'import ',
      '(',
      ')',
      '"x"',
      '`',
      '"',
      '/*',
      '*/',
      '//',
      '\n',
      ';',
      '//go:build ',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 60 }),
        (pieces) => {
          expect(read(pieces.join('')).imports).toBeInstanceOf(Array);
        },
      ),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(readGoFile(Buffer.from(bytes)).imports).toBeInstanceOf(Array);
      }),
    );
  });

  it('gives back the imports that were written, in whatever form', () => {
    const path = fc.stringMatching(/^[a-z][a-z0-9./-]{0,12}$/);
    const space = fc.constantFrom(' ', '\t', '\n', ' // c\n', ' /* c */ ');
    const alias = fc.constantFrom('', 'x ', '_ ', '. ', 'long_1 ');
    const spec = fc.tuple(alias, path, fc.constantFrom('"', '`'), space);
    fc.assert(
      fc.property(fc.array(fc.array(spec, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), (groups) => {
        const text = groups.map((specs) => {
          const lines = specs.map(([name, imported, quote, gap]) => `${gap}${name}${quote}${imported}${quote}`);
          return specs.length === 1 ? `import${lines.join('')}\n` : `import (${lines.join('\n')}\n)\n`;
        });
        const imports = groups.flatMap((specs) => specs.map(([, imported]) => imported));
        expect(read(`package p\n${text.join('')}func f() {}`).imports).toEqual(imports);
      }),
    );
  });
});

describe('build constraints', () => {
  const target: GoTarget = {
    os: new Set(['linux']),
    arch: new Set(['amd64', 'arm64']),
    tags: new Set(['seen']),
    goMinor: 21,
  };
  const holds = (text: string): boolean | undefined => {
    const constraint = parseGoBuild(text);
    if (constraint === undefined) throw new Error('unreadable');
    return evaluate(constraint, (tag) => tagHolds(target, tag));
  };
  const expressions: readonly (readonly [string, boolean | undefined])[] = [
    ['linux', true],
    ['!linux', false],
    ['unix && gc', true],
    ['amd64', undefined],
    ['amd64 || linux', true],
    ['amd64 && windows', false],
    ['!(amd64 || windows)', undefined],
    ['cgo', undefined],
    // Whether it is set, nobody can know for certain; code behind it counts in any case.
    ['seen', undefined],
    ['other', undefined],
    ['go1.21', true],
    ['go1.22', undefined],
    ['goexperiment.x', undefined],
    ['amd64.v3', undefined],
    ['gccgo || ignore', false],
  ];
  it.each(expressions)('%s', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });

  const names: readonly (readonly [string, boolean | undefined])[] = [
    ['x.go', true],
    ['x_linux.go', true],
    ['x_windows_arm64.go', false],
    ['x_arm64.go', undefined],
    ['x_arm.go', false],
    ['arm.go', true],
    ['x_linux_arm64.s', undefined],
    ['x_arm64_linux.go', true],
    ['x_y_z.go', true],
    ['x_sure.go', true],
  ];
  it.each(names)('%s', (name, expected) => {
    expect(nameHolds(target, name)).toBe(expected);
  });

  it.each(['', '&&', 'a &&', '(a', 'a)', 'a b', '!', 'a & b', '!'.repeat(900), '('.repeat(5000)])(
    'unreadable: %.20s',
    (text) => {
      expect(parseGoBuild(text)).toBeUndefined();
    },
  );

  it('of the old kind are joined by lines, blanks and commas', () => {
    const constraint = parsePlusBuild(['linux,amd64 windows', '!arm64']);
    expect(constraint).toEqual(parseGoBuild('((linux && amd64) || windows) && !arm64'));
  });

  it('are read whatever the text', () => {
    const piece = fc.constantFrom('a', '!', '(', ')', '&&', '||', ' ', ',', 'linux');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 30 }), (pieces) => {
        const constraint = parseGoBuild(pieces.join(''));
        if (constraint !== undefined) evaluate(constraint, () => undefined);
        parsePlusBuild([pieces.join('')]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('go.mod', () => {
  it('says which modules are replaced by folders', () => {
    const text = [
      'module example.com/a // the module',
      'go 1.26.4',
      'toolchain go1.27.0',
      'require example.com/x v1.0.0 // indirect',
      'replace example.com/b => ./b',
      'replace (',
      '\texample.com/c v1.2.3 => ../c // why',
      '\t"example.com/d" => `./d e`',
      '\texample.com/e => example.com/f v1.0.0',
      '\texample.com/g => /absolute',
      ')',
      'replace ()',
      'exclude example.com/h v1.0.0',
    ].join('\n');
    const { module, goMinor, replaced } = readGoMod(text);
    expect({ module, goMinor, replaced: [...replaced] }).toEqual({
      module: 'example.com/a',
      goMinor: 26,
      replaced: [
        ['example.com/b', './b'],
        ['example.com/c', '../c'],
        ['example.com/d', './d e'],
      ],
    });
    expect(readGoMod('go 1.21\nuse .\nuse (\n\t./b\n\tc\n\t/d\n)').uses).toEqual(['.', './b', 'c']);
  });

  it.each([
    ['', './api', 'api'],
    ['a/b', '../c', 'a/c'],
    ['a', '..', ''],
    ['a', '../../b', undefined],
    ['', '../b', undefined],
  ])('from %s, %s', (from, folder, expected) => {
    expect(localFolder(from, folder)).toBe(expected);
  });

  it('is read whatever the text', () => {
    const piece = fc.constantFrom('module ', 'replace ', '(', ')', '=>', '\n', '"', '`', './a', '//', 'use ');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 40 }), (pieces) => {
        expect(readGoMod(pieces.join('')).uses).toBeInstanceOf(Array);
      }),
      { numRuns: 2000 },
    );
  });
});
