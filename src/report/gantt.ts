import { mermaidText } from './escape';
import { duration } from './format';
import type { ImageTimeline, Phase, Timeline } from './timeline';

/** Mermaid refuses diagrams of more than 50,000 characters: https://mermaid.js.org/config/schema-docs/config.html#maxtextsize */
const MOST_IMAGES = 60;

/** How Mermaid paints a phase: https://mermaid.js.org/syntax/gantt.html */
const TAGS: Readonly<Record<Phase, string>> = { queue: 'done', build: 'active', push: '', wait: 'done', bind: '' };

/**
 * The timeline as a Mermaid Gantt chart, one section per image; the axis counts from the moment when the first image was queued.
 * Of more than 60 images the 60 with most work. undefined: there is nothing to draw.
 */
export function gantt(timeline: Timeline): string | undefined {
  const images = mostWork(timeline.images.filter((image) => image.spans.length > 0));
  if (images.length === 0) return undefined;
  const start = Math.min(...timeline.images.map((image) => image.from));
  const critical = new Set(timeline.criticalPath);
  return [
    'gantt',
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

function section(image: ImageTimeline, start: number, critical: boolean): readonly string[] {
  return [
    `    section ${mermaidText(image.name, 60)}`,
    ...image.spans.map(({ phase, from, to }, index) => {
      const failed = image.failed && index === image.spans.length - 1;
      const tags = [critical && phase !== 'queue' && phase !== 'wait' ? 'crit' : '', TAGS[phase]].filter(
        (tag) => tag !== '',
      );
      const words = `${phase} ${duration(to - from)}${failed ? ', failed' : ''}`;
      return `    ${words} :${[...tags, stamp(from - start), stamp(to - start)].join(', ')}`;
    }),
  ];
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
