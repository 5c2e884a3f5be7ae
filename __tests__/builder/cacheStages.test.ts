import { describe, expect, it } from 'vitest';
import { addCacheMounts, type RewriteOptions } from '../../src/builder/rewriteDockerfile';
import { options } from './cacheCases';

describe('several stages', () => {
  const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
  const changed = (lines: readonly string[], more: Partial<RewriteOptions> = {}): readonly number[] => {
    const { text: result } = addCacheMounts(text(lines), { ...options, ...more });
    return result.split('\n').flatMap((line, at) => (line === lines[at] || line === '' ? [] : [at + 1]));
  };

  const cases: readonly (readonly [name: string, lines: readonly string[], expected: readonly number[]])[] = [
    ['the image itself is left', ['FROM golang', 'RUN go build'], []],
    ['what the image starts from is left', ['FROM golang AS b', 'RUN go build', 'FROM b', 'RUN echo'], []],
    [
      'stages that start from one another share',
      ['FROM golang AS d', 'RUN go mod download', 'FROM d AS b', 'RUN go build', 'FROM alpine', 'COPY --from=b /x /x'],
      [2, 4],
    ],
    [
      'names have no case',
      ['FROM golang AS Deps', 'RUN go mod download', 'FROM dEPS AS b', 'RUN go build', 'FROM alpine'],
      [2, 4],
    ],
    [
      'a stage by argument',
      ['ARG B=deps', 'FROM golang AS deps', 'RUN go mod download', 'FROM ${B} AS b', 'RUN go build', 'FROM b'],
      [],
    ],
    [
      'copied out of by name',
      ['FROM golang AS b', 'RUN go build', 'FROM alpine', 'COPY --from=B /go/pkg/mod /m', 'COPY --from=b /root /r'],
      [],
    ],
    [
      'copied out of by number',
      [
        'FROM golang',
        'RUN go build',
        'FROM alpine',
        'COPY --link --from=0 --chown=1 /go /m',
        'COPY --from=0 ["/root/.cache", "/c"]',
      ],
      [],
    ],
    [
      'copied out of by pattern',
      ['FROM golang AS b', 'RUN go build', 'FROM alpine', 'COPY --from=b /go/* /m', 'COPY --from=b /root/.c* /c'],
      [],
    ],
    [
      'copied out of by an unknown path',
      ['FROM golang AS b', 'RUN go build', 'FROM alpine', 'COPY --from=b $P /m'],
      [],
    ],
    [
      'copied out of a stage that is not known',
      ['FROM golang AS b', 'RUN go build', 'FROM alpine', 'COPY --from=$S /go /m', 'COPY --from=$S /root /m'],
      [],
    ],
    [
      'mounted by another stage',
      ['FROM golang AS b', 'RUN go build', 'FROM alpine', 'RUN --mount=from=b,target=/b cp /b/x /x'],
      [],
    ],
    [
      'copied out of elsewhere',
      [
        'FROM golang AS b',
        'RUN go build',
        'FROM alpine',
        'COPY --from=b /go/bin/x /out/* /x/',
        'COPY --from=alpine /go /go',
      ],
      [2],
    ],
    [
      'a copy out of what starts from it',
      [
        'FROM golang AS a',
        'RUN go mod download',
        'FROM a AS b',
        'RUN go build',
        'FROM alpine',
        'COPY --from=b /root /r',
        'COPY --from=b /go /g',
      ],
      [],
    ],
    [
      'a base whose downloads are in the image',
      ['FROM golang AS a', 'RUN go vet', 'FROM a AS b', 'RUN go build', 'FROM a AS last', 'COPY --from=b /x /x'],
      [],
    ],
    [
      'a base without Go in it',
      ['FROM golang AS a', 'RUN apk add git', 'FROM a AS b', 'RUN go build', 'FROM a AS last', 'COPY --from=b /x /x'],
      [4],
    ],
    [
      'another user than the base',
      ['FROM golang AS a', 'RUN go vet', 'FROM a AS b', 'USER 5', 'RUN go build', 'FROM alpine'],
      [],
    ],
    [
      'variables of the base',
      ['FROM golang AS a', 'ENV HOME=$X GOPATH=$X', 'FROM a AS b', 'RUN go build', 'FROM alpine'],
      [],
    ],
    [
      'arguments are not inherited',
      ['FROM golang AS a', 'ARG HOME=$X', 'FROM a AS b', 'RUN go build', 'FROM alpine'],
      [4],
    ],
  ];
  it.each(cases)('%s', (_, lines, expected) => {
    expect(changed(lines)).toEqual(expected);
  });

  it('takes the target for the image', () => {
    const lines = [
      'FROM golang AS b',
      'RUN go build',
      'FROM golang AS c',
      'RUN go build',
      'FROM alpine',
      'COPY --from=b /x /x',
    ];
    expect(changed(lines)).toEqual([2, 4]);
    expect(changed(lines, { target: 'B' })).toEqual([4]);
    expect(changed(lines, { target: '1' })).toEqual([2]);
    expect(addCacheMounts(text(lines), { ...options, target: 'zz' }).notes).toEqual([
      'no shared build cache: no stage zz',
    ]);
  });

  it('notes each stage that could have used a cache and does not', () => {
    expect(
      addCacheMounts(text(['FROM golang AS b', 'USER app', 'RUN go build', 'FROM alpine']), options).notes,
    ).toEqual([
      'stage b (line 1) is built without the shared /go/pkg/mod: its user is not a number, or changes',
      'stage b (line 1) is built without the shared /root/.cache/go-build: its user is not a number, or changes',
    ]);
  });
});
