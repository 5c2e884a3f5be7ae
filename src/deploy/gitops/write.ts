import { isAlias, isMap, isScalar, isSeq, parseDocument, Scalar, type Node } from 'yaml';
import { valueAt } from './data';
import { placeKey, type Assignment } from './assignment';
import { followed, nodeAt, spanOf, type FoundNode } from './nodes';
import { placesAlone } from './references';
import { addedKey, addedVariables, removedKey, renamedKey } from './writeKeys';
import type { Source, Splice } from './source';

/** How an assignment is written into its own source; a text: why it can't be. Nothing: it says so already. */
export type Written = readonly Splice[] | string;

/** The value that a place has now; undefined: there is none. */
export function currentValue({ source, path }: Pick<Assignment, 'source' | 'path'>): unknown {
  if (source.format.kind === 'text') return source.text;
  return source.format.kind === 'env'
    ? valueAt(source.data[0], path)
    : valueAt(source.data[Number(path[0])], path.slice(1));
}

/** Does the file say it already? */
export function isSatisfied(assignment: Assignment): boolean {
  if (assignment.kind === 'set') return currentValue(assignment) === assignment.value;
  return assignment.kind === 'replace' && assignment.from === assignment.to;
}

/**
 * The splices of an assignment; `others`: all of the file, by their places, because an alias needs no change where its anchor gets the same
 * value. Pure.
 */
export function written(assignment: Assignment, others: ReadonlyMap<string, Assignment>): Written {
  const { source, path } = assignment;
  if (isSatisfied(assignment)) return [];
  if (source.within !== undefined && source.within.position === undefined)
    return 'the text around it is folded, or has escapes; write it as a literal block (|)';
  switch (source.format.kind) {
    case 'text':
      return assignment.kind === 'replace' ? replaced(source.text, [0, source.text.length], assignment) : unknownPlace;
    case 'env': {
      const pair = source.format.pairs.find(({ key }) => key === path[0]);
      if (pair === undefined) return unknownPlace;
      if (assignment.kind === 'set') return [{ start: pair.start, end: pair.end, text: assignment.value }];
      return assignment.kind === 'replace' ? replaced(source.text, [pair.start, pair.end], assignment) : unknownPlace;
    }
    case 'yaml':
      return writtenYaml(assignment, source.format.documents, others);
  }
}

const unknownPlace = 'its place in the text was not found (a merge key, <<, may lead to it)';

function writtenYaml(
  assignment: Assignment,
  documents: Extract<Source['format'], { kind: 'yaml' }>['documents'],
  others: ReadonlyMap<string, Assignment>,
): Written {
  const { source, path } = assignment;
  const found = nodeAt(documents, path);
  const holder = nodeAt(documents, path.slice(0, -1));
  const map = holder === undefined ? undefined : followed(holder.node, holder.document);
  switch (assignment.kind) {
    case 'add':
      return (isMap(map) ? addedKey(source, map, String(path.at(-1)), assignment.value) : undefined) ?? unknownPlace;
    case 'variables':
      return (isMap(map) ? addedVariables(source, map, assignment.variables) : undefined) ?? cantAdd;
    case 'remove':
      return (found === undefined ? undefined : removedKey(source, found)) ?? unknownPlace;
    case 'rename':
      return (
        (found === undefined ? undefined : renamedKey(source, found, assignment.key, assignment.value)) ?? unknownPlace
      );
    case 'replace': {
      const span = spanOf(found?.node ?? null);
      // An alias gets its value where its anchor is, which is a place of its own.
      if (isAlias(found?.node)) return [];
      return span === undefined ? unknownPlace : replaced(source.text, span, assignment);
    }
    case 'set':
      return found === undefined
        ? unknownPlace
        : scalarSet(source, found, assignment.value, sameAnchor(assignment, others));
  }
}

const cantAdd = "the variables can't be added here; add `env` with them by hand";

function replaced(text: string, [from, to]: readonly [number, number], change: { from: string; to: string }): Written {
  // One splice for each place, so that a dry run shows them.
  const splices = placesAlone(text.slice(from, to), change.from).map((at) => ({
    start: from + at,
    end: from + at + change.from.length,
    text: change.to,
  }));
  return splices.length === 0 ? 'it is written with escapes; write it plainly' : splices;
}

/** Does another assignment give the same value to the scalar that an alias names? */
function sameAnchor(assignment: Assignment, others: ReadonlyMap<string, Assignment>): (node: Node) => boolean {
  const { source } = assignment;
  return (node) =>
    [...others.values()].some((other) => {
      if (other.source.format.kind !== 'yaml' || source.format.kind !== 'yaml') return false;
      if (other.source.text !== source.text || placeKey(other) === placeKey(assignment)) return false;
      const value =
        other.kind === 'set'
          ? other.value
          : other.kind === 'replace' && currentValue(other) === other.from
            ? other.to
            : undefined;
      if (assignment.kind !== 'set' || value !== assignment.value) return false;
      const own = nodeAt(source.format.documents, other.path)?.node;
      return own !== undefined && own !== null && own === node;
    });
}

function scalarSet(source: Source, found: FoundNode, value: string, isSetAtAnchor: (node: Node) => boolean): Written {
  const { node } = found;
  if (isAlias(node)) {
    const target = followed(node, found.document);
    if (target !== null && isSetAtAnchor(target)) return [];
    const span = spanOf(node);
    return span === undefined ? unknownPlace : [{ start: span[0], end: span[1], text: inStyle(value, undefined) }];
  }
  const span = spanOf(node);
  if (!isScalar(node) || span === undefined || isSeq(node)) return unknownPlace;
  const [start, end] = span;
  if (start === end) return emptySet(source, found, start, value);
  if (node.type !== Scalar.BLOCK_FOLDED && node.type !== Scalar.BLOCK_LITERAL)
    return [{ start, end, text: inStyle(value, node.type) }];
  return blockSet(source, [start, end], node, value);
}

/** The value of a key that has none goes right behind its colon, before a comment. */
function emptySet(source: Source, { pair }: FoundNode, start: number, value: string): Written {
  const colon = pair?.srcToken?.sep?.find(({ type }) => type === 'map-value-ind');
  if (colon !== undefined)
    return [{ start: colon.offset + 1, end: colon.offset + 1, text: ` ${inStyle(value, undefined)}` }];
  const space = source.text[start - 1] === '-' ? ' ' : '';
  return pair === undefined ? [{ start, end: start, text: space + inStyle(value, undefined) }] : unknownPlace;
}

/** A block scalar of one line keeps its style where it gives no line break; else it becomes a plain one. */
function blockSet(source: Source, [start, end]: readonly [number, number], node: Scalar, value: string): Written {
  const raw = source.text.slice(start, end);
  const old = typeof node.value === 'string' ? node.value : '';
  const header = /^[^\r\n]*/.exec(raw)?.[0] ?? '';
  const at = old === '' ? -1 : raw.indexOf(old, header.length);
  if (at >= 0 && !old.includes('\n')) return [{ start: start + at, end: start + at + old.length, text: value }];
  const [indicator = ''] = /^[^\s#]*/.exec(header) ?? [];
  const last = raw.replace(/\s*$/, '').length;
  return [
    { start, end: start + indicator.length, text: inStyle(value, undefined) },
    { start: start + header.length, end: start + last, text: '' },
  ];
}

/** A value in the quotes that it had. Plain only where it is read as a text then: a commit may look like a number. */
function inStyle(value: string, type: Scalar.Type | undefined): string {
  if (type === Scalar.QUOTE_DOUBLE) return JSON.stringify(value);
  if (type === Scalar.QUOTE_SINGLE) return `'${value.replaceAll("'", "''")}'`;
  return parseDocument(value).toJS() === value ? value : JSON.stringify(value);
}
