import { firstDifference, isList, plainData, valueAt } from './data';
import type { Assignment } from './assignment';
import { placeName } from './assignment';
import { chainProblems } from './kustomizeShapes';
import { child, type At } from './placedValue';
import { findAssignments } from './find';
import { replaceAlone } from './references';
import { withoutSetters } from './setters';
import { pathName, readSource, type Path, type Source, type Splice } from './source';
import { documentsOf } from './documents';
import { isSatisfied } from './write';
import type { WantedImage } from './wanted';

/** A source with what was decided for it. */
export interface Decided {
  readonly source: Source;
  /** Those that change something. */
  readonly assignments: readonly Assignment[];
  readonly splices: readonly Splice[];
  readonly after: string;
}

/**
 * Why an edited file must not be pushed; nothing: it is proven. The file is read again: each document still parses, exactly the wanted values
 * differ from what they were, everything else is equal as data and byte for byte, and another edit would change nothing more. Pure.
 */
export function proofProblems(
  file: Decided,
  nested: readonly Decided[],
  images: readonly WantedImage[],
): readonly string[] {
  const { source, after } = file;
  const name = source.file;
  const bytes = byteProblem(source.text, after, file.splices);
  if (bytes !== undefined) return [`${name}: ${bytes}`];
  let again: Source;
  try {
    again = readSource(name, after);
  } catch {
    return [`${name} would not parse any more. ${parseError(after)}`];
  }
  if (again.format.kind !== source.format.kind) return [`${name} would not parse any more. ${parseError(after)}`];
  const data = dataProblem(file, nested, again);
  if (data !== undefined) return [`${name}: ${data}`];
  const found = findAssignments(again, images);
  const twice = found.problems[0];
  if (twice !== undefined) return [twice];
  return chainsOf(again, images);
}

function byteProblem(before: string, after: string, splices: readonly Splice[]): string | undefined {
  let [old, made] = [0, 0];
  for (const { start, end, text } of splices) {
    const kept = before.slice(old, start);
    if (start < old || after.slice(made, made + kept.length) !== kept)
      return 'a character beside the values would change.';
    made += kept.length;
    if (after.slice(made, made + text.length) !== text) return 'a value would not be what it should.';
    made += text.length;
    old = end;
  }
  return after.slice(made) === before.slice(old) ? undefined : 'a character beside the values would change.';
}

function dataProblem(file: Decided, nested: readonly Decided[], again: Source): string | undefined {
  const { source } = file;
  if (source.format.kind === 'text') return undefined;
  const before = rawData(source);
  const after = rawData(again);
  if (before.length !== after.length) return `it would have ${after.length} documents instead of ${before.length}.`;
  const own = nested.filter(({ source: { within } }) => within !== undefined && isSame(within.source, source));
  const expected = expectedData(before, file.assignments, own);
  const difference = firstDifference(expected, after);
  if (difference !== undefined) {
    const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200));
    const place = pathName({ source, path: difference.path });
    const was = valueAt(before, difference.path);
    return `${place} would become ${shown(difference.found)}, but ${
      shown(was) === shown(difference.expected) ? `is to stay ${shown(was)}` : `is to be ${shown(difference.expected)}`
    } (an alias or a merge key may have the value too; give each place a value of its own).`;
  }
  // The texts in it have been compared as texts; now as what they say.
  for (const inner of own) {
    const text = valueAt(after, fullPath(inner.source.within?.path ?? [], source));
    const read = typeof text === 'string' ? { ...inner.source, ...readAgain(inner.source, text) } : undefined;
    const problem = read === undefined ? 'a text in it would be lost.' : dataProblem(inner, nested, read);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function readAgain(source: Source, text: string): Pick<Source, 'text' | 'format' | 'data'> {
  const read = readSource(source.format.kind === 'yaml' ? `${source.file}.yaml` : `${source.file}.env`, text);
  return { text, format: read.format, data: read.data };
}

/** Each document as it stands, merge keys unresolved, so that a change shows in each place that has it. */
function rawData(source: Source): readonly unknown[] {
  if (source.format.kind === 'env') return [source.format.pairs.map(({ key, value }) => [key, value])];
  if (source.format.kind === 'text') return [];
  return source.format.documents.map((document) => {
    const data = plainData(document);
    return data.kind === 'data' ? data.value : undefined;
  });
}

function expectedData(
  before: readonly unknown[],
  assignments: readonly Assignment[],
  nested: readonly Decided[],
): unknown {
  // structuredClone keeps what is shared shared; plainData has left nothing shared.
  const data: unknown = structuredClone(before);
  for (const { source, after } of nested) setAt(data, source.within?.path ?? [], after);
  // New variables come last: they move the numbers of the items behind them.
  const isNew = ({ kind }: Assignment): boolean => kind === 'variables';
  for (const assignment of [...assignments.filter((each) => !isNew(each)), ...assignments.filter(isNew)])
    applyTo(data, assignment);
  return data;
}

function applyTo(data: unknown, assignment: Assignment): void {
  const path = fullPath(assignment.path, assignment.source);
  const old = valueAt(data, path);
  switch (assignment.kind) {
    case 'set':
    case 'add':
      setAt(data, path, assignment.value);
      break;
    case 'replace':
      if (typeof old === 'string') setAt(data, path, replaceAlone(old, assignment.from, assignment.to));
      break;
    case 'remove':
      deleteAt(data, path);
      break;
    case 'rename':
      deleteAt(data, path);
      setAt(data, [...path.slice(0, -1), assignment.key], assignment.value);
      break;
    case 'variables':
      setAt(data, path, [...assignment.variables, ...(isList(old) ? old : [])]);
  }
}

/** In an environment file the pairs are compared in their order: the path of one is its number. */
function fullPath(path: Path, source: Source): Path {
  if (source.format.kind !== 'env') return path;
  return [0, source.format.pairs.findIndex(({ key }) => key === path[0]), 1];
}

function setAt(data: unknown, path: Path, value: unknown): void {
  const holder = valueAt(data, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof holder === 'object' && holder !== null && key !== undefined)
    Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function deleteAt(data: unknown, path: Path): void {
  const holder = valueAt(data, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof holder === 'object' && holder !== null && key !== undefined) Reflect.deleteProperty(holder, key);
}

/** Entries of `images:` that undo each other, in all sources of the file. */
function chainsOf(again: Source, images: readonly WantedImage[]): readonly string[] {
  const { sources, assignments } = findAssignments(again, images);
  const { kept, left: others } = withoutSetters(assignments);
  const left = kept.find((each) => each.by === 'shape' && !isSatisfied(each));
  return [
    ...(left === undefined ? [] : [`${placeName(left)} would still not say what the set says of ${left.image}.`]),
    ...sources.flatMap((source) => listsOf(source).flatMap((at) => chainProblems(at, images, [...others.keys()]))),
  ];
}

function listsOf(source: Source): readonly At[] {
  const visit = (at: At): readonly At[] => {
    if (isList(at.value)) return [at, ...at.value.flatMap((_, index) => visit(child(at, index)))];
    if (typeof at.value !== 'object' || at.value === null) return [];
    return Object.keys(at.value).flatMap((key) => visit(child(at, key)));
  };
  return source.data.flatMap((value, index) => visit({ source, path: [index], value, keys: [], target: undefined }));
}

function isSame(a: Source, b: Source): boolean {
  return a.text === b.text && pathNameOf(a) === pathNameOf(b);
}

function pathNameOf(source: Source): string {
  return source.within === undefined ? '' : pathName(source.within);
}

function parseError(text: string): string {
  const [document] = documentsOf(text).flatMap((each) => each.errors);
  const failed = documentsOf(text).flatMap((each) => {
    const data = plainData(each);
    return data.kind === 'failed' ? [data.why] : [];
  });
  return (document?.message.split('\n')[0] ?? failed[0] ?? '').replace(/:$/, '.');
}
