import { isList, isRecord } from './data';
import { placeName, type Assignment, type Change } from './assignment';
import type { Path, Source } from './source';
import type { WantedImage } from './wanted';

/** A value and where it is, as the finders look at it. */
export interface At {
  readonly source: Source;
  readonly path: Path;
  readonly value: unknown;
  /** Names of keys that lead here, also out of the text that holds this one; `*` for items. */
  readonly keys: readonly string[];
  /** The object that the patch around it names as its target. */
  readonly target: { readonly kind: string | undefined; readonly name: string | undefined } | undefined;
}

/** Is the target of a patch a Deployment of this name? Both are regular expressions there. */
export function isTarget(target: At['target'], deployment: string): boolean {
  if (target?.name === undefined) return false;
  return matches(target.kind ?? 'Deployment', 'Deployment') && matches(target.name, deployment);
}

/** As kustomize anchors it: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/ */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return pattern === text;
  }
}

/** What a finder gives back. */
export interface Found {
  readonly assignments?: readonly Assignment[];
  readonly problems?: readonly string[];
}

/** Makes an assignment of a change at a place. */
export function assign(
  at: Pick<At, 'source' | 'path'>,
  image: WantedImage,
  role: Assignment['role'],
  change: Change,
  more: Partial<Pick<Assignment, 'by' | 'group'>> = {},
): Assignment {
  return {
    source: at.source,
    path: at.path,
    image: image.name,
    role,
    by: 'shape',
    group: placeName(at),
    ...change,
    ...more,
  };
}

/** A value within another one. */
export function child(at: At, ...steps: Path): At {
  const value = steps.reduce<unknown>((held, step) => {
    if (isList(held)) return held[Number(step)];
    return isRecord(held) && Object.hasOwn(held, step) ? held[step] : undefined;
  }, at.value);
  const keys = steps.map((step) => (typeof step === 'number' ? '*' : step));
  return { ...at, value, path: [...at.path, ...steps], keys: [...at.keys, ...keys] };
}
