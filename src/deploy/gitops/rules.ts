import { UsageError } from '../../errors';
import { quoted } from '../../system/quoted';
import type { WantedImage } from './wanted';

/** What of an image is written at a place. */
export type Part = 'reference' | 'repository' | 'digest' | 'commit';

/** A text that stands for an image: `GITLAB_REGISTRY:IMAGE_TAG`. */
export interface PlaceholderRule {
  readonly placeholder: string;
  readonly image: string;
}

/** A value of a YAML file by its path, as for Helm: `apiserver.image.digest`. */
export interface PathRule {
  readonly path: readonly string[];
  readonly image: string;
  readonly part: Part;
}

/** Reads `TEXT=IMAGE`; the text may itself hold `=`. Throws UsageError. */
export function placeholderRule(flag: string, images: readonly WantedImage[]): PlaceholderRule {
  const at = flag.lastIndexOf('=');
  const [placeholder, image] = [flag.slice(0, at), flag.slice(at + 1)];
  if (at <= 0 || placeholder.trim() === '')
    throw new UsageError(`--set ${quoted(flag)} is not of the form TEXT=IMAGE.`);
  return { placeholder, image: known(image, '--set', images) };
}

/** Reads `PATH=IMAGE[:PART]`, where PART is repository, digest or commit. Throws UsageError. */
export function pathRule(flag: string, images: readonly WantedImage[]): PathRule {
  const [, path = '', image = '', part = 'reference'] = /^([^=]+)=([^=:]+)(?::(\w+))?$/.exec(flag) ?? [];
  if (path === '') throw new UsageError(`--value ${quoted(flag)} is not of the form PATH=IMAGE or PATH=IMAGE:PART.`);
  if (!isPart(part)) {
    throw new UsageError(
      `--value ${quoted(flag)}: ${quoted(part)} is no part of an image. There are repository, digest and commit.`,
    );
  }
  return { path: path.split('.'), image: known(image, '--value', images), part };
}

/** The text of a part. */
export function partOf(image: WantedImage, part: Part): string {
  return image[part];
}

function isPart(text: string): text is Part {
  return ['reference', 'repository', 'digest', 'commit'].includes(text);
}

function known(name: string, flag: string, images: readonly WantedImage[]): string {
  if (images.some((image) => image.name === name)) return name;
  throw new UsageError(
    `${flag}: ${quoted(name)} is no image of this set, which has ${images.map((image) => image.name).join(', ')}.`,
  );
}
