import type { SourcePosition } from '../types';

/** What buildx says in plain text when a build fails. */
interface ErrorText {
  /** Without the prefixes that say no more than that a build failed; empty: nothing was said. */
  readonly message: string;
  /** The Dockerfile by its base name, and the first line of the instruction that failed. */
  readonly at: SourcePosition | undefined;
  /** The lines of the Dockerfile as buildx shows them, marked with `>>>`. */
  readonly excerpt: readonly string[];
}

const RULE = /^-{20}$/;

/**
 * Reads the last plain lines of buildx's standard error: `Dockerfile:6`, an excerpt between two rules, and `ERROR: …`, which may
 * have several lines. Without an `ERROR:` (a flag that buildx doesn't know) the lines themselves are the message.
 */
export function parseErrorText(lines: readonly string[]): ErrorText {
  const start = lines.findLastIndex((line) => line.startsWith('ERROR: '));
  const text = (start === -1 ? lines.filter((line) => !RULE.test(line)).slice(0, 5) : lines.slice(start, start + 10))
    .join('\n')
    .trim();
  const message = text.replace(/^ERROR: /, '').replace(/^(?:failed to build: )?(?:failed to solve: )?/, '');
  const rules = lines.flatMap((line, index) => (RULE.test(line) ? [index] : []));
  const [first, last] = rules.slice(-2);
  if (first === undefined || last === undefined) return { message, at: undefined, excerpt: [] };
  return { message, at: position(lines[first - 1]), excerpt: lines.slice(first + 1, last) };
}

function position(line: string | undefined): SourcePosition | undefined {
  const match = /^(.+):(\d{1,7})$/.exec(line ?? '');
  return match?.[1] === undefined ? undefined : { file: match[1], line: Number(match[2]) };
}
