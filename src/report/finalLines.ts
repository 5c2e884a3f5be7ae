import { message } from '../errors';
import { oneLine } from './escape';
import { counted, duration, shortCommit } from './format';
import type { Paint } from './paint';
import type { RunReport } from './runReport';
import { digestOf, summaryImages, type SummaryImage } from './summaryImages';
import { attestedWords } from './summaryPublication';
import { columns, pad } from './width';

/** How a run ended, for a terminal: every image with what to deploy, the set, and where `latest` is. Failures are reported elsewhere. */
export function finalLines(report: RunReport, paint: Paint): readonly string[] {
  const { result } = report;
  if (result.kind === 'nothing') return [`Nothing to do: ${oneLine(result.reason, 600)}.`];
  if (result.kind === 'planned') return [oneLine(result.reason, 600)];
  const images = summaryImages(report);
  if (images.length === 0) return [];
  return ['', heading(report, images, paint), '', ...imageLines(images, paint), ...publicationLines(report)];
}

function heading(report: RunReport, images: readonly SummaryImage[], paint: Paint): string {
  const number = (kind: string): number => images.filter(({ outcome }) => outcome?.kind === kind).length;
  const time = duration(report.endedAt - report.startedAt);
  const made = `${String(number('built'))} built, ${String(number('reused'))} reused, ${time}`;
  switch (report.result.kind) {
    case 'published':
      return paint.green(`${counted(images.length, 'image')} published (${made})`);
    case 'built':
      return paint.green(`${counted(images.length, 'image')} built, nothing pushed (${time})`);
    case 'shard':
      return paint.green(`${counted(images.length, 'image')} pushed for the run that publishes (${made})`);
    case 'interrupted':
      return paint.yellow(`Interrupted (${made})`);
    case 'failed':
    case 'nothing':
    case 'planned':
      return paint.red(`Failed (${made})`);
  }
}

function imageLines(images: readonly SummaryImage[], paint: Paint): readonly string[] {
  const names = Math.max(...images.map(({ name }) => columns(oneLine(name, 100))));
  return images.map((image) => {
    const kind = image.outcome?.kind ?? image.planned?.action ?? '';
    const digest = digestOf(image);
    const reference =
      digest === undefined
        ? ''
        : `${image.published?.repository ?? ''}${image.published === undefined ? '' : '@'}${digest}`;
    return `  ${pad(oneLine(image.name, 100), names)}  ${pad(kind, 9)}  ${paint.dim(oneLine(reference, 600))}`.trimEnd();
  });
}

function publicationLines({ publication, lockFile, attested }: RunReport): readonly string[] {
  const lock = lockFile === undefined ? [] : [`Lock file  ${oneLine(lockFile, 600)}`];
  if (publication === undefined) return ['', ...lock];
  const { set, latest } = publication;
  // What made it fail is said elsewhere, mostly with these at its end.
  const said = publication.error === undefined ? '' : message(publication.error);
  const notes = publication.notes.filter((note) => !said.includes(note));
  const words: Record<typeof latest.kind, string> = {
    'not-asked': 'stays: not this run’s to move',
    'not-reached': 'was not reached',
    moved: latest.isForced ? 'moved to this commit (latest: always)' : 'moved to this commit',
    unchanged: 'is at this commit already',
    left: `stays: a newer set is published${latest.commit === undefined ? '' : ` (${shortCommit(latest.commit)})`}`,
    refused: 'was not moved',
    failed: 'could not be moved',
    stopped: 'was not moved',
  };
  return [
    '',
    `Set        ${oneLine(`${set.repository}:${set.tag}`, 600)}`,
    `latest     ${words[latest.kind]}`,
    ...(attested === undefined ? [] : [`Attested   ${oneLine(attestedWords(attested), 600)}`]),
    ...lock,
    ...notes.map((note) => oneLine(note, 600)),
  ];
}
