import type { BuildOutcome } from '../types';
import type { ImageState } from './buildState';
import { oneLine } from './escape';
import { counted, duration } from './format';
import { outcomeText } from './outcome';
import type { Paint } from './paint';
import { columns, fit, pad, padStart } from './width';

/** The place to draw in. */
export interface Frame {
  readonly columns: number;
  readonly rows: number;
}

/** A text of a certain width and how it is painted, so that cutting never goes through a colour. */
type Piece = readonly [text: string, paint: (text: string) => string];

/**
 * One line per image (state, name, step, seconds) and one with the total, each cut to the width. Where they don't all fit, those
 * that run come first, then what failed, then what waits. Step names are made visible; secrets must be hidden by `clean`.
 */
export function liveLines(
  images: readonly ImageState[],
  frame: Frame,
  startedAt: number,
  now: number,
  paint: Paint,
  clean: (text: string) => string,
): readonly string[] {
  const room = Math.max(1, frame.rows - 2);
  const shown = images.length <= room ? images : mostTelling(images, room - 1);
  const nameWidth = Math.min(
    Math.max(0, ...images.map((image) => columns(oneLine(image.name, 60)))),
    Math.floor(frame.columns / 3),
  );
  const lines = shown.map((image) =>
    assemble(imagePieces(image, nameWidth, frame.columns, now, paint, clean), frame.columns),
  );
  if (shown.length < images.length)
    lines.push(fit(`  and ${counted(images.length - shown.length, 'more image')}`, frame.columns));
  return [...lines, fit(total(images, startedAt, now), frame.columns)];
}

function imagePieces(
  image: ImageState,
  nameWidth: number,
  width: number,
  now: number,
  paint: Paint,
  clean: (text: string) => string,
): readonly Piece[] {
  const plain = (text: string): string => text;
  const name: Piece = [pad(fit(clean(oneLine(image.name, 60)), nameWidth), nameWidth), paint.bold];
  if (image.phase === 'queued')
    return [['· ', paint.dim], name, [padStart(duration(now - image.since), 12), paint.dim], ['  waiting', paint.dim]];
  if (image.outcome !== undefined) {
    const [mark, colour] = markOf(image.outcome, paint);
    return [[`${mark} `, colour], name, [`  ${clean(outcomeText(image.outcome))}`, plain]];
  }
  const seconds = padStart(duration(now - image.since), 12);
  const cached = image.stepsCached === 0 ? '' : `, ${String(image.stepsCached)} cached`;
  const steps = image.stepsDone === 0 ? '' : `  ${counted(image.stepsDone, 'step')} done${cached}`;
  const idle = image.stepsDone === 0 ? 'starting' : 'working';
  const step = image.step === undefined ? idle : oneLine(clean(image.step.name));
  const stepFor = image.step === undefined ? '' : `  ${duration(now - image.step.since)}`;
  // The step takes what the fixed columns leave.
  const left = width - 2 - nameWidth - columns(seconds) - 2 - columns(stepFor) - columns(steps);
  if (left < 12) return [['▸ ', paint.cyan], name, [seconds, plain], [`  ${step}`, paint.dim]];
  return [
    ['▸ ', paint.cyan],
    name,
    [seconds, plain],
    [`  ${fit(step, left)}`, plain],
    [stepFor, paint.dim],
    [steps, paint.dim],
  ];
}

function assemble(pieces: readonly Piece[], width: number): string {
  let left = width;
  let line = '';
  for (const [text, paint] of pieces) {
    if (left <= 0) break;
    const part = fit(text, left);
    left -= columns(part);
    line += paint(part);
  }
  return line;
}

function markOf(outcome: BuildOutcome, paint: Paint): readonly [string, (text: string) => string] {
  switch (outcome.kind) {
    case 'built':
      return ['✔', paint.green];
    case 'reused':
      return ['=', paint.green];
    case 'failed':
      return ['✖', paint.red];
    case 'blocked':
    case 'cancelled':
      return ['-', paint.yellow];
  }
}

/** As many images as fit: what runs, what failed, what waits, what is done. */
function mostTelling(images: readonly ImageState[], count: number): readonly ImageState[] {
  const rank = (image: ImageState): number => {
    if (image.phase === 'running') return 0;
    if (image.outcome?.kind === 'failed') return 1;
    return image.phase === 'queued' ? 2 : 3;
  };
  const chosen = new Set([...images].sort((a, b) => rank(a) - rank(b)).slice(0, Math.max(0, count)));
  return images.filter((image) => chosen.has(image));
}

function total(images: readonly ImageState[], startedAt: number, now: number): string {
  const count = (test: (image: ImageState) => boolean): number => images.filter(test).length;
  const done = count((image) => image.phase === 'finished');
  const failed = count((image) => image.outcome?.kind === 'failed');
  const running = count((image) => image.phase === 'running');
  const waiting = count((image) => image.phase === 'queued');
  const parts = [`${String(done)} of ${counted(images.length, 'image')} done`];
  if (failed > 0) parts.push(`${String(failed)} failed`);
  if (running > 0) parts.push(`${String(running)} building`);
  if (waiting > 0) parts.push(`${String(waiting)} waiting`);
  return `  ${parts.join(', ')}  ${duration(now - startedAt)}`;
}
