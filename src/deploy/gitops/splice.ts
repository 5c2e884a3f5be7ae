import { isScalar, Scalar, type Node } from 'yaml';
import { DeployError } from '../../errors';

/** One change of a text: the characters from `start` to `end` become `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The image it is for. */
  readonly image: string;
}

/**
 * The text with the edits made and every other character as it was. Edits that say the same twice count once.
 * Throws DeployError when two contradict each other.
 */
export function splice(text: string, edits: readonly Edit[]): string {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let at = 0;
  let made = '';
  let last: Edit | undefined;
  for (const edit of sorted) {
    if (last !== undefined && edit.start === last.start && edit.end === last.end && edit.text === last.text) continue;
    if (edit.start < at) {
      throw new DeployError(
        `Line ${text.slice(0, edit.start).split('\n').length} is to hold both ${last?.image ?? ''} and ${edit.image}. Give each its own place.`,
      );
    }
    made += text.slice(at, edit.start) + edit.text;
    at = edit.end;
    last = edit;
  }
  return made + text.slice(at);
}

/**
 * The edit that gives a scalar another value, in the same quotes. undefined: it has that value, or it is none that can be spliced (a block
 * scalar, an alias). Values are names of images, digests and commits: no character of them needs escaping, in any style.
 */
export function scalarEdit(node: unknown, value: string, image: string): Edit | undefined {
  if (!isScalar(node) || !isSpliceable(node) || node.value === value) return undefined;
  const [start, end] = node.range ?? [0, 0];
  const quote = node.type === Scalar.QUOTE_DOUBLE ? '"' : node.type === Scalar.QUOTE_SINGLE ? "'" : '';
  return { start, end, text: `${quote}${value}${quote}`, image };
}

/** Can the scalar's source be replaced as a whole? */
export function isSpliceable(node: Node): node is Scalar {
  return (
    isScalar(node) &&
    node.range !== undefined &&
    node.range !== null &&
    node.type !== undefined &&
    [Scalar.PLAIN, Scalar.QUOTE_DOUBLE, Scalar.QUOTE_SINGLE].includes(node.type)
  );
}
