import type { BuildOutcome, SourcePosition } from '../types';
import { annotationPosition } from './annotations';
import { clip, markdownCode, markdownFence, withoutControlSequences } from './escape';
import { counted } from './format';
import type { SummaryImage } from './summaryImages';

const MOST_IMAGES = 100;
const TAIL_LINES = 40;

/**
 * For each failed image the step, the place and lines in its Dockerfile, the error and, with `tails`, the last lines of the step;
 * empty: none failed.
 */
export function failures(images: readonly SummaryImage[], tails: boolean): string {
  const failed = images.flatMap(({ outcome, planned }) => (outcome?.kind === 'failed' ? [{ outcome, planned }] : []));
  if (failed.length === 0) return '';
  const parts = failed
    .slice(0, MOST_IMAGES)
    .map(({ outcome, planned }) => failure(outcome, annotationPosition(outcome.at, planned?.dockerfile), tails));
  const more = failed.length - parts.length;
  return ['### Failed', ...parts, ...(more > 0 ? [`And ${counted(more, 'more image')}.`] : [])].join('\n\n');
}

function failure(
  outcome: BuildOutcome & { readonly kind: 'failed' },
  position: SourcePosition | undefined,
  tails: boolean,
): string {
  const { name, step, message, excerpt = [], tail } = outcome;
  const where =
    position === undefined ? '' : ` at ${markdownCode(`${clip(position.file, 300)}:${String(position.line)}`)}`;
  const heading = `**${markdownCode(clip(name, 100))}**${step === undefined ? '' : ` in ${markdownCode(clip(step, 200))}`}${where}`;
  const lines = [...clip(message, 4_000).split('\n'), ...(excerpt.length === 0 ? [] : ['', ...excerpt.slice(0, 20)])];
  const last = tail.slice(-TAIL_LINES);
  return [
    heading,
    block(lines),
    ...(tails && last.length > 0 ? [folded(`Last ${counted(last.length, 'line')} of the step`, block(last))] : []),
  ].join('\n\n');
}

function block(lines: readonly string[]): string {
  return markdownFence(lines.map((line) => clip(withoutControlSequences(line).trimEnd(), 1_000)));
}

function folded(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}
