import { oneLine, visible } from '../escape';
import { counted, duration, firstFew, shortCommit, shortDigest, size } from '../format';

/**
 * How an image compares with the set before. `first`: there is none; `new`: was not in it; `changed`: other content; `rebuilt`: the same
 * content in other bits, for example because it binds another driver; `same`: the same image.
 */
export type Change = 'first' | 'new' | 'changed' | 'rebuilt' | 'same';

/** One image of a set. */
export interface ReportedImage {
  readonly name: string;
  readonly repository: string;
  readonly digest: string;
  /** Bytes of its layers, compressed; undefined: not known. */
  readonly size: number | undefined;
  /** How long its last real build took; undefined: not known. */
  readonly seconds: number | undefined;
  readonly change: Change;
  /** Inputs that differ from those of the set before, where git has both commits. */
  readonly changed: readonly string[];
  /** Images of the set that it carries by digest. */
  readonly binds: readonly string[];
  /** Where it is deployed; undefined: no cluster was asked, or none of its Deployments. */
  readonly runs: 'yes' | 'no' | undefined;
}

/** A set in the order of time. */
export interface PastSet {
  readonly commit: string;
  /** Of the commit, seconds since the epoch. */
  readonly date: number;
  readonly subject: string;
}

/** Everything that is reported of a set. Texts are unescaped: whoever shows them escapes them. */
export interface SetReport {
  readonly registryPath: string;
  readonly reference: string;
  readonly commit: string;
  /** Page of the commit; undefined: not known. */
  readonly link: string | undefined;
  /** undefined: git does not have the commit here. */
  readonly about: PastSet | undefined;
  /** The commit of the set before; undefined: none is known. */
  readonly previous: string | undefined;
  readonly images: readonly ReportedImage[];
  /** Images of the set before that this one lacks. */
  readonly removed: readonly string[];
  /** The newest sets of this history, this one first. */
  readonly history: readonly PastSet[];
  /** `context X, namespace Y`; undefined: no cluster was asked. */
  readonly cluster: string | undefined;
}

/** Why an image is as it is, in a few words. */
export function whyOf(image: ReportedImage): string {
  const binds = image.binds.length === 0 ? '' : `, carries ${image.binds.join(', ')}`;
  switch (image.change) {
    case 'first':
      return `in the first set that is known${binds}`;
    case 'new':
      return `new in this set${binds}`;
    case 'changed':
      return image.changed.length === 0 ? `content changed${binds}` : `changed: ${firstFew(image.changed, 3)}${binds}`;
    case 'rebuilt':
      return `same content, new image${binds}`;
    case 'same':
      return `as before${binds}`;
  }
}

/** The report for a terminal, line by line. */
export function setLines(report: SetReport): readonly string[] {
  const { about, images, removed, previous, history, cluster } = report;
  const total = images.reduce((sum, image) => sum + (image.size ?? 0), 0);
  const wide = Math.max(...images.map(({ name }) => name.length), 0);
  const lines = [
    `Release set ${report.reference}`,
    `commit ${report.commit}${about === undefined ? '' : `  ${day(about.date)}  ${oneLine(about.subject, 100)}`}`,
    `${counted(images.length, 'image')}${total === 0 ? '' : `, ${size(total)}`}${previous === undefined ? '' : `, compared with ${shortCommit(previous)}`}`,
    '',
    ...images.map((image) =>
      [
        image.name.padEnd(wide),
        shortDigest(image.digest),
        (image.size === undefined ? '' : size(image.size)).padStart(8),
        (image.seconds === undefined ? '' : duration(image.seconds * 1000)).padStart(10),
        ...(cluster === undefined
          ? []
          : [image.runs === 'yes' ? 'runs' : image.runs === 'no' ? 'runs another' : ''.padEnd(4)]),
        whyOf(image),
      ].join('  '),
    ),
    ...(removed.length === 0 ? [] : ['', `No longer in the set: ${removed.join(', ')}`]),
    ...(history.length < 2
      ? []
      : [
          '',
          'Recent sets:',
          ...history.map((set) => `  ${day(set.date)}  ${shortCommit(set.commit)}  ${oneLine(set.subject, 80)}`),
        ]),
  ];
  return lines.map((line) => visible(line).trimEnd());
}

/** The day of a time in seconds, in UTC. */
export function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
