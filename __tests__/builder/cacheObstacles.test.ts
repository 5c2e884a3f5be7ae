import { describe, expect, it } from 'vitest';
import { addCacheMounts } from '../../src/builder/rewriteDockerfile';
import { go, options } from './cacheCases';

describe('left as they were', () => {
  const cases: readonly (readonly [name: string, lines: readonly string[], why: RegExp])[] = [
    ['a user by name', ['USER app', 'RUN go build'], /its user is not a number, or changes/],
    ['a user that changes', ['RUN go vet', 'USER 1000', 'RUN go build'], /its user is not a number, or changes/],
    [
      'a folder by a variable that is not known',
      ['ENV HOME=$NOWHERE GOPATH=$NOWHERE', 'RUN go build'],
      /depends on a variable/,
    ],
    ['a folder that moves', ['RUN go vet', 'ENV GOPATH=/x HOME=/x', 'RUN go build'], /depends on a variable/],
    [
      'copying into it',
      ['COPY modules /go/pkg/mod/', 'COPY c /root/.cache/go-build/', 'RUN go build'],
      /line 2 copies to \/go\/pkg\/mod/,
    ],
    ['copying over it', ['COPY --from=other /go /go', 'COPY r /root', 'RUN go build'], /line 2 copies to \/go/],
    [
      'copying to an unknown folder',
      ['COPY . $X', 'RUN go build'],
      /line 2 copies to a folder that depends on a variable/,
    ],
    [
      'relative copies below a working directory',
      ['WORKDIR /root/.cache', 'COPY . .', 'WORKDIR /go/pkg', 'COPY . mod', 'RUN go build'],
      /line 3 copies to \/root\/\.cache/,
    ],
    ['working in it', ['WORKDIR /go/pkg/mod/x', 'WORKDIR /root/.cache/go-build', 'RUN go build'], /line 2 works in it/],
    ['a volume', ['VOLUME /x', 'RUN go build'], /declares a volume/],
    ['ONBUILD', ['ONBUILD RUN go build', 'RUN go build'], /is for other builds/],
    ['a shell of another system', ['SHELL ["powershell", "-c"]', 'RUN go build'], /unusual shell/],
    ['go clean', ['RUN go build && go clean -cache -modcache'], /line 2 could remove it/],
    ['removing it', ['RUN go build && rm -rf /root/.cache /go/pkg;'], /line 2 could remove it/],
    ['removing by variable', ['RUN rm -rf $GOPATH/pkg "$HOME/.cache" && go build'], /line 2 could remove it/],
    ['removing by tilde', ['RUN rm -rf ~/.cache; rm -rf ${GOPATH} && go build'], /line 2 could remove it/],
    ['removing by pattern', ['RUN rm -rf /root/.c* /go/* && go build'], /line 2 could remove it/],
    [
      'removing from a working directory',
      ['RUN cd /root && rm -rf .cache && cd /go && rm -rf pkg && go build'],
      /line 2 could remove it/,
    ],
    ['removing through xargs', ['RUN find /root /go -name x | xargs rm -rf'], /line 2 could remove it/],
    ['removing with find', ['RUN find /go /root/.cache -delete'], /line 2 could remove it/],
    ['removing in a here-document', ['RUN <<E', 'rm -rf /root/.cache /go/pkg/mod', 'E'], /line 2 could remove it/],
    [
      'a mount of its own',
      ['RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,dst=/root/.cache go build'],
      /line 2 mounts \/go\/pkg\/mod itself/,
    ],
    [
      'a mount that is not understood',
      ["RUN --mount='type=cache,tar\"get=/x' go build"],
      /line 2 has a mount that is not understood/,
    ],
    ['a keyword over two lines', ['RU\\', 'N go build'], /line 2 has no place for a mount/],
    ['a mount of an unknown folder', ['RUN --mount=type=cache,target=$X go build'], /depends on a variable/],
  ];
  it.each(cases)('%s', (_, lines, why) => {
    const text = go(...lines);
    const result = addCacheMounts(text, options);
    expect(result.text).toBe(text);
    expect(result.notes).toHaveLength(2);
    expect(result.notes.join('\n')).toMatch(why);
  });

  const whole: readonly (readonly [name: string, text: string, why: RegExp])[] = [
    [
      'another frontend',
      '# syntax=example.com/own:1\nFROM golang AS b\nRUN go build\nFROM alpine\n',
      /syntax=example\.com\/own:1/,
    ],
    [
      'an old frontend',
      '# syntax=docker/dockerfile:1.1\nFROM golang AS b\nRUN go build\nFROM alpine\n',
      /may not know cache mounts/,
    ],
    ['an unknown instruction', 'FROM golang AS b\nRUNN go build\nFROM alpine\n', /line 2: RUNN is not known/],
    ['no instruction', 'FROM golang AS b\nRUN x && \\\n y\n&& go build\nFROM alpine\n', /line 4: not an instruction/],
    [
      'a here-document without end',
      'FROM golang AS b\nRUN <<EOF\ngo build\n',
      /line 2: the here-document EOF has no end/,
    ],
    ['a base that is not known', 'FROM golang AS b\nRUN go build\nFROM $X\n', /line 3: \$X can't be resolved/],
    ['nothing', '', /no FROM/],
    ['something before FROM', 'RUN go build\nFROM golang\n', /line 1: RUN before FROM/],
  ];
  it.each(whole)('the whole file: %s', (_, text, why) => {
    const result = addCacheMounts(text, options);
    expect(result).toMatchObject({ text, changed: false });
    expect(result.notes.join('\n')).toMatch(why);
  });

  it('takes the syntaxes that know cache mounts', () => {
    for (const syntax of [
      'docker/dockerfile:1',
      'docker.io/docker/dockerfile:1.2',
      'docker/dockerfile:1-labs',
      'docker/dockerfile',
      `docker/dockerfile:1.7.0@sha256:${'a'.repeat(64)}`,
    ]) {
      expect(addCacheMounts(`# syntax=${syntax}\n${go('RUN go build')}`, options).changed).toBe(true);
    }
  });

  it('does nothing without a cache, or with a path that can not be in a mount', () => {
    for (const cacheMounts of [[], ['/a,b'], ['relative'], ['/a b'], ['/$HOME'], ['/x/']]) {
      expect(addCacheMounts(go('RUN go build'), { ...options, cacheMounts })).toMatchObject({
        changed: false,
        notes: [],
      });
    }
  });
});
