/* A small fork with two images, and what changing each of its files does to them. */

/** A change: new contents by path, or undefined to remove a file. */
export interface Mutation {
  readonly files: Readonly<Record<string, string | undefined>>;
  /** Images whose files differ afterwards. */
  readonly differ: readonly string[];
  /** Is the change none of the images' business, so that no key may change either? */
  readonly outside: boolean;
}

const module = 'github.com/kubeflow/pipelines';
const base = 'kfp-images-test/plan:1';
export const baseImage = base;

/** The compiler: Go itself from a named context, or the demo's stand-in for it, which knows plain imports only. */
const compile = (real: boolean): string =>
  real
    ? 'RUN --mount=type=bind,from=go,target=/usr/local/go --mount=type=cache,target=/root/.cache/go-build \\\n' +
      '  CGO_ENABLED=0 GOTOOLCHAIN=local /usr/local/go/bin/go build -trimpath -buildvcs=false -o /out/app ./cmd/app'
    : 'ENV GO_STAND_IN_SECONDS=0\nRUN go build -o /out/app ./cmd/app';

const appDockerfile = (real: boolean): string =>
  [
    `FROM ${base} AS builder`,
    'WORKDIR /src',
    'COPY go.mod go.sum ./',
    'COPY . .',
    compile(real),
    'RUN ./hack/stamp.sh # and nothing else',
    'FROM scratch',
    'COPY config/ /config/',
    'COPY --from=builder /out/ /out/',
    'COPY --from=builder /src/web/index.html /web/',
    '',
  ].join('\n');

const webDockerfile = [
  'ARG FOLDER=assets',
  `FROM ${base} AS collected`,
  'RUN --mount=type=bind,source=data,target=/data find /data -type f | sort | xargs cat >/all.txt',
  `FROM ${base} AS unused`,
  'COPY docs/unused.txt /',
  'FROM scratch',
  'ARG FOLDER',
  'COPY --chmod=644 $FOLDER/*.css web /site/',
  'COPY --from=collected /all.txt /',
  'ADD ["notes/a b.txt", "/"]',
  'COPY link /linked',
  'COPY <<EOF /inline',
  'COPY docs /docs',
  'EOF',
  '',
].join('\n');

/** `real`: with Go itself, so with everything that only Go knows of Go. */
export function mutationFiles(real: boolean): Readonly<Record<string, string>> {
  return {
    '.dockerignore': '**/*.md\n.git\n',
    'docker/app': appDockerfile(real),
    'docker/web': webDockerfile,
    'go.mod': `module ${module}\n\ngo 1.21\n${real ? `\nrequire ${module}/api v0.0.0\n\nreplace ${module}/api => ./api\n` : ''}`,
    'go.sum': '',
    'cmd/app/main.go': [
      'package main',
      '',
      'import (',
      `\t"${module}/lib"`,
      ...(real ? ['\t_ "embed"', `\t"${module}/api"`] : []),
      ')',
      '',
      ...(real ? ['//go:embed banner.txt', 'var banner string', ''] : []),
      `func main() { println(lib.Name${real ? ', banner, api.Name, suffix' : ''}) }`,
      '',
    ].join('\n'),
    'cmd/app/main_test.go': `package main\n\nimport _ "${module}/lib/unused"\n`,
    'cmd/app/notes.txt': 'no input',
    'lib/lib.go': 'package lib\n\nvar Name = "lib"\n',
    'lib/unused/unused.go': 'package unused\n',
    'hack/stamp.sh': '#!/bin/sh\ncat hack/version.txt >/out/version\n',
    'hack/version.txt': '1\n',
    'hack/other.txt': 'no input',
    'config/a.json': '{}',
    'config/notes.md': 'ignored',
    'web/index.html': '<html>',
    'assets/a.css': 'css',
    'assets/b.js': 'js',
    'data/1.txt': '1\n',
    'data/deep/2.txt': '2\n',
    'notes/a b.txt': 'notes',
    'docs/linked.txt': 'linked',
    'docs/unused.txt': 'unused',
    ...(real
      ? {
          'cmd/app/banner.txt': 'banner',
          'cmd/app/suffix_linux.go': 'package main\n\nconst suffix = "linux"\n',
          'cmd/app/suffix_windows.go': 'package main\n\nconst suffix = "windows"\n',
          'cmd/app/tool.go': '//go:build ignore\n\npackage main\n',
          'api/go.mod': `module ${module}/api\n\ngo 1.21\n`,
          'api/api.go': 'package api\n\nvar Name = "api"\n',
        }
      : {}),
  };
}

/** Path of the link → its target. */
export const mutationLinks: Readonly<Record<string, string>> = { link: 'docs/linked.txt' };

/** Inputs one by one; everything else in one change, which must be as if there were none. */
export function mutations(real: boolean): readonly Mutation[] {
  const each = (differ: readonly string[], files: Mutation['files']): readonly Mutation[] =>
    Object.entries(files).map(([path, content]) => ({ files: { [path]: content }, differ, outside: false }));
  return [
    ...each(['app'], {
      'lib/lib.go': 'package lib\n\nvar Name = "changed"\n',
      'hack/version.txt': '2\n',
      'hack/stamp.sh': '#!/bin/sh\necho changed >/out/version\n',
      'config/a.json': '{ }',
      'config/new.json': '{}',
      // The rules are part of every key; here they let a file in.
      '.dockerignore': '.git\n',
      ...(real
        ? {
            'cmd/app/banner.txt': 'changed',
            'cmd/app/suffix_linux.go': 'package main\n\nconst suffix = "changed"\n',
            'api/api.go': 'package api\n\nvar Name = "changed"\n',
          }
        : {}),
    }),
    ...each(['app', 'web'], { 'web/index.html': '<html lang="en">' }),
    ...each(['web'], {
      'assets/a.css': 'changed',
      'assets/new.css': 'new',
      'data/deep/2.txt': 'changed\n',
      'data/1.txt': undefined,
      'notes/a b.txt': 'changed',
      'docs/linked.txt': 'changed',
      'web/new.html': 'new',
    }),
    // Files of a package count whatever their constraints say: a tag may be set where nobody sees it.
    ...(real
      ? each([], {
          'cmd/app/suffix_windows.go': 'package main\n\nconst suffix = "changed"\n',
          'cmd/app/tool.go': '//go:build ignore\n\npackage main // changed\n',
        })
      : []),
    {
      differ: [],
      outside: true,
      files: {
        'cmd/app/main_test.go': 'package main\n',
        'cmd/app/notes.txt': 'changed',
        'lib/unused/unused.go': 'package unused // changed\n',
        'hack/other.txt': 'changed',
        'config/notes.md': 'changed',
        'assets/b.js': 'changed',
        'docs/unused.txt': 'changed',
        'new/file.txt': 'new',
        ...(real
          ? {
              'api/unused/unused.go': 'package unused\n',
            }
          : {}),
      },
    },
  ];
}
