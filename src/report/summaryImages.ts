import type { BuildOutcome, PlannedImage, PublishedImage } from '../types';
import { clip, markdownCode, markdownFence, markdownText } from './escape';
import { counted, duration, firstFew, shortDigest, size, untold } from './format';
import type { RunReport, Upload } from './runReport';
import { isPlainLink } from './summaryScans';

/** Everything that is known of one image. */
export interface SummaryImage {
  readonly name: string;
  readonly planned: PlannedImage | undefined;
  readonly outcome: BuildOutcome | undefined;
  readonly published: PublishedImage | undefined;
  readonly size: number | undefined;
  readonly upload: Upload | undefined;
}

/** The plan's images in its order, then those that only the publication knows. */
export function summaryImages(report: RunReport): readonly SummaryImage[] {
  const planned = new Map(report.plan?.images.map((image) => [image.name, image]));
  const outcomes = new Map(report.outcomes.map((outcome) => [outcome.name, outcome]));
  const published = new Map(report.publication?.images.map((image) => [image.name, image]));
  const names = new Set([...planned.keys(), ...outcomes.keys(), ...published.keys()]);
  return [...names].map((name) => ({
    name,
    planned: planned.get(name),
    outcome: outcomes.get(name),
    published: published.get(name),
    size: report.sizes.get(name),
    upload: report.uploads.get(name),
  }));
}

/** Digest to deploy: of the published image, else of what was built. */
export function digestOf(image: SummaryImage): string | undefined {
  if (image.published !== undefined) return image.published.digest;
  return image.outcome?.kind === 'built' || image.outcome?.kind === 'reused' ? image.outcome.digest : undefined;
}

/** Rows beyond this number are counted only. */
const MOST_ROWS = 400;

/** The table of images; at most `rows` of them. */
export function imageTable(images: readonly SummaryImage[], rows = MOST_ROWS): string {
  const more = images.length - rows;
  // Only some registries tell; for the others there is no empty column.
  const isTold = images.some(({ upload }) => upload?.uploadedAt !== undefined);
  const bases = new Set(images.flatMap(({ planned }) => planned?.builtOn ?? []));
  const [head, line, cell] = isTold ? [' Uploaded |', ' --- |', ' |'] : ['', '', ''];
  return [
    `| Image | Result | Digest | Size |${head} Time | Why |`,
    `| --- | --- | --- | ---: |${line} ---: | --- |`,
    ...images.slice(0, rows).map((image) => imageRow(image, isTold, bases)),
    ...(more > 0 ? [`| and ${counted(more, 'more image')} | | | |${cell} | |`] : []),
  ].join('\n');
}

/** `bases`: images that others are built on, which is more than being bound. */
function imageRow(image: SummaryImage, withUpload: boolean, bases: ReadonlySet<string>): string {
  const cells = [
    markdownCode(clip(image.name, 100)),
    resultOf(image),
    digestCell(image),
    image.size === undefined ? '' : unbroken(size(image.size)),
    ...(withUpload ? [unbroken(moment(image.upload?.uploadedAt))] : []),
    unbroken(workTime(image.outcome)),
    why(image.planned, bases.has(image.name)),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Linked to the image's page, where the registry has one. */
function digestCell(image: SummaryImage): string {
  const digest = digestOf(image);
  if (digest === undefined) return '';
  const shown = markdownCode(shortDigest(clip(digest, 200)));
  const url = image.upload?.url;
  return isPlainLink(url) ? `[${shown}](${url})` : shown;
}

/** `2026-11-23 10:15 UTC`; whoever reads a summary may be anywhere. */
function moment(milliseconds: number | undefined): string {
  if (milliseconds === undefined || Number.isNaN(new Date(milliseconds).getTime())) return '';
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Kept on one line: a long reason would otherwise squeeze the narrow columns of the table. */
function unbroken(words: string): string {
  return words.replaceAll(' ', '&nbsp;');
}

function resultOf({ outcome, planned, published }: SummaryImage): string {
  switch (outcome?.kind) {
    case 'built':
      return unbroken('🔨 built');
    case 'reused':
      return unbroken(outcome.timing.boundAt === undefined ? '♻️ reused' : '♻️ reused, bound');
    case 'failed':
      return unbroken('❌ failed');
    case 'blocked':
      return `⛔ not built: ${markdownText(clip(firstFew(outcome.by, 4), 200))} failed`;
    case 'cancelled':
      return unbroken('⚠️ cancelled');
    case undefined:
      if (published !== undefined) return '📦 published';
      return planned === undefined ? '' : unbroken(`to ${planned.action}`);
  }
}

function workTime(outcome: BuildOutcome | undefined): string {
  if (outcome === undefined || !('timing' in outcome) || outcome.timing.startedAt === undefined) return '';
  const { startedAt, builtAt, pushedAt } = outcome.timing;
  const end = pushedAt ?? builtAt;
  return end === undefined ? '' : duration(end - startedAt);
}

function why(planned: PlannedImage | undefined, isBase: boolean): string {
  if (planned === undefined) return '';
  const reason = markdownText(clip(planned.reason, 300));
  const by =
    planned.requested || planned.neededBy.length === 0 || /^(bound|needed) by /.test(planned.reason)
      ? ''
      : `, ${isBase ? 'needed' : 'bound'} by ${planned.neededBy
          .slice(0, 4)
          .map((name) => markdownCode(clip(name, 100)))
          .join(', ')}`;
  const all = untold(planned.reason, planned.changed);
  const changed = all.slice(0, 3).map((path) => markdownCode(clip(path, 150)));
  const more = all.length - changed.length;
  const paths = changed.length === 0 ? '' : `: ${changed.join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
  return `${reason}${by}${paths}`;
}

/** The command that pulls each published image by digest; empty: nothing is published. */
export function pullCommands(images: readonly SummaryImage[]): string {
  const references = images
    .filter(({ published }) => published?.tags.some(({ state }) => state === 'published' || state === 'unchanged'))
    .map(({ published }) => `docker pull ${published?.repository ?? ''}@${published?.digest ?? ''}`);
  return references.length === 0
    ? ''
    : `<details>\n<summary>Commands that pull the images by digest</summary>\n\n${markdownFence(
        references.map((line) => clip(line, 600)),
        'bash',
      )}\n\n</details>`;
}
