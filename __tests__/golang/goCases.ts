/** A repository of Go files, and how its one image is built. */
export interface GoCase {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** Path → what a symbolic link says. */
  readonly links?: Readonly<Record<string, string>>;
  readonly mainPackage: string;
  /** Folder in which `go list` is asked for `package`, where that is not the top. */
  readonly within?: { readonly folder: string; readonly package: string };
  /** Behind `RUN`; what it says about tags and cgo is what `flags` and `env` tell `go list`. */
  readonly build: string;
  readonly flags?: readonly string[];
  /** Files of packages that only other tags, or cgo, would import. */
  readonly reached?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A go.mod with these further lines. */
export const goMod = (module: string, ...rest: string[]): string =>
  `module ${module}\n\ngo 1.21\n\n${rest.join('\n')}\n`;
/** A Go file of this package and imports. */
export const go = (name: string, ...imports: string[]): string =>
  `package ${name}\n\n${imports.map((path) => `import _ "${path}"\n`).join('')}\nvar _ = 0\n`;
/** The same with a main function. */
export const main = (...imports: string[]): string => `${go('main', ...imports)}\nfunc main() {}\n`;

/** What decides which files of a package count. */
export const packageCases: readonly GoCase[] = [
  {
    name: 'imports in every spelling, over packages',
    mainPackage: './cmd/app',
    build: 'go build -o /bin/app ./cmd/app',
    files: {
      'go.mod': goMod('example.com/fork'),
      'cmd/app/main.go': [
        '// Package main. import "example.com/fork/not/this"',
        'package main /* import "example.com/fork/not/that" */',
        'import "fmt"; import a "example.com/fork/a"',
        'import (',
        '\t. "example.com/fork/b" // comment',
        '\t_ "example.com/fork/c"; d `example.com/fork/d`',
        '\t/* in',
        '\tbetween */ "example.com/fork/e/f"',
        ')',
        'import()',
        'const text = `import "example.com/fork/not/here"`',
        'func main() { fmt.Println(a.A, B, d.D, f.F, text) }',
        '',
      ].join('\n'),
      'cmd/app/more.go': '\ufeffpackage main\r\n\r\nimport (\r\n\t_ "example.com/fork/g"\r\n)\r\n',
      'cmd/app/main_test.go': main('example.com/fork/not/tested'),
      'cmd/app/_hidden.go': go('main', 'example.com/fork/not/hidden'),
      'cmd/app/.hidden.go': go('main', 'example.com/fork/not/hidden'),
      'cmd/app/doc.go':
        '// Package documentation is not code.\npackage documentation\n\nimport _ "example.com/fork/not/doc"\n',
      'cmd/app/README.md': 'text',
      'cmd/app/inner/inner.go': go('inner'),
      'a/a.go': 'package a\n\nimport "example.com/fork/a/internal/x"\n\nvar A = x.X\n',
      'a/a_test.go': go('a_test', 'example.com/fork/not/tested'),
      'a/internal/x/x.go': 'package x\n\nvar X = 1\n',
      'b/b.go': 'package b\n\nvar B = 1\n',
      'c/c.go': go('c', 'example.com/fork/a'),
      'd/d.go': 'package d\n\nvar D = 1\n',
      'e/f/f.go': 'package f\n\nvar F = 1\n',
      'g/g.go': go('g'),
      'not/this/x.go': go('this'),
      'not/that/x.go': go('that'),
      'not/here/x.go': go('here'),
      'not/tested/x.go': go('tested'),
      'not/hidden/x.go': go('hidden'),
      'not/doc/x.go': go('doc'),
      'unused/x.go': go('unused'),
    },
  },
  {
    name: 'build constraints and file names',
    reached: ['no/10/x.go', 'no/11/x.go', 'no/7/x.go', 'no/8/x.go'],
    mainPackage: './app',
    build: 'CGO_ENABLED=0 go build -tags netgo,custom -o /bin/app ./app',
    flags: ['-tags=netgo,custom'],
    env: { CGO_ENABLED: '0' },
    files: {
      'go.mod': goMod('example.com/fork'),
      'app/main.go': main(),
      'app/x_linux.go': go('main', 'example.com/fork/yes/1'),
      'app/x_windows.go': go('main', 'example.com/fork/no/1'),
      'app/x_amd64.go': go('main', 'example.com/fork/yes/2'),
      'app/x_arm64.go': go('main', 'example.com/fork/no/2'),
      'app/x_linux_amd64.go': go('main', 'example.com/fork/yes/3'),
      'app/x_linux_arm64.go': go('main', 'example.com/fork/no/3'),
      'app/linux.go': go('main', 'example.com/fork/yes/4'),
      'app/windows.go': go('main', 'example.com/fork/yes/5'),
      'app/x_unix.go': go('main', 'example.com/fork/yes/6'),
      'app/x.linux.windows.go': go('main', 'example.com/fork/yes/7'),
      'app/x_windows.linux.go': go('main', 'example.com/fork/no/4'),
      'app/c1.go': `// Copyright\n\n//go:build linux && (amd64 || arm64) && !windows\n\n${go('main', 'example.com/fork/yes/8')}`,
      'app/c2.go': `//go:build windows\n\n${go('main', 'example.com/fork/no/5')}`,
      'app/c3.go': `//go:build ignore\n\n${go('main', 'example.com/fork/no/6')}`,
      'app/c4.go': `//go:build custom && netgo\n\n${go('main', 'example.com/fork/yes/9')}`,
      'app/c5.go': `//go:build !custom\n\n${go('main', 'example.com/fork/no/7')}`,
      'app/c6.go': `//go:build unix && gc && !gccgo && go1.21\n\n${go('main', 'example.com/fork/yes/10')}`,
      'app/c7.go': `//go:build cgo\n\n${go('main', 'example.com/fork/no/8')}`,
      'app/c8.go': `//go:build !cgo\n\n${go('main', 'example.com/fork/yes/11')}`,
      'app/c9.go': `/* block */\n// +build linux,amd64 windows\n// +build !arm64\n\n${go('main', 'example.com/fork/yes/12')}`,
      'app/c10.go': `// +build windows\n\n${go('main', 'example.com/fork/no/9')}`,
      'app/c11.go': `// +build windows\n${go('main', 'example.com/fork/yes/13')}`,
      'app/c12.go': `//go:build linux\n// +build windows\n\n${go('main', 'example.com/fork/yes/14')}`,
      'app/c13.go': `package main\n\n//go:build windows\n\nimport _ "example.com/fork/yes/15"\n`,
      'app/c14.go': 'package main\n\nimport "C"\n\nimport _ "example.com/fork/no/10"\n',
      'app/c15.go': `//go:build ignore\n\nthis is {{ no }} Go\n`,
      'app/c16.go': `//go:build race || android || js\n\n${go('main', 'example.com/fork/no/11')}`,
      ...Object.fromEntries(Array.from({ length: 15 }, (_, at) => [`yes/${at + 1}/x.go`, go(`y${at + 1}`)])),
      ...Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`no/${at + 1}/x.go`, go(`n${at + 1}`)])),
    },
  },
  {
    name: 'cgo, assembly and object files',
    mainPackage: './app',
    build: 'CGO_ENABLED=1 go build -o /bin/app ./app',
    env: { CGO_ENABLED: '1' },
    files: {
      'go.mod': goMod('example.com/fork'),
      'app/main.go': main('example.com/fork/native', 'example.com/fork/assembly'),
      'native/x.go': 'package native\n\n// #include "x.h"\nimport "C"\n',
      'native/x.h': '#define X 1\n',
      'native/x.c': '#include "x.h"\n',
      'native/x.cc': '',
      'native/x.S': '',
      'native/x_windows.c': '',
      'native/y.c': '//go:build windows\n',
      'native/_z.c': '',
      'native/x.f90': '',
      'native/x_linux.syso': '',
      'native/x_windows.syso': '',
      'native/notes.txt': '',
      'assembly/x.go': 'package assembly\n\nfunc X()\n',
      'assembly/x_amd64.s': '#include "textflag.h"\n#include "x.h"\n',
      'assembly/x_arm64.s': '',
      'assembly/x.h': '',
      'assembly/x.S': '',
    },
  },
  {
    name: 'embedded files',
    mainPackage: './app',
    build: 'go build -o /bin/app ./app',
    files: {
      'go.mod': goMod('example.com/fork'),
      'app/main.go': [
        'package main',
        'import "embed"',
        '//go:embed one.txt two/*.txt',
        '//go:embed "with space.txt" `raw.txt`',
        'var a embed.FS',
        '\t//go:embed folder',
        'var b embed.FS',
        '//go:embed all:everything',
        'var c embed.FS',
        '//go:embed glob*',
        'var d embed.FS',
        '// go:embed no.txt',
        'func main() {}',
        '',
      ].join('\n'),
      'app/plain.go': 'package main\n\n//go:embed no.txt\nvar e = 1\n',
      'app/one.txt': '1',
      'app/two/a.txt': '2',
      'app/two/.b.txt': '2',
      'app/two/c.md': '2',
      'app/with space.txt': '3',
      'app/raw.txt': '4',
      'app/no.txt': 'n',
      'app/folder/a': '5',
      'app/folder/.hidden': '5',
      'app/folder/_hidden': '5',
      'app/folder/sub/b': '5',
      'app/folder/.sub/b': '5',
      'app/folder/nested/go.mod': goMod('example.com/nested'),
      'app/folder/nested/b': '5',
      'app/everything/.a': '6',
      'app/everything/_b/c': '6',
      'app/glob1': '7',
      'app/glob2/a': '7',
      'app/glob2/.b': '7',
    },
  },
];
