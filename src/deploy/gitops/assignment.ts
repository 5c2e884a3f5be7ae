import { quoted } from '../../system/quoted';
import { pathName, type Path, type Source } from './source';

/** What a file is to say at a place. */
export type Assignment = {
  readonly source: Source;
  readonly path: Path;
  /** The image it is for. */
  readonly image: string;
  /**
   * What reaches the cluster by it: the container's image; a variable of it; `entry`: an entry of `images:`, which reaches no variable;
   * `value`: a value whose use is not known.
   */
  readonly role: 'image' | 'variable' | 'entry' | 'value';
  /** How it was found: by the user's rule, by the shape around it, or by the reference that is there. A stronger one counts. */
  readonly by: 'rule' | 'shape' | 'content';
  /** Assignments that only make sense together have the same. */
  readonly group: string;
} & Change;

/** How a place changes. */
export type Change =
  /** The scalar there becomes this. */
  | { readonly kind: 'set'; readonly value: string }
  /** A part of the scalar (or of a file that is not data, with an empty path) becomes another one. */
  | { readonly kind: 'replace'; readonly from: string; readonly to: string }
  /** A new key, the last step of the path. */
  | { readonly kind: 'add'; readonly value: string }
  | { readonly kind: 'remove' }
  /** Another key with another value, in the place of this one. */
  | { readonly kind: 'rename'; readonly key: string; readonly value: string }
  /** New variables in front of a list, or a new list of them. */
  | { readonly kind: 'variables'; readonly variables: readonly { readonly name: string; readonly value: string }[] };

/** One change of a file as a dry run prints it. */
export interface Edit {
  readonly file: string;
  /** Where in the file's data: `spec.images.0.digest`. */
  readonly path: string;
  readonly image: string;
  /** Characters from `start` to `end` of the file, which are `old`, become `new`. */
  readonly start: number;
  readonly end: number;
  readonly old: string;
  readonly new: string;
}

/** Two assignments are about the same place when this is equal. */
export function placeKey({ source, path }: Pick<Assignment, 'source' | 'path'>): string {
  return JSON.stringify([source.file, pathName({ source, path }), path]);
}

/** A place for people: the file, and where in it. */
export function placeName(place: Pick<Assignment, 'source' | 'path'>): string {
  const name = pathName(place);
  return name === '' ? place.source.file : `${place.source.file}: ${quoted(name)}`;
}
