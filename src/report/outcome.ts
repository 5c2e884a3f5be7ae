import type { BuildOutcome } from '../types';
import { oneLine } from './escape';
import { duration, firstFew } from './format';

/** How the work on an image ended, in a few words: `built in 12 s, 8 of 12 steps cached`. Safe to print. */
export function outcomeText(outcome: BuildOutcome): string {
  switch (outcome.kind) {
    case 'built': {
      const { startedAt, builtAt, pushedAt, steps, cachedSteps } = outcome.timing;
      const end = pushedAt ?? builtAt;
      const took = startedAt === undefined || end === undefined ? '' : ` in ${duration(end - startedAt)}`;
      return `built${took}${steps === 0 ? '' : `, ${String(cachedSteps)} of ${String(steps)} steps cached`}`;
    }
    case 'reused':
      // Bound to this set's images: what is deployed may be new, though nothing was built.
      return `reused, the registry has it already${outcome.timing.boundAt === undefined ? '' : '; bound to this set'}`;
    case 'failed':
      return outcome.at === undefined
        ? 'failed'
        : `failed at ${oneLine(outcome.at.file, 120)}:${String(outcome.at.line)}`;
    case 'blocked':
      return `not built, because ${oneLine(firstFew(outcome.by, 4), 200)} failed`;
    case 'cancelled':
      return 'cancelled';
  }
}

/** Lines of a failing step that are shown. */
const TAIL_LINES = 40;

/**
 * What is said about a failed image wherever it is shown in a log: the failing step's last lines, the lines of its Dockerfile, the
 * error. Not yet cleaned of secrets.
 */
export function failureLines(outcome: BuildOutcome & { readonly kind: 'failed' }): readonly string[] {
  const { name, step, tail, at, excerpt = [], message } = outcome;
  const last = tail.slice(-TAIL_LINES);
  const where = at === undefined ? '' : ` at ${at.file}:${String(at.line)}`;
  return [
    `${name}: failed${step === undefined ? '' : ` in ${step}`}`,
    ...last.map((line) => `  ${line}`),
    ...(excerpt.length === 0 ? [] : [`${name}: the Dockerfile${where}`, ...excerpt.map((line) => `  ${line}`)]),
    ...`${name}: ${message}`.split(/\r\n|\n|\r/),
  ];
}
