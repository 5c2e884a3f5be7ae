import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import type { YamlSource } from './source';
import { scalarEdit, type Edit } from './splice';
import { collect, nodeAt, type Found } from './textEdits';
import { upstreamNames, type WantedImage } from './wanted';

/**
 * The entries of a kustomization's `images:` that are about one of the images, by the name they replace or the name they give: newName
 * becomes our repository, and digest our digest. A newTag makes room for it, because kustomize would keep both.
 * https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/
 */
export function kustomizeEdits(source: YamlSource, images: readonly WantedImage[]): Found {
  const hits = source.documents.flatMap((document) => {
    const list = nodeAt(document, ['images']);
    if (!isSeq(list)) return [];
    return list.items.flatMap((item) => {
      if (!isMap(item)) return [];
      const image = imageOfEntry(item, images);
      return image === undefined
        ? []
        : [...entryEdits(source, item, image), undefined].map((edit) => ({ image: image.name, edit }));
    });
  });
  return collect(hits);
}

function imageOfEntry(entry: YAMLMap, images: readonly WantedImage[]): WantedImage | undefined {
  const own = [entry.get('newName'), entry.get('name')];
  return images.find(
    ({ name, repository }) =>
      own.includes(repository) || upstreamNames.get(name)?.includes(String(entry.get('name'))) === true,
  );
}

function entryEdits(source: YamlSource, entry: YAMLMap, image: WantedImage): readonly Edit[] {
  const newName = entry.get('newName', true);
  const digest = entry.get('digest', true);
  const tag = entry.items.find(({ key }) => isScalar(key) && key.value === 'newTag');
  const edits: (Edit | undefined)[] = [];
  const missing: string[] = [];
  if (newName !== undefined) edits.push(scalarEdit(newName, image.repository, image.name));
  else if (entry.get('name') !== image.repository) missing.push(`newName: ${image.repository}`);
  if (digest !== undefined) {
    edits.push(scalarEdit(digest, image.digest, image.name));
    if (tag !== undefined) edits.push(removal(source, tag, image.name));
  } else if (tag !== undefined) edits.push(replacement(tag, `digest: ${image.digest}`, image.name));
  else missing.push(`digest: ${image.digest}`);
  if (missing.length > 0) edits.push(addition(source, entry, missing, image.name));
  return edits.flatMap((edit) => edit ?? []);
}

function replacement({ key, value }: YAMLMap['items'][number], text: string, image: string): Edit | undefined {
  if (!isScalar(key) || !isScalar(value)) return undefined;
  return { start: key.range?.[0] ?? 0, end: value.range?.[1] ?? 0, text, image };
}

/** The whole line of a key, where it has one to itself; else it stays, and the digest beside it counts. */
function removal(source: YamlSource, { key, value }: YAMLMap['items'][number], image: string): Edit | undefined {
  if (!isScalar(key) || !isScalar(value)) return undefined;
  const { text } = source;
  const start = text.lastIndexOf('\n', (key.range?.[0] ?? 0) - 1) + 1;
  const lineEnd = text.indexOf('\n', value.range?.[1] ?? 0);
  const end = lineEnd < 0 ? text.length : lineEnd + 1;
  const isAlone = /^\s*$/.test(text.slice(start, key.range?.[0])) && /^\s*$/.test(text.slice(value.range?.[1], end));
  return isAlone ? { start, end, text: '', image } : undefined;
}

/** New keys behind the entry's first one: on lines of their own, or within the braces. */
function addition(source: YamlSource, entry: YAMLMap, lines: readonly string[], image: string): Edit | undefined {
  const first = entry.items[0];
  if (first === undefined || !isScalar(first.key) || !isScalar(first.value)) return undefined;
  const at = first.value.range?.[1] ?? 0;
  if (entry.flow === true) return { start: at, end: at, text: `, ${lines.join(', ')}`, image };
  const start = first.key.range?.[0] ?? 0;
  const indent = ' '.repeat(start - (source.text.lastIndexOf('\n', start - 1) + 1));
  const lineEnd = source.text.indexOf('\n', at);
  const end = lineEnd < 0 ? source.text.length : source.text[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd;
  return { start: end, end, text: lines.map((line) => `${source.lineEnd}${indent}${line}`).join(''), image };
}
