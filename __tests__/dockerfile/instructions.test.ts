import fc from 'fast-check';
import { DockerfileParser } from 'dockerfile-ast';
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../src/dockerfile/instructions';

function parse(text: string): readonly string[] {
  const parsed = parseDockerfile(text);
  if (parsed.kind === 'unreadable') return [`unreadable: ${parsed.reason}`];
  return parsed.instructions.map(({ keyword, rest, heredocs, line }) =>
    [`${line} ${keyword} ${rest}`, ...heredocs.map(({ name, content }) => `<<${name} ${content}`)].join(' | '),
  );
}

describe('a Dockerfile is cut into instructions', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['plain lines', 'FROM a\nRUN b\n', ['1 FROM a', '2 RUN b']],
    ['any case of keywords, indented', '  from a as b\n\trun c', ['1 FROM a as b', '2 RUN c']],
    ['Windows line ends and a byte order mark', '\ufeffFROM a\r\nRUN b\r\n', ['1 FROM a', '2 RUN b']],
    ['comments and empty lines', '# x\n\nFROM a\n  # y\nRUN b', ['3 FROM a', '5 RUN b']],
    ['continued lines', 'FROM a\nCOPY b \\\n  c \\\n  d\nRUN e', ['1 FROM a', '2 COPY b   c   d', '5 RUN e']],
    ['blanks behind the backslash', 'RUN a \\  \n b', ['1 RUN a  b']],
    ['comments and empty lines between continued ones', 'RUN a \\\n # x\n\n b\nRUN c', ['1 RUN a  b', '5 RUN c']],
    ['a doubled backslash ends the line', 'RUN a\\\\\nRUN b', ['1 RUN a\\\\', '2 RUN b']],
    ['a backslash on the last line', 'RUN a \\', ['1 RUN a']],
    ['ONBUILD', 'ONBUILD COPY a b', ['1 ONBUILD COPY a b']],
    ['a here-document of ONBUILD', 'ONBUILD RUN <<A\n1\nA\nRUN c', ['1 ONBUILD RUN <<A | <<A 1', '4 RUN c']],
    ['a here-document', 'COPY <<EOF /x\nFROM no\nEOF\nRUN b', ['1 COPY <<EOF /x | <<EOF FROM no', '4 RUN b']],
    [
      'two of them, one with tabs cut off, one quoted',
      'COPY <<A <<-"B" /x\n1\nA\n\t2\n\tB\nRUN c',
      ['1 COPY <<A <<-"B" /x | <<A 1 | <<B 2', '6 RUN c'],
    ],
    ['a here-document behind a continued line', 'COPY <<A \\\n /x\n1\nA\nRUN b', ['1 COPY <<A  /x | <<A 1', '5 RUN b']],
    ['no here-document in LABEL or ENV', 'ENV A=<<B\nRUN c', ['1 ENV A=<<B', '2 RUN c']],
    ['no here-document in the exec form', 'RUN ["a", "<<B"]\nRUN c', ['1 RUN ["a", "<<B"]', '2 RUN c']],
    ['a here-string is none', 'RUN a <<<b\nRUN c', ['1 RUN a <<<b', '2 RUN c']],
    ['one without end', 'RUN <<A\nb', ['unreadable: line 1: the here-document A has no end']],
    ['another escape character', '# escape=`\nFROM a\nRUN b \\\nRUN c `\n d', ['2 FROM a', '3 RUN b \\', '4 RUN c  d']],
    [
      'an escape character that there is not',
      '# escape=x\nFROM a',
      ['unreadable: its escape character x is neither a backslash nor a backtick'],
    ],
    ['a directive twice', '# escape=`\n# escape=`\nFROM a', ['unreadable: it has the directive escape twice']],
    ['no here-document within quotes', 'RUN echo "<<A" \'b <<C\'\nRUN c', ['1 RUN echo "<<A" \'b <<C\'', '2 RUN c']],
    ['a keyword over two lines', 'RU\\\nN a\nRUN b', ['1 RUN a', '3 RUN b']],
    ['directives only at the top', 'FROM a\n# escape=`\nRUN b \\\n c', ['1 FROM a', '3 RUN b  c']],
    ['a directive that is only a comment', '#\n# escape=`\nFROM a', ['3 FROM a']],
  ];
  it.each(cases)('%s', (_, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it('keeps the syntax directive', () => {
    const parsed = parseDockerfile('#syntax = docker/dockerfile:1 \n# escape = \\\nFROM a');
    expect(parsed).toMatchObject({ kind: 'parsed', syntax: 'docker/dockerfile:1', instructions: [{ line: 3 }] });
  });

  it('knows where each keyword ends, and the flags behind it', () => {
    const text = '\ufeff# escape=`\r\n  run --a="b c" `\n  --d=e`\n"f d\n\tCOPY x y\nRU`\nN z';
    const parsed = parseDockerfile(text);
    const found = parsed.kind === 'parsed' ? parsed.instructions : [];
    expect(
      found.map(({ offset }) => (offset === undefined ? offset : text.slice(0, offset).split(/\s/).at(-1))),
    ).toEqual(['run', 'COPY', undefined]);
    expect(found[0]?.flags).toEqual([
      { name: 'a', value: 'b c' },
      { name: 'd', value: 'ef d' },
    ]);
  });

  it('refuses what is too large to be one', () => {
    expect(parse(`FROM a\n${'#'.repeat(1 << 20)}`)).toEqual(['unreadable: the Dockerfile is larger than 1 MiB']);
  });
});

describe('whatever the text', () => {
  it('gives an answer', () => {
    const piece = fc.constantFrom(
      'FROM ',
      'RUN ',
      '\\\n',
      '\n',
      '<<EOF ',
      'EOF\n',
      '# ',
      '"',
      "'",
      '[',
      '`',
      '$x',
      ' ',
      '\t',
    );
    const text = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 60 });
    fc.assert(
      fc.property(text, (pieces) => {
        const parsed = parseDockerfile(pieces.join(''));
        if (parsed.kind === 'parsed') {
          for (const { keyword, line } of parsed.instructions) {
            // What separates words for BuildKit: a no-break space does not.
            expect(keyword).toMatch(/^[^\t\v\f\r\n ]+$/);
            expect(line).toBeGreaterThan(0);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with another parser on keywords and lines', () => {
    const instruction = fc
      .tuple(
        fc.constantFrom('FROM a', 'RUN', 'COPY', 'ENV', 'LABEL'),
        fc.array(fc.constantFrom('x', 'a=b', '/c', '\\\n  d')),
      )
      .map(([keyword, words]) => `${keyword} ${['x', ...words].join(' ')}`);
    const gap = fc.constantFrom('\n', '\n\n', '\n# comment\n', '\n  \n');
    fc.assert(
      fc.property(fc.array(fc.tuple(instruction, gap), { minLength: 1, maxLength: 12 }), (lines) => {
        const text = lines.flat().join('');
        const theirs = DockerfileParser.parse(text)
          .getInstructions()
          .map((one) => `${one.getRange().start.line + 1} ${one.getKeyword()}`);
        const ours = parse(text).map((line) => line.split(' ').slice(0, 2).join(' '));
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 500 },
    );
  });
});
