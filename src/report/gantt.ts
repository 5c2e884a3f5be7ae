import { mermaidText, oneLine } from './escape';
import { duration } from './format';
import type { ImageTimeline, Phase, Timeline } from './timeline';
import { columns } from './width';

/** Mermaid refuses diagrams of more than 50,000 characters: https://mermaid.js.org/config/schema-docs/config.html#maxtextsize */
const MOST_IMAGES = 60;

/** Shorter phases would only be a label, `0.0 s`, without a bar. In milliseconds. */
const SHORTEST = 50;

/** Mermaid reserves 75 pixels for the names of sections; their letters take about 6 each. */
const NAME_PIXELS = { least: 75, most: 250, letter: 6.5, margin: 20 };

/**
 * The timeline as a Mermaid Gantt chart, one section per image; the axis counts from the moment when the first image was queued.
 * What made the run as long as it was is dark, other work light, waiting grey, a failure red. Of more than 60 images the 60 with most
 * work. undefined: there is nothing to draw.
 */
export function gantt(timeline: Timeline): string | undefined {
  const images = mostWork(timeline.images.filter((image) => image.spans.length > 0));
  if (images.length === 0) return undefined;
  const start = Math.min(...timeline.images.map((image) => image.from));
  const critical = new Set(timeline.criticalPath);
  return [
    `%%{init: {"gantt": {"leftPadding": ${String(nameWidth(images))}}}}%%`,
    'gantt',
    `    title ${axisTitle(timeline.total)} since the start`,
    // Dates are read and shown in the reader's time zone, so what is written here is what the axis shows.
    '    dateFormat YYYY-MM-DD HH:mm:ss.SSS',
    `    axisFormat ${axis(timeline.total)}`,
    ...images.flatMap((image) => section(image, start, critical.has(image.name))),
  ].join('\n');
}

function axis(total: number): string {
  if (total < 10_000) return '%-S.%L';
  return total < 3_600_000 ? '%M:%S' : '%H:%M:%S';
}

function axisTitle(total: number): string {
  if (total < 10_000) return 'Seconds';
  return total < 3_600_000 ? 'Minutes and seconds' : 'Hours, minutes and seconds';
}

function nameWidth(images: readonly ImageTimeline[]): number {
  const { least, most, letter, margin } = NAME_PIXELS;
  const longest = Math.max(...images.map((image) => columns(oneLine(image.name, 60))));
  return Math.min(most, Math.max(least, Math.round(margin + letter * longest)));
}

function section(image: ImageTimeline, start: number, critical: boolean): readonly string[] {
  // What an image did before it had to wait made nothing longer.
  const waited = image.spans.findIndex(({ phase }) => phase === 'wait');
  return [
    `    section ${mermaidText(image.name, 60)}`,
    ...image.spans.flatMap(({ phase, from, to }, index) => {
      const failed = image.failed && index === image.spans.length - 1;
      if (to - from < SHORTEST && !failed) return [];
      const words = `${phase} ${duration(to - from)}${failed ? ', failed' : ''}`;
      return [
        `    ${words} :${tag(phase, failed, critical && index > waited)}${stamp(from - start)}, ${stamp(to - start)}`,
      ];
    }),
  ];
}

/** How Mermaid paints a bar: https://mermaid.js.org/syntax/gantt.html */
function tag(phase: Phase, failed: boolean, critical: boolean): string {
  if (failed) return 'crit, ';
  if (phase === 'queue' || phase === 'wait') return 'done, ';
  return critical ? '' : 'active, ';
}

/** Milliseconds since the start as a date; no clock is put forward or back on that day. */
function stamp(milliseconds: number): string {
  return new Date(Date.UTC(2000, 0, 1) + milliseconds).toISOString().replace('T', ' ').replace('Z', '');
}

function mostWork(images: readonly ImageTimeline[]): readonly ImageTimeline[] {
  if (images.length <= MOST_IMAGES) return images;
  const chosen = new Set([...images].sort((a, b) => b.work - a.work).slice(0, MOST_IMAGES));
  return images.filter((image) => chosen.has(image));
}
