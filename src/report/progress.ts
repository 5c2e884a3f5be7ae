import type { BuildObserver } from '../types';
import type { ImageState } from './buildState';
import { oneLine } from './escape';
import { duration } from './format';

/** Shows how the builds come along, until it is closed. */
export interface Progress extends BuildObserver {
  /** Stops the clock and leaves the final state. Everything has been printed when it resolves. */
  close(): Promise<void>;
}

/** A run says something at least every 30 seconds. */
export const HEARTBEAT_MS = 25_000;

/** One line that names what runs and for how long; undefined when nothing does. `clean` hides secrets before names are cut. */
export function heartbeat(
  images: readonly ImageState[],
  startedAt: number,
  now: number,
  clean: (text: string) => string,
): string | undefined {
  const running = images.filter((image) => image.phase === 'running');
  if (running.length === 0) return undefined;
  const each = running.map((image) => {
    const step = image.step === undefined ? '' : `: ${oneLine(clean(image.step.name), 70)}`;
    return `${oneLine(image.name, 60)} (${duration(now - image.since)}${step})`;
  });
  return `Still building after ${duration(now - startedAt)}: ${each.join(', ')}${rest(images)}`;
}

function rest(images: readonly ImageState[]): string {
  const waiting = images.filter((image) => image.phase === 'queued').length;
  const done = images.filter((image) => image.phase === 'finished').length;
  return `; ${String(waiting)} waiting, ${String(done)} of ${String(images.length)} done`;
}
