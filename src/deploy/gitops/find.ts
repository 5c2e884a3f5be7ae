import { isList, isRecord } from './data';
import type { Assignment } from './assignment';
import { assign, child, type At } from './placedValue';
import { nestedAt } from './nested';
import { referencesTo } from './references';
import { deploymentShape, variableShapes } from './deploymentShapes';
import { argocdShape, kustomizeShape } from './kustomizeShapes';
import { helmShape } from './helmShapes';
import { jsonPatchShape } from './jsonPatchShapes';
import { operatorShape } from './operatorShapes';
import type { Path, Source } from './source';
import type { WantedImage } from './wanted';

/** Everything that was found in a source and the texts in it. */
export interface Findings {
  readonly assignments: readonly Assignment[];
  /** Why a set can't be written here, whatever else was found. */
  readonly problems: readonly string[];
  /** Every source: the file, and the texts in it. */
  readonly sources: readonly Source[];
}

/**
 * Every place of a file that says something of one of the images: found by the shape around it wherever in the file it is (so in lists of
 * objects, in Applications and in texts that are YAML themselves), or by the reference to one of the set's repositories that is there.
 * Pure.
 */
export function findAssignments(source: Source, images: readonly WantedImage[]): Findings {
  const assignments: Assignment[] = [];
  const problems: string[] = [];
  const sources: Source[] = [];
  const shapes = [
    deploymentShape,
    variableShapes,
    kustomizeShape,
    argocdShape,
    helmShape,
    jsonPatchShape,
    operatorShape,
  ];
  const visitSource = (each: Source, keys: At['keys'], target: At['target']): void => {
    sources.push(each);
    if (each.format.kind === 'text') assignments.push(...contentAssignments(each, [], each.text, images));
    for (const [index, value] of each.data.entries())
      visit({ source: each, path: each.format.kind === 'yaml' ? [index] : [], value, keys, target });
  };
  const visit = (at: At): void => {
    const { value } = at;
    if (at.keys.at(-1) === 'kubectl.kubernetes.io/last-applied-configuration') return;
    if (typeof value === 'string') {
      const nested = nestedAt(at.source, at.path, value);
      if (nested !== undefined) visitSource(nested, at.keys, at.target);
      else assignments.push(...contentAssignments(at.source, at.path, value, images));
      return;
    }
    for (const shape of shapes) {
      const found = shape(at, images);
      assignments.push(...(found.assignments ?? []));
      problems.push(...(found.problems ?? []));
    }
    if (isList(value)) for (const index of value.keys()) visit(child(at, index));
    else if (isRecord(value)) {
      const target = targetOf(value) ?? at.target;
      for (const key of Object.keys(value)) visit({ ...child(at, key), target });
    }
  };
  visitSource(source, [], undefined);
  return { assignments, problems, sources };
}

/** A patch of a kustomization names what it is for: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/ */
function targetOf(value: Readonly<Record<string, unknown>>): At['target'] {
  const target = value['target'];
  if (!isRecord(target) || (value['patch'] === undefined && value['path'] === undefined)) return undefined;
  const text = (key: string): string | undefined => {
    const own = target[key];
    return typeof own === 'string' ? own : undefined;
  };
  return { kind: text('kind'), name: text('name') };
}

/** References to the set's own repositories in a text, whatever their tag or digest: what an earlier run wrote. */
function contentAssignments(
  source: Source,
  path: Path,
  text: string,
  images: readonly WantedImage[],
): readonly Assignment[] {
  return images.flatMap((image) =>
    referencesTo(image.repository, text).map((from) =>
      assign({ source, path }, image, 'value', { kind: 'replace', from, to: image.reference }, { by: 'content' }),
    ),
  );
}
