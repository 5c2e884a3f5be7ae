import * as v from 'valibot';
import { CatalogError } from '../errors';
import { bounds, inWords } from '../system/bounds';
import { quoted } from '../system/quoted';
import type { Catalog, CatalogImage, ImageInputs } from '../types';
import { normalPath } from './fieldRules';
import { operatorsOf } from './operators';
import { optionsOf } from './options';
import { everything, referenceMistakes } from './references';
import { catalogSchema, shapeMistakes, type CatalogFile, type ImageFile } from './schema';
import { readYaml, type Mistake, type Path, type YamlTree } from './yamlTree';

const shownAtMost = 50;

/**
 * Reads the text of a catalog file. `file` is its path, for messages and as the catalog's source.
 * Throws CatalogError with every mistake there is, in the order of the file.
 */
export async function readCatalog(text: string, file: string): Promise<Catalog> {
  const { bytes } = bounds.catalog;
  if (Buffer.byteLength(text) > bytes) {
    throw error(file, text, [{ offset: 0, text: `is larger than ${inWords(bytes)}; that is not a catalog` }]);
  }
  const tree = await readYaml(text);
  const mistakes =
    tree.value === undefined && tree.mistakes.length === 0 ? [empty] : [...tree.mistakes, ...wrong(tree)];
  if (mistakes.length > 0) throw error(file, text, mistakes);
  const lines = lineStarts(text);
  return {
    ...catalogOf(v.parse(catalogSchema, tree.value), file, tree),
    positionOf: (path) => ({ file: shownFile(file), ...placeOf(tree.offsetOf(path), lines) }),
  };
}

const empty: Mistake = { offset: 0, text: 'is empty; a catalog has at least "version: 1" and "images:"' };

function wrong(tree: YamlTree): readonly Mistake[] {
  if (tree.value === undefined) return [];
  return [...shapeMistakes(tree.value, tree.sourceOf), ...referenceMistakes(tree.value)].map(({ path, text }) => ({
    offset: tree.offsetOf(path),
    text: path.length === 0 ? `the catalog ${text}` : `${shown(path)}: ${text}`,
  }));
}

function shown(path: Path): string {
  return path.map((part) => (/^[\w.-]+$/.test(String(part)) ? String(part) : quoted(String(part)))).join('.');
}

function error(file: string, text: string, mistakes: readonly Mistake[]): CatalogError {
  const ordered = mistakes.toSorted((one, other) => one.offset - other.offset);
  const lines = lineStarts(text);
  const named = shownFile(file);
  const more = ordered.length - shownAtMost;
  return new CatalogError(
    ordered.slice(0, shownAtMost).map((mistake, index) => ({
      at: { file: named, ...placeOf(mistake.offset, lines) },
      text: mistake.text + (more > 0 && index === shownAtMost - 1 ? `; and ${more} more mistakes after this` : ''),
    })),
  );
}

function shownFile(file: string): string {
  return quoted(file, 300).slice(1, -1);
}

function lineStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(/\n/g), (match) => match.index + 1)];
}

function placeOf(offset: number, lines: readonly number[]): { readonly line: number; readonly column: number } {
  const after = lines.findIndex((start) => start > offset);
  const line = after === -1 ? lines.length : after;
  return { line, column: offset - (lines[line - 1] ?? 0) + 1 };
}

function catalogOf(file: CatalogFile, source: string, tree: YamlTree): Catalog {
  const place = (name: string): number => tree.offsetOf(['images', name]);
  // An object puts names like 7 first; the file's order is what people see.
  const images = Object.entries(file.images).toSorted(([one], [other]) => place(one) - place(other));
  const groups = Object.entries(file.groups ?? {}).map(([name, members]) => [name, [...new Set(members)]] as const);
  return {
    source,
    images: new Map(images.map(([name, image]) => [name, imageOf(name, image)])),
    groups: new Map([...groups, [everything, images.map(([name]) => name)]]),
    ...(file.operators === undefined ? {} : { operators: operatorsOf(file.operators) }),
  };
}

function imageOf(name: string, image: ImageFile): CatalogImage {
  const options = optionsOf(image);
  return {
    name,
    dockerfile: normalPath(image.dockerfile),
    context: normalPath(image.context ?? '.'),
    repository: image.repository ?? name,
    target: image.target,
    inputs: inputsOf(image.inputs),
    ...(image.platforms === undefined ? {} : { platforms: [...new Set(image.platforms)] }),
    cacheMounts: [...new Set((image.cacheMounts ?? []).map((path) => path.replace(/\/$/, '')))],
    buildArgs: image.buildArgs ?? {},
    bind: image.bind ?? {},
    deploy: image.deploy,
    ...(options === undefined ? {} : { options }),
  };
}

function inputsOf(inputs: ImageFile['inputs']): ImageInputs {
  if (inputs === 'context') return { kind: 'context' };
  const globs = [...new Set((inputs?.paths ?? []).map(normalPath))];
  if (inputs?.go !== undefined) {
    const folder = normalPath(inputs.go);
    return { kind: 'go', mainPackage: folder === '.' ? '.' : `./${folder}`, paths: globs };
  }
  return inputs?.paths === undefined ? { kind: 'dockerfile' } : { kind: 'paths', globs };
}
