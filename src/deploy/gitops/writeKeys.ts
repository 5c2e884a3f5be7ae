import { isAlias, isMap, isScalar, isSeq, Scalar, type Pair, type YAMLMap } from 'yaml';
import type { FoundNode } from './nodes';
import { keyOf, spanOf } from './nodes';
import type { Source, Splice } from './source';

/** A new key of a map: on a line of its own behind one that takes a line, or within the braces. undefined: there is no place for it. */
export function addedKey(source: Source, map: YAMLMap, key: string, value: string): readonly Splice[] | undefined {
  const { text } = source;
  const after = goesBefore(text, map);
  const [start, end] = [spanOfKey(after)?.[0], spanOfValue(after)?.[1]];
  if (after === undefined || start === undefined || end === undefined) return undefined;
  if (map.flow === true) return [{ start: end, end, text: `, ${shown(after, key, value)}` }];
  const at = lineEndFrom(text, end);
  return [
    { start: at, end: at, text: `${source.lineEnd}${' '.repeat(column(text, start))}${shown(after, key, value)}` },
  ];
}

/** Another key and value in the place of one. */
export function renamedKey(
  source: Source,
  { pair }: FoundNode,
  key: string,
  value: string,
): readonly Splice[] | undefined {
  const [start, end] = [spanOfKey(pair)?.[0], valueEnd(source.text, pair)];
  if (pair === undefined || start === undefined || end === undefined) return undefined;
  return [{ start, end, text: shown(pair, key, value) }];
}

/** A key taken out: with its line where it has one to itself, else up to the next key, or with its comma. A comment stays. */
export function removedKey(source: Source, { pair, map }: FoundNode): readonly Splice[] | undefined {
  const { text } = source;
  const [from, to] = [spanOfKey(pair)?.[0], valueEnd(text, pair)];
  if (pair === undefined || map === undefined || from === undefined || to === undefined) return undefined;
  const index = map.items.indexOf(pair);
  const next = spanOfKey(map.items[index + 1])?.[0];
  if (map.flow === true) {
    const before = map.items[index - 1];
    if (before !== undefined) {
      const start = spanOfValue(before)?.[1];
      return start === undefined ? undefined : [{ start, end: to, text: '' }];
    }
    return next === undefined ? undefined : [{ start: from, end: next, text: '' }];
  }
  const lineStart = text.lastIndexOf('\n', from - 1) + 1;
  const lineEnd = lineEndFrom(text, to);
  if (text.slice(lineStart, from).trim() !== '') {
    // Behind the dash of an item: the next key takes its place.
    if (next === undefined || text.slice(to, next).includes('#')) return undefined;
    return [{ start: from, end: next, text: '' }];
  }
  if (text.slice(to, lineEnd).trim() !== '') return [{ start: from, end: to, text: '' }];
  const nextLine = text.indexOf('\n', to) + 1;
  if (nextLine > 0) return [{ start: lineStart, end: nextLine, text: '' }];
  return [{ start: Math.max(0, lineStart - (text[lineStart - 2] === '\r' ? 2 : 1)), end: text.length, text: '' }];
}

/** New items at the start of `env:`, or a new `env:` behind a key of the container. */
export function addedVariables(
  source: Source,
  container: YAMLMap,
  variables: readonly { readonly name: string; readonly value: string }[],
): readonly Splice[] | undefined {
  const { text, lineEnd } = source;
  const pair = container.items.find(({ key }) => keyOf(key) === 'env');
  const items = (indent: string): string =>
    variables
      .map(({ name, value }) => `${indent}- name: ${name}${lineEnd}${indent}  value: ${value}${lineEnd}`)
      .join('');
  const isJson =
    container.flow === true && container.items.some(({ key }) => isScalar(key) && key.type === Scalar.QUOTE_DOUBLE);
  const braces = variables
    .map(({ name, value }) => (isJson ? JSON.stringify({ name, value }) : `{ name: ${name}, value: ${value} }`))
    .join(', ');
  if (pair === undefined) {
    const after = goesBefore(text, container);
    const [start, end] = [spanOfKey(after)?.[0], spanOfValue(after)?.[1]];
    if (start === undefined || end === undefined) return undefined;
    if (container.flow === true)
      return [
        { start: end, end, text: `, ${isJson ? '"env"' : 'env'}: [${isJson ? '' : ' '}${braces}${isJson ? '' : ' '}]` },
      ];
    const at = lineEndFrom(text, end);
    const indent = ' '.repeat(column(text, start));
    return [
      { start: at, end: at, text: `${lineEnd}${indent}env:${lineEnd}${items(indent)}`.slice(0, -lineEnd.length) },
    ];
  }
  const list = pair.value;
  if (isScalar(list) && list.value === null) {
    const start = spanOfKey(pair)?.[0];
    const at = lineEndFrom(text, start ?? 0);
    if (start === undefined || (spanOfValue(pair)?.[0] ?? -1) !== spanOfValue(pair)?.[1] || container.flow === true)
      return undefined;
    return [
      { start: at, end: at, text: `${lineEnd}${items(' '.repeat(column(text, start)))}`.slice(0, -lineEnd.length) },
    ];
  }
  if (!isSeq(list)) return undefined;
  const first = list.items[0];
  if (list.flow === true) {
    const at = (spanOf(list)?.[0] ?? -1) + 1;
    const isSpaced = /\s/.test(text[at] ?? '');
    const added = isSpaced ? ` ${braces},` : `${braces}, `;
    return at <= 0 ? undefined : [{ start: at, end: at, text: first === undefined ? braces : added }];
  }
  const span = isMap(first) || isScalar(first) || isAlias(first) ? spanOf(first) : undefined;
  const dash = text.lastIndexOf('-', (span?.[0] ?? 0) - 1);
  const start = text.lastIndexOf('\n', dash) + 1;
  if (span === undefined || dash < 0 || text.slice(start, dash).trim() !== '') return undefined;
  return [{ start, end: start, text: items(text.slice(start, dash)) }];
}

/** In the quotes of the keys beside it. */
function shown(beside: Pair, key: string, value: string): string {
  const isQuoted = isScalar(beside.key) && beside.key.type === Scalar.QUOTE_DOUBLE;
  return isQuoted ? `${JSON.stringify(key)}: ${JSON.stringify(value)}` : `${key}: ${value}`;
}

/** A pair behind which another one can go: one that takes a line, else one whose value is on the next ones, but for a block scalar. */
function goesBefore(text: string, { items }: YAMLMap): Pair | undefined {
  const plain = items.filter((pair) => {
    const [key, value] = [spanOfKey(pair), spanOfValue(pair)];
    if (key === undefined || value === undefined || value[0] === value[1]) return false;
    if (pair.srcToken?.start.some(({ type }) => type === 'explicit-key-ind') === true) return false;
    return isScalar(pair.value) ? !pair.value.type?.startsWith('BLOCK_') : isAlias(pair.value);
  });
  const isOneLine = (pair: Pair): boolean =>
    !text.slice(spanOfKey(pair)?.[0] ?? 0, spanOfValue(pair)?.[1]).includes('\n');
  return plain.find(isOneLine) ?? plain[0];
}

function spanOfKey(pair: Pair | undefined): readonly [number, number] | undefined {
  return isScalar(pair?.key) ? spanOf(pair.key) : undefined;
}

function spanOfValue(pair: Pair | undefined): readonly [number, number] | undefined {
  const value = pair?.value;
  return isScalar(value) || isAlias(value) || isMap(value) || isSeq(value) ? spanOf(value) : undefined;
}

/** Where a value ends: a block scalar takes the line breaks behind it, which stay; a key without a value ends with its colon. */
function valueEnd(text: string, pair: Pair | undefined): number | undefined {
  const span = spanOfValue(pair);
  const key = spanOfKey(pair);
  if (span === undefined || key === undefined) return undefined;
  if (span[0] === span[1]) {
    const colon = pair?.srcToken?.sep?.find(({ type }) => type === 'map-value-ind');
    return colon === undefined ? undefined : colon.offset + 1;
  }
  return span[0] + text.slice(span[0], span[1]).trimEnd().length;
}

function lineEndFrom(text: string, at: number): number {
  const found = text.indexOf('\n', at);
  if (found < 0) return text.length;
  return text[found - 1] === '\r' ? found - 1 : found;
}

function column(text: string, at: number): number {
  return at - (text.lastIndexOf('\n', at - 1) + 1);
}
