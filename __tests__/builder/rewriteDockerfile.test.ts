import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addCacheMounts, withoutCacheMounts } from '../../src/builder/rewriteDockerfile';
import { options } from './cacheCases';

describe('whatever the text', () => {
  const line = fc.oneof(
    fc.constantFrom(
      ...[
        'FROM golang AS a',
        'FROM a AS b',
        'FROM $X',
        'RUN go build',
        'RUN <<E',
        'E',
        'RUN x \\',
        '# c',
        '',
        'USER 1',
        'ENV A=b \\',
        'COPY --from=a / /',
        'ARG X=a',
        '\t',
        'RUN --mount=',
        'SHELL',
        'COPY',
        'ONBUILD RUN x',
        'WORKDIR',
        'ENV',
        'ARG',
        'FROM',
      ],
    ),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );

  it('no line is added or lost, and without the mounts it is the original', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const text = lines.join(end);
        const result = addCacheMounts(text, options);
        expect(result.text.split('\n')).toHaveLength(text.split('\n').length);
        expect(withoutCacheMounts(result.text)).toBe(text);
        expect(result.changed).toBe(result.text !== text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('a large file of anything is read in reasonable steps', () => {
    const big = 300_000;
    for (const text of [
      '#'.repeat(big),
      `FROM golang\nRUN ${'a \\\n'.repeat(big / 4)}b`,
      `FROM golang\nRUN ${' '.repeat(big)}x\\`,
      `FROM golang\nRUN ${'<<A '.repeat(big / 4)}\n`,
      `FROM golang\nENV ${'A=$B '.repeat(big / 5)}\nRUN go build\nFROM x`,
      `FROM ${'$'.repeat(big)}`,
      `FROM ${'${A:-'.repeat(big / 5)}`,
      `FROM golang\nRUN ${'--mount=type=cache,target=/x '.repeat(big / 29)}go build`,
      `FROM golang\nRUN ${'"'.repeat(big)}`,
      `FROM golang\nRUN rm ${'/go/* '.repeat(big / 6)}`,
      'FROM golang\nRUN go build\n'.repeat(big / 25),
      'FROM a AS a\n'.repeat(900),
      ...['go clean ', 'cd /a && rm b;', 'xargs rm x |', 'rm /go/* ', 'FOO=1 ', 'go ', '"$HOME" '].map(
        (part) => `FROM golang\nRUN ${part.repeat(30_000 / part.length)}\nRUN go build\nFROM x`,
      ),
      `FROM golang\n${`RUN ${'cd /a$X; '.repeat(3_000)}\n`.repeat(50)}RUN go build\nFROM x`,
    ]) {
      expect(withoutCacheMounts(addCacheMounts(text, options).text)).toBe(text);
    }
  }, 300_000);
});
