import { DeployError, UsageError } from '../../errors';
import { deploymentEdits } from './deploymentEdits';
import { kustomizeEdits } from './kustomizeEdits';
import type { PathRule, PlaceholderRule } from './rules';
import { readYaml, type YamlSource } from './source';
import { splice } from './splice';
import { pathEdits, placeholderEdits, referenceEdits, type Found } from './textEdits';
import type { WantedImage } from './wanted';

/** Where images are to be written, beside the places that are found by themselves. */
export interface EditRules {
  readonly images: readonly WantedImage[];
  readonly placeholders: readonly PlaceholderRule[];
  readonly paths: readonly PathRule[];
}

/** A file of a GitOps repository before and after. */
export interface EditedFile {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** Images whose place it has. */
  readonly images: readonly string[];
}

/** All files together. */
export interface Edited {
  readonly files: readonly EditedFile[];
  readonly warnings: readonly string[];
}

/**
 * Writes a set into files. Pure: texts in, texts out; every byte that is not an image's stays. Throws UsageError when a rule or a file
 * matches nothing, DeployError when two rules claim one place: then nothing is written anywhere.
 */
export function editFiles(
  files: readonly { readonly path: string; readonly text: string }[],
  rules: EditRules,
): Edited {
  const sources = files.map(({ path, text }) => readYaml(path, text));
  refuseUnmatched(sources, rules);
  const edited = sources.map((source) => editFile(source, rules));
  const idle = edited.find(({ images }) => images.length === 0);
  if (idle !== undefined) {
    throw new UsageError(
      `${idle.path} has no place for an image of the set: no Deployment or kustomization entry of one, and no text that stands for it. ` +
        'Name the place: --set TEXT=IMAGE, or --value PATH=IMAGE.',
    );
  }
  return { files: edited, warnings: warningsOf(edited, rules.images) };
}

function editFile(source: YamlSource, { images, placeholders, paths }: EditRules): EditedFile {
  const { path, text } = source;
  const found: readonly Found[] = [
    placeholderEdits(source, placeholders, images),
    pathEdits(source, paths, images),
    kustomizeEdits(source, images),
    deploymentEdits(source, images),
  ];
  const claimed = found.flatMap(({ edits }) => edits);
  // What has been found by its place is not looked at again by its content.
  const byContent = referenceEdits(source, images);
  const free = byContent.edits.filter(
    ({ start, end }) => !claimed.some((edit) => edit.start < end && start < edit.end),
  );
  try {
    const after = splice(text, [...claimed, ...free]);
    return { path, before: text, after, images: [...new Set([...found, byContent].flatMap((each) => each.images))] };
  } catch (cause) {
    if (cause instanceof DeployError) throw new DeployError(`${path}: ${cause.message}`, { cause });
    throw cause;
  }
}

/** A rule that matches nothing is a mistake, unless an earlier run has replaced its placeholder already. */
function refuseUnmatched(sources: readonly YamlSource[], { images, placeholders, paths }: EditRules): void {
  for (const rule of placeholders) {
    const isThere = sources.some(
      (source) =>
        placeholderEdits(source, [rule], images).images.length > 0 ||
        referenceEdits(source, images).images.includes(rule.image),
    );
    if (!isThere) {
      throw new UsageError(
        `--set: none of the files has the text ${JSON.stringify(rule.placeholder)} in a value, nor a reference to ${rule.image} to bring up to date.`,
      );
    }
  }
  for (const rule of paths) {
    if (sources.some((source) => pathEdits(source, [rule], images).images.length > 0)) continue;
    throw new UsageError(
      `--value: none of the files has a single value at ${rule.path.join('.')}. Add it there first.`,
    );
  }
}

function warningsOf(files: readonly EditedFile[], images: readonly WantedImage[]): readonly string[] {
  const found = new Set(files.flatMap((file) => file.images));
  return images.flatMap(({ name, env }) => {
    const missing = env.filter(({ image }) => !found.has(image));
    if (!found.has(name) || missing.length === 0) return [];
    return [
      `${name} is written, but no file has ${missing.map(({ variable }) => variable).join(' and ')}. From KFP 2.5.0 on the base manifests ` +
        `set them, so that runs would use other images than those of this set: add the Deployment's patch with them to --file.`,
    ];
  });
}
