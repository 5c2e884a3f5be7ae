import { describe, expect, it } from 'vitest';
import { addCacheMounts, type RewriteOptions } from '../../src/builder/rewriteDockerfile';
import { go, options, short } from './cacheCases';

/** Rewritten lines of the builder stage. */
const rewritten = (lines: readonly string[], more: Partial<RewriteOptions> = {}): readonly string[] => {
  const { text } = addCacheMounts(go(...lines), { ...options, ...more });
  return short(text).split('\n').slice(1, -3);
};

describe('which RUN gets which cache', () => {
  const cases: readonly (readonly [name: string, lines: readonly string[], expected: readonly string[]])[] = [
    [
      'what compiles gets both, what surely does not gets downloads only',
      ['RUN apk add --no-cache git', 'RUN GO111MODULE=on go mod download', 'RUN CGO_ENABLED=0 go build -o /bin/x .'],
      [
        'RUN M apk add --no-cache git',
        'RUN M GO111MODULE=on go mod download',
        'RUN M B CGO_ENABLED=0 go build -o /bin/x .',
      ],
    ],
    ['what is not understood may compile', ['RUN ./build.sh', 'RUN make'], ['RUN M B ./build.sh', 'RUN M B make']],
    ['a command in a command may compile', ['RUN echo $(./x)'], ['RUN M B echo $(./x)']],
    [
      'a chain compiles when one part does',
      ['RUN apk add git && go test ./...'],
      ['RUN M B apk add git && go test ./...'],
    ],
    [
      'continued lines, with comments and empty lines between',
      ['RUN apk add git && \\', '  # why', '', '  go build \\', '  -o /bin/x'],
      ['RUN M B apk add git && \\', '  # why', '', '  go build \\', '  -o /bin/x'],
    ],
    ['the word alone on its line', ['RUN \\', '  go build'], ['RUN M B \\', '  go build']],
    ['the escape character right behind the word', ['RUN\\', ' go build'], ['RUN M B\\', ' go build']],
    ['small letters, tabs, indentation', ['  run\tgo build'], ['  run M B\tgo build']],
    ['exec form', ['RUN ["go", "build"]'], ['RUN M B ["go", "build"]']],
    [
      'other flags',
      ['RUN --network=none \\', ' --security=sandbox go build'],
      ['RUN M B --network=none \\', ' --security=sandbox go build'],
    ],
    [
      'here-documents, whose lines are not instructions',
      ['RUN <<EOF', 'go build', 'RUN not me', 'EOF', 'COPY <<-"END" /etc/x', 'RUN nor me', '\tEND', 'RUN go vet'],
      [
        'RUN M B <<EOF',
        'go build',
        'RUN not me',
        'EOF',
        'COPY <<-"END" /etc/x',
        'RUN nor me',
        '\tEND',
        'RUN M B go vet',
      ],
    ],
    [
      'two here-documents',
      ['RUN cat <<A <<B && go build', 'B', 'A', 'RUN no', 'B'],
      ['RUN M B cat <<A <<B && go build', 'B', 'A', 'RUN no', 'B'],
    ],
    [
      'a shift is not a here-document',
      ['RUN echo $((1<<2))', 'RUN go build'],
      ['RUN M B echo $((1<<2))', 'RUN M B go build'],
    ],
    ['comments are not instructions', ['# RUN go build', 'RUN go build'], ['# RUN go build', 'RUN M B go build']],
    ['a Unix shell', ['SHELL ["/bin/bash", "-c"]', 'RUN go build'], ['SHELL ["/bin/bash", "-c"]', 'RUN M B go build']],
    ['root by name', ['USER root:root', 'RUN go build'], ['USER root:root', 'RUN M B go build']],
    [
      'a mount of something else',
      ['RUN --mount=type=bind,target=/src go build'],
      ['RUN M B --mount=type=bind,target=/src go build'],
    ],
    [
      'removing other things',
      ['RUN go build && rm -rf /var/lib/apt/lists/* /tmp/x'],
      ['RUN M B go build && rm -rf /var/lib/apt/lists/* /tmp/x'],
    ],
    ['copying elsewhere below /go', ['COPY . /go/src/x', 'RUN go build'], ['COPY . /go/src/x', 'RUN M B go build']],
    ['working above the cache', ['WORKDIR /go', 'RUN go build'], ['WORKDIR /go', 'RUN M B go build']],
  ];
  it.each(cases)('%s', (_, lines, expected) => {
    expect(rewritten(lines)).toEqual(expected);
  });

  it('keeps line ends, a byte order mark, and a missing last line end', () => {
    const text = '\ufeffFROM golang AS b\r\nRUN go build\r\nFROM scratch';
    expect(short(addCacheMounts(text, options).text)).toBe(
      '\ufeffFROM golang AS b\r\nRUN M B go build\r\nFROM scratch',
    );
  });

  it('follows the escape directive', () => {
    const text = '# escape=`\nFROM golang AS b\nRUN echo C:\\ && `\n go build\nFROM scratch\n';
    expect(short(addCacheMounts(text, options).text)).toContain('RUN M B echo C:\\ && `\n go build');
  });

  it('leaves stages without the Go tool out of Go caches, without a word', () => {
    const text = 'FROM python:3 AS c\nRUN pip install x\nRUN python3 x.py\nFROM alpine\nCOPY --from=c /x /x\n';
    expect(addCacheMounts(text, options)).toEqual({ text, changed: false, notes: [], caches: [] });
  });

  it('gives other caches to every stage but the last', () => {
    const text = 'FROM python:3 AS c\nRUN pip install x\nFROM alpine\nRUN apk add y\n';
    const { text: result } = addCacheMounts(text, { ...options, cacheMounts: ['/root/.cache/pip', '/var/ccache'] });
    expect(result.split('\n')[1]).toBe(
      'RUN --mount=type=cache,id=kfp-images:acme/pipelines:/root/.cache/pip,target=/root/.cache/pip,sharing=shared pip install x',
    );
    expect(result.split('\n')[3]).toBe('RUN apk add y');
  });

  it('knows the Go tool in an image of any name', () => {
    const text = 'FROM registry/own-builder AS c\nRUN go build\nFROM alpine\n';
    expect(short(addCacheMounts(text, options).text)).toContain('RUN M B go build');
  });
});

describe('where the cache is', () => {
  const cases: readonly (readonly [name: string, lines: readonly string[], target: string])[] = [
    ['GOCACHE', ['ENV GOCACHE=/cache/go'], '/cache/go'],
    ['the old form of ENV', ['ENV GOCACHE /cache/go'], '/cache/go'],
    ['XDG_CACHE_HOME', ['ENV XDG_CACHE_HOME="/xdg"'], '/xdg/go-build'],
    ['HOME', ['ENV A=1 HOME=/home/me'], '/home/me/.cache/go-build'],
    ['HOME from an argument', ['ARG DIR=/work', 'ENV HOME=${DIR}/home'], '/work/home/.cache/go-build'],
    ['an argument of the build', ['ARG GOCACHE'], '/from/args'],
    ['a default', ['ENV HOME=${UNSET:-/h}'], '/h/.cache/go-build'],
    ['an empty value', ['ENV GOCACHE='], '/root/.cache/go-build'],
  ];
  it.each(cases)('%s', (_, lines, target) => {
    const [line] = rewritten([...lines, 'RUN go build'], {
      cacheMounts: ['/root/.cache/go-build'],
      buildArgs: { GOCACHE: '/from/args' },
    }).slice(-1);
    expect(line).toContain(
      target === '/root/.cache/go-build' ? 'RUN B go build' : `,target=${target},sharing=locked go build`,
    );
  });

  it('follows GOPATH and GOMODCACHE', () => {
    const at = (env: string): string | undefined =>
      rewritten([env, 'RUN go mod download'], { cacheMounts: ['/go/pkg/mod'] })[1];
    expect(at('ENV GOPATH=/a:/b')).toContain(',target=/a/pkg/mod,');
    expect(at('ENV GOMODCACHE=/m')).toContain(',target=/m,');
  });

  it('names the owner where the user is a number', () => {
    const [, line] = rewritten(['USER 1000', 'RUN go build'], { cacheMounts: ['/go/pkg/mod'] });
    expect(line).toContain(
      'id=kfp-images:acme/pipelines:1000:0:/go/pkg/mod,target=/go/pkg/mod,sharing=shared,uid=1000,gid=0 go',
    );
  });

  it('counts only the user of commands that use the cache', () => {
    expect(rewritten(['RUN apk add git', 'USER 7:8', 'RUN go build'])[2]).toContain('uid=7,gid=8');
  });
});
