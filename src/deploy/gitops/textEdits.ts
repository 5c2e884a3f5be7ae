import { isScalar, isSeq, isMap, type Document, type Node } from 'yaml';
import { partOf, type PathRule, type PlaceholderRule } from './rules';
import { scalarsOf, type YamlSource } from './source';
import { isSpliceable, scalarEdit, type Edit } from './splice';
import { repositoryOf, type WantedImage } from './wanted';

/** Edits, and the images whose place was found, also where it says the right thing already. */
export interface Found {
  readonly edits: readonly Edit[];
  readonly images: readonly string[];
}

/**
 * Every value that is a reference to one of the images' repositories, whatever its tag or digest: what an earlier run wrote. A repository
 * alone is none (`newName` of a kustomization).
 */
export function referenceEdits(source: YamlSource, images: readonly WantedImage[]): Found {
  const hits = scalarsOf(source).flatMap((node) => {
    const value = node.value;
    if (typeof value !== 'string' || value === repositoryOf(value) || !isSpliceable(node)) return [];
    const image = images.find(({ repository }) => repository === repositoryOf(value));
    return image === undefined ? [] : [{ image: image.name, edit: scalarEdit(node, image.reference, image.name) }];
  });
  return collect(hits);
}

/** Every place where a placeholder stands in a value; in a file that is no YAML, every place where it stands. */
export function placeholderEdits(
  source: YamlSource,
  rules: readonly PlaceholderRule[],
  images: readonly WantedImage[],
): Found {
  const spans: readonly (readonly [number, number])[] =
    source.documents.length === 0
      ? [[0, source.text.length]]
      : scalarsOf(source).map((node) => [node.range?.[0] ?? 0, node.range?.[1] ?? 0] as const);
  const hits = rules.flatMap(({ placeholder, image: name }) => {
    const reference = images.find((image) => image.name === name)?.reference ?? '';
    return spans.flatMap(([from, to]) => {
      const found: { image: string; edit: Edit }[] = [];
      for (let at = source.text.indexOf(placeholder, from); at >= 0 && at + placeholder.length <= to;) {
        const end = at + placeholder.length;
        found.push({ image: name, edit: { start: at, end, text: reference, image: name } });
        at = source.text.indexOf(placeholder, end);
      }
      return found;
    });
  });
  return collect(hits);
}

/** Values by their path, in any document of the file that has it. */
export function pathEdits(source: YamlSource, rules: readonly PathRule[], images: readonly WantedImage[]): Found {
  const hits = rules.flatMap(({ path, image: name, part }) => {
    const image = images.find((each) => each.name === name);
    return source.documents.flatMap((document) => {
      const node = nodeAt(document, path);
      if (image === undefined || !isScalar(node)) return [];
      return [{ image: name, edit: scalarEdit(node, partOf(image, part), name) }];
    });
  });
  return collect(hits);
}

/** Joins what was found. */
export function collect(hits: readonly { readonly image: string; readonly edit: Edit | undefined }[]): Found {
  return { edits: hits.flatMap(({ edit }) => edit ?? []), images: hits.map(({ image }) => image) };
}

/** A node by the names of keys and the numbers of items. */
export function nodeAt(document: Document, path: readonly string[]): Node | undefined {
  let node: unknown = document.contents;
  for (const step of path) {
    if (isMap(node)) node = node.get(step, true);
    else if (isSeq(node) && /^\d{1,6}$/.test(step)) node = node.get(Number(step), true);
    else return undefined;
  }
  return node as Node | undefined;
}
