import { expect, it } from 'vitest';
import { bindInDockerfile } from '../../src/builder/localBinding';

const env = 'ENV A="driver:commit-1"';

it.each([
  ['the last stage', 'FROM a\nRUN x\n', undefined, `FROM a\nRUN x\n${env}\n`, { line: 3, count: 1 }],
  ['a last line without an end', 'FROM a\nRUN x', undefined, `FROM a\nRUN x\n${env}\n`, { line: 3, count: 1 }],
  ['Windows lines', 'FROM a\r\nRUN x\r\n', undefined, `FROM a\r\nRUN x\r\n${env}\n`, { line: 3, count: 1 }],
  [
    'a stage before another',
    'FROM a AS one\nFROM b\n',
    'one',
    `FROM a AS one\n${env}\nFROM b\n`,
    { line: 2, count: 1 },
  ],
  [
    'the target',
    'FROM a AS one\nRUN x\n# next\n  FROM b\nRUN y\n',
    'one',
    `FROM a AS one\nRUN x\n# next\n  \n${env}\nFROM b\nRUN y\n`,
    { line: 4, count: 2 },
  ],
  [
    'a here-document',
    'FROM a\nRUN <<E\nFROM b\nE\n',
    undefined,
    `FROM a\nRUN <<E\nFROM b\nE\n${env}\n`,
    { line: 5, count: 1 },
  ],
  ['no such stage', 'FROM a\n', 'two', undefined, undefined],
  ['no stage', '', undefined, undefined, undefined],
  ['a last line that goes on', 'FROM a\nRUN x \\', undefined, undefined, undefined],
  ['a here-document without an end', 'FROM a\nRUN <<E\n', undefined, undefined, undefined],
])('%s', (_, text, target, expected, added) => {
  const bound = bindInDockerfile(text, target, { A: 'driver:commit-1' });
  expect(bound).toEqual(expected === undefined ? undefined : { text: expected, added });
});

it('a value that would need quoting is refused', () => {
  expect(bindInDockerfile('FROM a\n', undefined, { A: 'x"y' })).toBeUndefined();
});
