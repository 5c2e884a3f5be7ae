import { UsageError } from '../../errors';
import { isLeaf, isList, isRecord, valueAt } from './data';
import { placeName, type Assignment } from './assignment';
import { assign } from './placedValue';
import { findAssignments } from './find';
import { nestedAt } from './nested';
import { extended, referencesTo } from './references';
import { partOf, type EditRules, type PathRule, type PlaceholderRule } from './rules';
import type { Path, Source } from './source';
import type { WantedImage } from './wanted';

/** What the user's own rules say of files. Throws UsageError for a rule that matches nothing in any of them. */
export function ruleAssignments(sources: readonly Source[], rules: EditRules): readonly Assignment[] {
  const within = sources.flatMap((source) => findAssignments(source, rules.images).sources);
  return [
    ...rules.placeholders.flatMap((rule) => placeholderAssignments(within, rule, rules.images)),
    ...rules.paths.flatMap((rule) => pathAssignments(sources, rule, rules.images)),
  ];
}

/**
 * Every value that is the text, or holds it as a word of its own; with a tag or digest behind it, those belong to it. A text that is nowhere
 * has been replaced by an earlier run where references to the image's repository are: they are brought up to date.
 */
function placeholderAssignments(
  sources: readonly Source[],
  { placeholder, image: name }: PlaceholderRule,
  images: readonly WantedImage[],
): readonly Assignment[] {
  const image = imageNamed(name, images);
  const found = sources.flatMap((source) =>
    textsOf(source).flatMap(({ path, text }) =>
      extended(placeholder, text).map((from) =>
        assign({ source, path }, image, 'value', { kind: 'replace', from, to: image.reference }, { by: 'rule' }),
      ),
    ),
  );
  if (found.length > 0) return found;
  const texts = sources.flatMap((source) => textsOf(source).map(({ text }) => text));
  if (texts.some((text) => referencesTo(image.repository, text).length > 0)) return [];
  const isPart = texts.some((text) => text.includes(placeholder));
  throw new UsageError(
    isPart
      ? `--set: the text ${JSON.stringify(placeholder)} is in the files only as a part of a longer value. Give the whole value, or its place with --value PATH=IMAGE.`
      : `--set: none of the files has the text ${JSON.stringify(placeholder)} in a value, nor a reference to ${name} to bring up to date.`,
  );
}

/** A value by its path, in any document of the files, through texts that are YAML or `KEY=value` lines themselves. */
function pathAssignments(
  sources: readonly Source[],
  rule: PathRule,
  images: readonly WantedImage[],
): readonly Assignment[] {
  const image = imageNamed(rule.image, images);
  const value = partOf(image, rule.part);
  const found = sources.flatMap((source) =>
    placesOf(source, rule.path).map((place) => assign(place, image, 'value', { kind: 'set', value }, { by: 'rule' })),
  );
  const twice = found.find(
    ({ source, path }) =>
      source.format.kind === 'env' && source.format.pairs.filter(({ key }) => key === path[0]).length > 1,
  );
  if (twice !== undefined) throw new UsageError(`${placeName(twice)} is there twice. Leave one of them.`);
  if (found.length > 0) return found;
  throw new UsageError(`--value: none of the files has a single value at ${rule.path.join('.')}. Add it there first.`);
}

function placesOf(
  source: Source,
  path: readonly string[],
): readonly { readonly source: Source; readonly path: Path }[] {
  return source.data.flatMap((document, index) => {
    const start = source.format.kind === 'yaml' ? [index] : [];
    for (let length = path.length; length > 0; length--) {
      const steps = path.slice(0, length);
      const value = valueAt(document, steps);
      if (value === undefined) continue;
      const at = [...start, ...steps];
      const rest = path.slice(length);
      if (rest.length === 0) return isLeaf(value) ? [{ source, path: at }] : [];
      const nested = typeof value === 'string' ? nestedAt(source, at, value) : undefined;
      return nested === undefined ? [] : placesOf(nested, rest);
    }
    return [];
  });
}

/** Every text of a source: those of its values; all of it where it is not data. Texts that are sources themselves are left to those. */
function textsOf(source: Source): readonly { readonly path: Path; readonly text: string }[] {
  if (source.format.kind === 'text') return [{ path: [], text: source.text }];
  const found: { path: Path; text: string }[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (typeof value === 'string') {
      if (nestedAt(source, path, value) === undefined) found.push({ path, text: value });
    } else if (isList(value)) value.forEach((each, index) => visit(each, [...path, index]));
    else if (isRecord(value)) for (const [key, each] of Object.entries(value)) visit(each, [...path, key]);
  };
  for (const [index, document] of source.data.entries()) visit(document, source.format.kind === 'yaml' ? [index] : []);
  return found;
}

function imageNamed(name: string, images: readonly WantedImage[]): WantedImage {
  const image = images.find((each) => each.name === name);
  if (image === undefined) throw new UsageError(`${name} is not an image of this set.`);
  return image;
}
