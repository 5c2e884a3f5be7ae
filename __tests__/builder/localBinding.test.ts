import { expect, it } from 'vitest';
import { bindInDockerfile } from '../../src/builder/localBinding';

const env = 'ENV A="driver:commit-1"';

it.each([
  ['the last stage', 'FROM a\nRUN x\n', undefined, `FROM a\nRUN x\n${env}\n`],
  ['a last line without an end', 'FROM a\nRUN x', undefined, `FROM a\nRUN x\n${env}\n`],
  ['Windows lines', 'FROM a\r\nRUN x\r\n', undefined, `FROM a\r\nRUN x\r\n${env}\n`],
  [
    'the target',
    'FROM a AS one\nRUN x\n# next\n  FROM b\nRUN y\n',
    'one',
    `FROM a AS one\nRUN x\n# next\n  \n${env}\nFROM b\nRUN y\n`,
  ],
  ['a here-document', 'FROM a\nRUN <<E\nFROM b\nE\n', undefined, `FROM a\nRUN <<E\nFROM b\nE\n${env}\n`],
  ['no such stage', 'FROM a\n', 'two', undefined],
  ['no stage', '', undefined, undefined],
  ['a last line that goes on', 'FROM a\nRUN x \\', undefined, undefined],
  ['a here-document without an end', 'FROM a\nRUN <<E\n', undefined, undefined],
])('%s', (_, text, target, expected) => {
  expect(bindInDockerfile(text, target, { A: 'driver:commit-1' })).toBe(expected);
});

it('a value that would need quoting is refused', () => {
  expect(bindInDockerfile('FROM a\n', undefined, { A: 'x"y' })).toBeUndefined();
});
