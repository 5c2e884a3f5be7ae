import { isAlias, isScalar, Scalar } from 'yaml';
import { nodeAt } from './nodes';
import { readNested, type Path, type Source, type Within } from './source';

/**
 * The text at a place, read as what it is: YAML or `KEY=value` lines. A literal block (`|`) and a text on one line without escapes are in
 * the file character by character, so that they can be edited there; others can only be read. undefined: it is nothing but a text.
 */
export function nestedAt(source: Source, path: Path, value: string): Source | undefined {
  if (!/\n|^\s*(?:[[{]|- )/.test(value)) return undefined;
  const within: Within = { source, path, ...positions(source, path, value) };
  return readNested(within, value);
}

function positions(source: Source, path: Path, value: string): Pick<Within, 'position' | 'indented'> {
  const none = { position: undefined, indented: (text: string): string => text };
  if (source.format.kind !== 'yaml') return none;
  const node = nodeAt(source.format.documents, path)?.node;
  if (isAlias(node) || !isScalar(node) || node.range === undefined || node.range === null) return none;
  const [from, to] = node.range;
  const raw = source.text.slice(from, to);
  if (node.type !== Scalar.BLOCK_LITERAL) {
    const at = node.type === Scalar.PLAIN ? 0 : 1;
    const isSame = raw.slice(at, at + value.length) === value && raw.length === value.length + 2 * at;
    return isSame ? { position: (index) => from + at + index, indented: (text) => text } : none;
  }
  const lines = raw.split('\n').slice(1);
  const values = value.split('\n');
  const first = values.findIndex((each) => each.trim() !== '');
  const indent = (lines[first] ?? '').replace(/\r$/, '').length - (values[first] ?? '').length;
  if (first < 0 || indent <= 0) return none;
  const starts: { readonly value: number; readonly file: number }[] = [];
  let inValue = 0;
  let inFile = from + raw.indexOf('\n') + 1;
  for (const [index, each] of values.entries()) {
    const own = (lines[index] ?? '').replace(/\r$/, '');
    if (own.slice(indent) !== each && !(index >= lines.length - 1 && each === '')) return none;
    starts.push({ value: inValue, file: inFile + Math.min(indent, own.length) });
    inValue += each.length + 1;
    inFile += (lines[index] ?? '').length + 1;
  }
  return {
    position: (index) => {
      const start = starts.findLast((each) => each.value <= index) ?? { value: 0, file: inFile };
      return start.file + index - start.value;
    },
    indented: (text) => text.replaceAll('\n', `${source.lineEnd}${' '.repeat(indent)}`),
  };
}
