import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Path } from './source';

/** A node of a YAML text with what holds it. */
export interface FoundNode {
  /** As it is there: an alias is not followed. null: a key without a value. */
  readonly node: Node | null;
  readonly document: Document;
  /** Where it is the value of a key. */
  readonly pair: Pair | undefined;
  readonly map: YAMLMap | undefined;
}

/** The node at a path; aliases on the way are followed, merge keys are not. undefined: there is none. */
export function nodeAt(documents: readonly Document.Parsed[], path: Path): FoundNode | undefined {
  const document = documents[Number(path[0])];
  if (document === undefined) return undefined;
  let found: FoundNode = { node: document.contents, document, pair: undefined, map: undefined };
  for (const step of path.slice(1)) {
    const holder = followed(found.node, document);
    if (isMap(holder)) {
      const pair = holder.items.find(({ key }) => keyOf(key) === String(step));
      if (pair === undefined) return undefined;
      found = { node: asNode(pair.value), document, pair, map: holder };
    } else if (isSeq(holder)) {
      const item = holder.items[Number(step)];
      if (item === undefined) return undefined;
      found = { node: asNode(item), document, pair: undefined, map: undefined };
    } else return undefined;
  }
  return found;
}

/** What an alias stands for; any other node itself. */
export function followed(node: Node | null, document: Document): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}

/** The text of a key. */
export function keyOf(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

/** From where to where a node is in the text. */
export function spanOf(node: Node | null): readonly [number, number] | undefined {
  const range = node?.range;
  return range === undefined || range === null ? undefined : [range[0], range[1]];
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isAlias(value) || isMap(value) || isSeq(value) ? value : null;
}
