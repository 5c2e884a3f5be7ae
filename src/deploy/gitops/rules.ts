import { UsageError } from '../../errors';
import { pathSteps } from '../../system/fieldPath';
import { quoted } from '../../system/quoted';
import type { WantedImage } from './wanted';

/** What of an image is written at a place. */
const parts = ['reference', 'repository', 'registry', 'path', 'digest', 'commit'] as const;
export type Part = (typeof parts)[number];

/** A text that stands for an image: `GITLAB_REGISTRY:IMAGE_TAG`. */
export interface PlaceholderRule {
  readonly placeholder: string;
  readonly image: string;
}

/** A value of a file by its path, as for Helm: `apiserver.image.digest`. */
export interface PathRule {
  readonly path: readonly string[];
  readonly image: string;
  readonly part: Part;
}

/** Where images are to be written, beside the places that are found by themselves. */
export interface EditRules {
  readonly images: readonly WantedImage[];
  readonly placeholders: readonly PlaceholderRule[];
  readonly paths: readonly PathRule[];
  /** The Deployment sets no variables, so that those baked into the images count (up to KFP 2.4.1). */
  readonly bakedVariables?: boolean;
}

/** Reads `TEXT=IMAGE`; the text may itself hold `=`. Throws UsageError. */
export function placeholderRule(flag: string, images: readonly WantedImage[]): PlaceholderRule {
  const at = flag.lastIndexOf('=');
  const [placeholder, image] = [flag.slice(0, at), flag.slice(at + 1)];
  if (at <= 0 || placeholder.trim() === '')
    throw new UsageError(`--set ${quoted(flag)} is not of the form TEXT=IMAGE.`);
  return { placeholder, image: known(image, '--set', images) };
}

/**
 * Reads `PATH=IMAGE[:PART]`, where PART is repository, registry and path (the two halves of repository), digest or commit (the tag
 * `commit-SHA`). As for Helm, `\.` is a dot within a key and `list[0]` an item. Throws UsageError.
 */
export function pathRule(flag: string, images: readonly WantedImage[]): PathRule {
  const [, path = '', image = '', part = 'reference'] = /^([^=]+)=([^=:]+)(?::(\w+))?$/.exec(flag) ?? [];
  if (path === '') throw new UsageError(`--value ${quoted(flag)} is not of the form PATH=IMAGE or PATH=IMAGE:PART.`);
  const asked = parts.find((each) => each === part);
  if (asked === undefined) {
    throw new UsageError(
      `--value ${quoted(flag)}: ${quoted(part)} is not a part of an image. There are repository, registry, path, digest and commit.`,
    );
  }
  // As for Helm, `[0]` behind a key is an item of its list.
  const steps = pathSteps(path).flatMap((step) => {
    const [, key = '', items = ''] = /^(.+?)((?:\[\d+\])+)$/.exec(step) ?? [];
    return key === '' ? [step] : [key, ...items.slice(1, -1).split('][')];
  });
  return { path: steps, image: known(image, '--value', images), part: asked };
}

/** The text of a part. */
export function partOf(image: WantedImage, part: Part): string {
  const slash = image.repository.indexOf('/');
  switch (part) {
    case 'registry':
      return image.repository.slice(0, slash);
    case 'path':
      return image.repository.slice(slash + 1);
    case 'commit':
      return image.tag;
    case 'reference':
    case 'repository':
    case 'digest':
      return image[part];
  }
}

function known(name: string, flag: string, images: readonly WantedImage[]): string {
  if (images.some((image) => image.name === name)) return name;
  throw new UsageError(
    `${flag}: ${quoted(name)} is not an image of this set, which has ${images.map((image) => image.name).join(', ')}.`,
  );
}
