import type { BuildOutcome, Timing } from '../types';

/** What an image spends its time on. `wait`: for the images that it binds. */
export type Phase = 'queue' | 'build' | 'push' | 'wait' | 'bind';

/** Milliseconds since the epoch. */
interface Span {
  readonly phase: Phase;
  readonly from: number;
  readonly to: number;
}

export interface ImageTimeline {
  readonly name: string;
  /** One after the other, without gaps. */
  readonly spans: readonly Span[];
  readonly from: number;
  readonly to: number;
  /** Milliseconds of work: building, pushing, binding. */
  readonly work: number;
  readonly failed: boolean;
}

/** Where the time of a run went. */
export interface Timeline {
  readonly images: readonly ImageTimeline[];
  /** Milliseconds from the first image queued to the last one done. */
  readonly total: number;
  /** The image with most work. */
  readonly longest: ImageTimeline | undefined;
  /** The chain of images that ended last: each waited for the one before. */
  readonly criticalPath: readonly string[];
  readonly steps: number;
  readonly cachedSteps: number;
}

/**
 * Timeline of the images that were worked on. `binds` gives the names of the images that an image binds: it is bound only after
 * they are done.
 */
export function timeline(outcomes: readonly BuildOutcome[], binds: (name: string) => readonly string[]): Timeline {
  const timed = outcomes.filter((outcome) => 'timing' in outcome);
  // When an image can be bound by others: when it is itself done.
  const done = new Map(timed.map(({ name, timing }) => [name, endOf(timing)]));
  const images = timed.map(({ name, timing, kind }) => {
    const ready = Math.max(0, ...binds(name).map((bound) => done.get(bound) ?? 0));
    return imageTimeline(name, timing, ready, kind === 'failed');
  });
  const from = Math.min(...images.map((image) => image.from));
  const to = Math.max(...images.map((image) => image.to));
  const sum = (value: (timing: Timing) => number): number => timed.reduce((all, { timing }) => all + value(timing), 0);
  return {
    images,
    total: images.length === 0 ? 0 : to - from,
    longest: images.reduce<ImageTimeline | undefined>(
      (best, each) => (best !== undefined && best.work >= each.work ? best : each),
      undefined,
    ),
    criticalPath: criticalPath(images, binds),
    steps: sum((timing) => timing.steps),
    cachedSteps: sum((timing) => timing.cachedSteps),
  };
}

function endOf(timing: Timing): number {
  const { queuedAt, startedAt, builtAt, pushedAt, boundAt } = timing;
  return Math.max(queuedAt, startedAt ?? 0, builtAt ?? 0, pushedAt ?? 0, boundAt ?? 0);
}

function imageTimeline(name: string, timing: Timing, ready: number, failed: boolean): ImageTimeline {
  const marks: readonly (readonly [Phase, number | undefined])[] = [
    ['queue', timing.startedAt],
    ['build', timing.builtAt],
    ['push', timing.pushedAt],
    ['wait', timing.boundAt === undefined ? undefined : Math.min(ready, timing.boundAt)],
    ['bind', timing.boundAt],
  ];
  const spans: Span[] = [];
  let at = timing.queuedAt;
  for (const [phase, end] of marks) {
    // Clocks may step back; a phase that did not happen, or took no time, is left out.
    if (end === undefined || end <= at) continue;
    spans.push({ phase, from: at, to: end });
    at = end;
  }
  const work = spans
    .filter(({ phase }) => phase !== 'queue' && phase !== 'wait')
    .reduce((sum, span) => sum + span.to - span.from, 0);
  return { name, spans, from: timing.queuedAt, to: at, work, failed };
}

/** Back from the image that ended last, over the bound image that it had to wait for, if it had to. */
function criticalPath(images: readonly ImageTimeline[], binds: (name: string) => readonly string[]): readonly string[] {
  const byName = new Map(images.map((image) => [image.name, image]));
  const latest = (names: readonly (ImageTimeline | undefined)[]): ImageTimeline | undefined =>
    names.reduce(
      (best, each) => (each !== undefined && (best === undefined || each.to > best.to) ? each : best),
      undefined,
    );
  const path: string[] = [];
  for (let image = latest(images); image !== undefined && !path.includes(image.name);) {
    path.unshift(image.name);
    const waited = image.spans.some((span) => span.phase === 'wait');
    image = waited ? latest(binds(image.name).map((name) => byName.get(name))) : undefined;
  }
  return path;
}
