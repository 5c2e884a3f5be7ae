import { describe, expect, it } from 'vitest';
import { heredocMarks } from '../../src/dockerfile/heredocMarks';

describe('the here-documents of a line', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['RUN <<A', ['A']],
    ['RUN cat <<-A 3<<B > /x', ['-A', 'B']],
    ['RUN cat << A', ['A']],
    ['RUN cat <<"A" <<\'B\' <<\\C', ['A', 'B', 'C']],
    ['RUN cat <<- A', []],
    ['RUN echo "<<A"', []],
    ["RUN echo 'x <<A'", []],
    ['RUN echo a<<A', []],
    ['RUN cat <<<A', []],
    // An open quote, and BuildKit finds none.
    ["RUN echo it's <<A", []],
  ];
  it.each(cases)('%s', (line, expected) => {
    expect(heredocMarks(line).map(({ name, chomp }) => (chomp ? `-${name}` : name))).toEqual(expected);
  });
});
