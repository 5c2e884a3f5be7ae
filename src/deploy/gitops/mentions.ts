import { quoted } from '../../system/quoted';
import { pathText } from '../../system/fieldPath';
import { placeKey, placeName, type Assignment } from './assignment';
import { isList, isRecord } from './data';
import { lineOf } from './lines';
import { imageOfRepository, repositoryOf } from './references';
import type { Path, Source } from './source';
import type { WantedImage } from './wanted';

/** More are only counted: a list of every image that there is helps nobody. */
const mostShown = 5;

/** A value that names an image. */
interface Mention {
  readonly source: Source;
  readonly path: Path;
  readonly text: string;
  readonly image: WantedImage;
}

/**
 * Values that name an image of the set by one of its names and are not written, because nothing around them says what for: they may be pinned
 * on purpose, or be overlooked. `assignments`: what was found to be written, and what somebody else writes. Pure; sentences for people.
 */
export function unwrittenMentions(
  sources: readonly Source[],
  assignments: readonly Assignment[],
  images: readonly WantedImage[],
): readonly string[] {
  const placed = new Set(assignments.map(placeKey));
  // An entry of a kustomization reaches containers, wherever they are.
  const renamed = new Set(assignments.filter(({ path }) => path.at(-3) === 'images').map(({ image }) => image));
  const found = sources
    .flatMap((source) => mentionsOf(source, images))
    .filter((each) => !placed.has(placeKey(each)))
    .filter(({ path, image }) => !(path.at(-1) === 'image' && renamed.has(image.name)));
  const more = found.length - mostShown;
  const rest = more === 1 ? 'So does one more place of the files.' : `So do ${more} more places of the files.`;
  return [...found.slice(0, mostShown).map(sentence), ...(more > 0 ? [rest] : [])];
}

function sentence({ source, path, text, image }: Mention): string {
  const place = { source, path };
  return (
    `${placeName(place)} (line ${lineOf(place)}) names ${quoted(text)} and is not written. ` +
    `If it is to be the set's ${image.name}: --value ${quoted(`${pathText(stepsOf(place))}=${image.name}`)}.`
  );
}

/** The steps that `--value` takes: without the number of the document, through the texts around it. */
function stepsOf({ source, path }: Pick<Mention, 'source' | 'path'>): readonly string[] {
  const own = (source.format.kind === 'yaml' ? path.slice(1) : path).map(String);
  return source.within === undefined ? own : [...stepsOf(source.within), ...own];
}

function mentionsOf(source: Source, images: readonly WantedImage[]): readonly Mention[] {
  const found: Mention[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (path.at(-1) === 'kubectl.kubernetes.io/last-applied-configuration') return;
    if (typeof value === 'string') {
      const image = value.length > 1000 ? undefined : imageOfRepository(repositoryOf(value), images);
      // The name that an entry of `images:` looks for is no place for another one.
      const isSought = path.at(-1) === 'name' && path.at(-3) === 'images';
      if (image !== undefined && !isSought) found.push({ source, path, text: value, image });
    } else if (isList(value)) value.forEach((each, index) => visit(each, [...path, index]));
    // A patch that tests for the old image is about the base.
    else if (isRecord(value) && value['op'] !== 'test')
      for (const [key, each] of Object.entries(value)) visit(each, [...path, key]);
  };
  for (const [index, document] of source.data.entries()) visit(document, source.format.kind === 'yaml' ? [index] : []);
  return found;
}
