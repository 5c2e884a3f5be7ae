import type { Alias, Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { bounds } from '../system/bounds';
import { quoted } from '../system/quoted';

/** A way into a document: names of fields and, in lists, numbers from 0. */
export type Path = readonly (string | number)[];

/** Something wrong at a place of a document: offset in the text, and words. */
export interface Mistake {
  readonly offset: number;
  readonly text: string;
}

/** A YAML document as plain values, and where each of them is. */
export interface YamlTree {
  /** Maps are objects without a prototype, lists arrays. undefined: the document is empty. */
  readonly value: unknown;
  /** Where the field or list entry at `path` begins, or the nearest that is there above it. */
  readonly offsetOf: (path: Path) => number;
  /** What is at `path` as it was written, for a plain or quoted value. */
  readonly sourceOf: (path: Path) => string | undefined;
  readonly mistakes: readonly Mistake[];
}

const syntaxErrorsAtMost = 5;

/** As names of members they mean something else to JavaScript, and no field, image or variable needs them. */
const refusedKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses one YAML 1.2 document. Aliases are followed, within bounds; merge keys (`<<`) are not part of YAML 1.2 and are refused, as are
 * fields that are there twice. Never throws because of the text: what is wrong with it is in `mistakes`.
 */
export async function readYaml(text: string): Promise<YamlTree> {
  const { parseDocument } = await import('yaml');
  let document: Document.Parsed;
  try {
    // Doubled keys are looked for below: the parser compares each key with each other, which takes minutes in a hostile file.
    document = parseDocument(text, { version: '1.2', uniqueKeys: false, prettyErrors: false, logLevel: 'error' });
  } catch {
    return broken([{ offset: 0, text: 'is nested too deep to be read' }]);
  }
  const wrong = [...document.errors, ...document.warnings];
  if (wrong.length === 0) return await walk(document.contents);
  // After the first error at a place the parser only guesses.
  const places = new Map(wrong.toReversed().map((each) => [each.pos[0], each]));
  return broken(
    [...places.values()]
      .toReversed()
      .slice(0, syntaxErrorsAtMost)
      .map(({ pos, code, message }) => ({
        offset: pos[0],
        text:
          code === 'RESOURCE_EXHAUSTION'
            ? 'is nested too deep to be read'
            : code === 'MULTIPLE_DOCS'
              ? 'a second document begins here; a catalog is one'
              : `is not YAML: ${printable(message)}`,
      })),
  );
}

function broken(mistakes: readonly Mistake[]): YamlTree {
  return { value: undefined, offsetOf: () => mistakes[0]?.offset ?? 0, sourceOf: () => undefined, mistakes };
}

async function walk(root: Node | null): Promise<YamlTree> {
  const { isAlias, isMap, isScalar, isSeq } = await import('yaml');
  const places = new Map<string, { readonly offset: number; readonly source: string | undefined }>();
  const anchors = new Map<string, Node>();
  const mistakes: Mistake[] = [];
  const count = { nodes: 0, stopped: false };

  const visit = (node: unknown, path: Path, offset: number, aliased: boolean): unknown => {
    if (count.stopped) return undefined;
    const { nodes, depth } = bounds.catalog;
    if (++count.nodes > nodes || path.length > depth) {
      count.stopped = true;
      const text = `has more than ${String(nodes)} values, or more than ${String(depth)} levels, or an alias contains itself; this is not a catalog`;
      mistakes.push({ offset, text });
      return undefined;
    }
    if (isAlias(node)) return alias(node, path, start(node) ?? offset);
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return null;
    // What an alias stands for keeps the anchors that were set where it was written.
    if (!aliased && node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isMap(node)) return map(node, path, aliased);
    return isSeq(node) ? list(node, path, aliased) : node.value;
  };

  const alias = (node: Alias, path: Path, offset: number): unknown => {
    const target = anchors.get(node.source);
    if (target !== undefined) return visit(target, path, offset, true);
    mistakes.push({ offset, text: `the alias *${printable(node.source)} has no anchor before it` });
    return undefined;
  };

  const list = (node: YAMLSeq, path: Path, aliased: boolean): unknown =>
    node.items.map((item, index) => {
      const own = [...path, index];
      const offset = start(item) ?? start(node) ?? 0;
      places.set(JSON.stringify(own), { offset, source: isScalar(item) ? source(item) : undefined });
      return visit(item, own, offset, aliased);
    });

  const map = (node: YAMLMap, path: Path, aliased: boolean): unknown => {
    const value = Object.create(null) as Record<string, unknown>;
    for (const pair of node.items as readonly Pair[]) {
      const offset = start(pair.key) ?? start(node) ?? 0;
      if (!isScalar(pair.key) || typeof pair.key.value !== 'string') {
        mistakes.push({ offset, text: 'the name of a field must be text; write it in quotes' });
      } else if (refusedKeys.has(pair.key.value)) {
        mistakes.push({ offset, text: `${quoted(pair.key.value)} can't be a name; choose another` });
      } else if (pair.key.value === '<<') {
        mistakes.push({ offset, text: 'merge keys (<<) are not part of YAML 1.2; write the fields out' });
      } else if (Object.hasOwn(value, pair.key.value)) {
        mistakes.push({ offset, text: `${quoted(pair.key.value)} is there twice; take one away` });
      } else {
        const own = [...path, pair.key.value];
        places.set(JSON.stringify(own), { offset, source: isScalar(pair.value) ? source(pair.value) : undefined });
        value[pair.key.value] = visit(pair.value, own, offset, aliased);
      }
    }
    return value;
  };

  const value = root === null ? undefined : visit(root, [], 0, false);
  if (count.stopped) return broken(mistakes.slice(-1));
  const placeOf = (path: Path): { readonly offset: number; readonly source: string | undefined } | undefined =>
    path.length === 0 ? undefined : (places.get(JSON.stringify(path)) ?? placeOf(path.slice(0, -1)));
  return {
    value,
    offsetOf: (path) => placeOf(path)?.offset ?? 0,
    sourceOf: (path) => places.get(JSON.stringify(path))?.source,
    mistakes,
  };
}

function start(node: unknown): number | undefined {
  const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  const offset: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof offset === 'number' ? offset : undefined;
}

function source(node: Scalar): string | undefined {
  return node.source;
}

function printable(text: string): string {
  return quoted(text, 200)
    .slice(1)
    .replace(/"( \(\d+ characters\))?$/, '');
}
