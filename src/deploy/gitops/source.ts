import type { Document } from 'yaml';
import { UsageError } from '../../errors';
import { plainData, withMerges } from './data';
import { documentsOf, syntaxWhy } from './documents';
import { readEnv, type EnvPair } from './env';

/** Keys and numbers of items; the first step is the number of the document in its file. */
export type Path = readonly (string | number)[];

/** Characters of a source that become others. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text of a known format: a file, or a text that is a value in one (an inline patch, Helm values of an Application). */
export interface Source {
  /** The file. */
  readonly file: string;
  readonly text: string;
  readonly format: Format;
  /** As most of its lines end: `\n` or `\r\n`. */
  readonly lineEnd: string;
  /** What it says, one for each document, merge keys (`<<`) resolved; none for `text`. */
  readonly data: readonly unknown[];
  /** Where it is when it is a value; undefined: it is the file itself. */
  readonly within: Within | undefined;
}

/** A place of a file where a text is a value. */
export interface Within {
  readonly source: Source;
  readonly path: Path;
  /** undefined: it is there folded or escaped, so that its characters are not those of the file. */
  readonly position: ((at: number) => number) | undefined;
  /** Text with line breaks as the file would have it there. */
  readonly indented: (text: string) => string;
}

/** `text`: a template or anything else in which only whole references and texts can be replaced. */
type Format =
  | { readonly kind: 'yaml'; readonly documents: readonly Document.Parsed[] }
  | { readonly kind: 'env'; readonly pairs: readonly EnvPair[] }
  | { readonly kind: 'text' };

/** Reads a file by what it is. Throws UsageError for a YAML file that does not parse, or has a key twice. */
export function readSource(file: string, text: string): Source {
  const read = readText(text, /\.(ya?ml|json)$|(^|\/)kustomization$/i.test(file));
  if (read.kind === 'broken') {
    throw new UsageError(`${file} does not parse: ${read.why} Fix it first; nothing is written into it.`);
  }
  return { file, text, lineEnd: lineEndOf(text), within: undefined, ...read };
}

/** Reads a text that is in another one; undefined: it is nothing but a text. */
export function readNested(within: Within, text: string): Source | undefined {
  const read = readText(text, false);
  if (read.kind === 'broken' || read.format.kind === 'text') return undefined;
  const hasParts = read.data.some((each) => typeof each === 'object' && each !== null);
  return hasParts ? { file: within.source.file, text, lineEnd: '\n', within, ...read } : undefined;
}

type Read =
  | { readonly kind: 'read'; readonly format: Format; readonly data: readonly unknown[] }
  | { readonly kind: 'broken'; readonly why: string };

function readText(text: string, isYaml: boolean): Read {
  const pairs = isYaml ? undefined : readEnv(text);
  if (pairs !== undefined) {
    return {
      kind: 'read',
      format: { kind: 'env', pairs },
      data: [Object.fromEntries(pairs.map((p) => [p.key, p.value]))],
    };
  }
  const documents = documentsOf(text);
  const error = documents.flatMap(({ errors }) => errors)[0];
  if (error === undefined && documents.length > 0) {
    const data = documents.map((document) => plainData(document));
    const failed = data.find((each) => each.kind === 'failed');
    if (failed !== undefined) return { kind: 'broken', why: failed.why };
    const values = data.flatMap((each) => (each.kind === 'data' ? [withMerges(each.value)] : []));
    if (isYaml || values.some((each) => typeof each === 'object' && each !== null))
      return { kind: 'read', format: { kind: 'yaml', documents }, data: values };
  }
  // A template of Helm and the like is YAML only once it is rendered.
  if (isYaml && error !== undefined && !text.includes('{{'))
    return { kind: 'broken', why: `${syntaxWhy(error.message)}.` };
  return { kind: 'read', format: { kind: 'text' }, data: [] };
}

/** A place for people: `spec.containers.0.image`. */
export function pathName({ source, path }: { readonly source: Source; readonly path: Path }): string {
  const steps = (source.format.kind === 'env' ? path : path.slice(1)).map(String);
  const own = source.data.length > 1 ? [`document ${Number(path[0]) + 1}`, ...steps] : steps;
  return [...(source.within === undefined ? [] : [pathName(source.within)]), ...own].join('.');
}

function lineEndOf(text: string): string {
  const windows = text.split('\r\n').length - 1;
  return windows * 2 > text.split('\n').length - 1 ? '\r\n' : '\n';
}
