import { expect, it } from 'vitest';
import { PublishError } from '../../src/errors';
import { finalLines } from '../../src/report/finalLines';
import { noPaint } from '../../src/report/paint';
import type { Publication } from '../../src/types';
import { publication, published, report } from './samples';

const notes = [
  'The set of commit 0123 is complete in the registry: r/kfp-images-set:commit-0123.',
  'latest was not touched.',
];

function linesOf(kind: Publication['kind'], error: unknown): string {
  const ended = publication([published('driver', '1')], { kind, notes, error });
  return finalLines(report({ publication: ended }), noPaint).join('\n');
}

it.each(['failed', 'latest-refused'] as const)(
  '%s: what the registry holds is left to the error, which ends with it',
  (kind) => {
    const error = new PublishError(`latest is on another line of history.\n${notes.join('\n')}`);
    for (const note of notes) expect(linesOf(kind, error)).not.toContain(note);
  },
);

it.each([
  ['stopped', new Error('Interrupted (SIGINT)')],
  ['failed', new TypeError('x is not a function')],
] as const)('%s: where the error does not tell it, the lines do', (kind, error) => {
  for (const note of notes) expect(linesOf(kind, error)).toContain(note);
});
