import { DeployError, UsageError } from '../../errors';
import { isRecord } from './data';
import type { Assignment } from './assignment';
import type { EditedFile } from './edits';
import type { EditRules } from './rules';
import { currentValue } from './write';
import type { WantedImage } from './wanted';

/**
 * Refuses files that hold a part of what must be of one commit: an apiserver with another commit's driver and launcher, or a driver without
 * its apiserver. An `images:` entry of a kustomization reaches no variable, so that it counts for images that run in a Deployment only.
 * `left`: what was left alone and why. Gives warnings. Pure. Throws UsageError where the set itself lacks a part, else DeployError.
 */
export function requireWholeSet(
  files: readonly Pick<EditedFile, 'assignments'>[],
  { images, bakedVariables }: EditRules,
  left: readonly string[] = [],
): readonly string[] {
  const all = files.flatMap(({ assignments }) => assignments);
  const reached = new Set(all.flatMap((each) => reachedBy(each, images)));
  const warnings: string[] = [];
  // What runs in a Deployment first: it knows which variables are missing.
  const sorted = images.toSorted((a, b) => Number(b.deploy !== undefined) - Number(a.deploy !== undefined));
  for (const image of sorted.filter(({ name }) => reached.has(name))) {
    const missing = image.belongsTo.filter((name) => !reached.has(name));
    if (missing.length === 0) continue;
    const absent = missing.filter((name) => !images.some((each) => each.name === name));
    if (absent.length > 0) {
      throw new UsageError(
        `The set has ${image.name} but not ${absent.join(' and ')}. They must be of one commit, or runs fail. Build a set that has all of ` +
          'them (what did not change is reused). Nothing is written.',
      );
    }
    const variables = image.env.filter((each) => missing.includes(each.image));
    if (variables.length < missing.length) throw new DeployError(withoutOther(image, missing, left));
    if (missing.length === image.env.length && (bakedVariables === true || isOldName(all, image))) {
      warnings.push(
        `${image.name} is written, but no file has ${namesOf(variables)}. From KFP 2.5.0 on the base manifests ` +
          `set them, so that runs would use other images than those of this set: add the Deployment's patch with them to --file.`,
      );
      continue;
    }
    throw new DeployError(withoutVariables(image, variables, left));
  }
  return warnings;
}

function reachedBy(assignment: Assignment, images: readonly WantedImage[]): readonly string[] {
  if (assignment.role === 'entry') return [];
  if (assignment.kind !== 'variables') return [assignment.image];
  const names = assignment.variables.map(({ name }) => name);
  return images.flatMap(({ env }) => env.flatMap(({ variable, image }) => (names.includes(variable) ? [image] : [])));
}

function withoutOther(image: WantedImage, missing: readonly string[], left: readonly string[]): string {
  return (
    `The files have a place for ${image.name}, but none for ${missing.join(' and ')}: half a set, with which runs fail ` +
    `(${image.name} and ${missing.join(', ')} must be of one commit). Give the file that has it (--file), or name its place ` +
    `(--value PATH=${missing[0] ?? ''}).${more(left)} Nothing is written.`
  );
}

function withoutVariables(image: WantedImage, missing: WantedImage['env'], left: readonly string[]): string {
  const patch = missing.map(({ variable, reference }) => `          - {name: ${variable}, value: "${reference}"}`);
  const { deployment = '', container = '' } = image.deploy ?? {};
  return [
    `The files have a place for ${image.name}, but none for ${namesOf(missing)}: half a set. From KFP 2.5.0 on the base manifests set ` +
      `them, and \`images:\` of a kustomization does not reach variables, so that runs would use other images than those of this set.${more(left)}`,
    'Give the file that has them (--file), name their places (--value PATH=driver), or add this patch of the Deployment:',
    '  apiVersion: apps/v1\n  kind: Deployment',
    `  metadata: {name: ${deployment}}`,
    `  spec:\n    template:\n      spec:\n        containers:\n        - name: ${container}\n          env:`,
    ...patch,
    'Where the Deployment sets none of them (up to KFP 2.4.1) those in the image count: say so with --baked-variables. Nothing is written.',
  ].join('\n');
}

function namesOf(variables: WantedImage['env']): string {
  return variables.map(({ variable }) => variable).join(' and ');
}

function more(left: readonly string[]): string {
  return left.map((each) => ` ${each}`).join('');
}

/** The names of up to KFP 2.3.0, whose manifests set no variables: only those baked into the image count. */
function isOldName(all: readonly Assignment[], image: WantedImage): boolean {
  const entries = all.filter((each) => each.image === image.name && each.by === 'shape');
  return (
    entries.length > 0 &&
    entries.every(({ source, path }) => {
      const entry = currentValue({ source, path: path.slice(0, -1) });
      return isRecord(entry) && String(entry['name']).startsWith('gcr.io/ml-pipeline/');
    })
  );
}
