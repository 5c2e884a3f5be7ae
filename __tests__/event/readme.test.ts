import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { actionInputs, actionOutputs, type ActionInput } from '../../src/event/inputs';

/** The rows of the README's table whose first heading is `heading`, cell by cell, without the marks of code. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8').replaceAll('\r\n', '\n');
  const table = readme.split(/\n(?!\|)/).map((block) => block.split('\n').filter((line) => line.startsWith('|')));
  const cells = (line: string): readonly string[] =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim());
  const rows = table.map((lines) => lines.map(cells)).find(([head]) => head?.[0]?.toLowerCase() === heading) ?? [];
  return rows.slice(2);
}

test("the README's table of inputs is that of the Action: name, default, description", () => {
  const inputs = actionInputs.map((input: ActionInput) => [
    input.name,
    input.default === '' ? (input.fallback ?? '') : input.default,
    input.description,
  ]);
  expect(rowsOf('input')).toEqual(inputs);
});

test("the README's table of outputs is that of the Action: name, description", () => {
  expect(rowsOf('output')).toEqual(actionOutputs.map((output) => [output.name, output.description]));
});
