import { normalise } from '../system/pathText';

/**
 * Paths inside a stage. They start at `/`, or at `?N` where the folder is only known to the build: a base image's own
 * WORKDIR, or one made from a variable. Two paths of the same unknown start can still be compared.
 */
export type StagePath = string;

/** Where files of the context are in a stage. */
export interface Placement {
  /** Path in the context; `''` is all of it. */
  readonly from: string;
  readonly to: StagePath;
  /** `COPY --parents`: below `to`, under its path in the context. */
  readonly parents?: boolean;
  /** So many folders at the start of that path are left out: those before `/./`. */
  readonly pivot?: number;
}

/** Something that is not from the context and may lie among what is. */
export interface Overlay {
  readonly to: StagePath;
  readonly line: number;
}

/** `path` seen from `cwd`, without `.` and `..`. */
export function joinStage(cwd: StagePath, path: string): StagePath {
  const start = path.startsWith('/') ? '/' : (/^(?:\?\d+|\/)/.exec(cwd)?.[0] ?? '/');
  const below = path.startsWith('/') ? path : `${cwd.slice(start.length)}/${path}`;
  const segments = normalise(below);
  return segments === '' ? start : start === '/' ? `/${segments}` : `${start}/${segments}`;
}

/** The path of `inner` below `outer`; `''` where they are the same, undefined where it is not there. */
export function below(outer: StagePath, inner: StagePath): string | undefined {
  if (inner === outer) return '';
  const prefix = outer.endsWith('/') ? outer : `${outer}/`;
  return inner.startsWith(prefix) ? inner.slice(prefix.length) : undefined;
}

/** The files of the context that a path in a stage may mean. `all`: everything that was placed there. */
type Traced = { readonly kind: 'all' } | { readonly kind: 'paths'; readonly paths: readonly string[] };

/** Follows a path in a stage (wildcards allowed) back into the context, through what was placed there. */
export function trace(placement: Placement, path: StagePath): Traced {
  const literal = literalPart(path);
  const rest = below(placement.to, path);
  const inside = below(placement.to, literal) === undefined ? undefined : rest;
  if (inside !== undefined) {
    return inside === '' ? { kind: 'all' } : { kind: 'paths', paths: [join(placement.from, inside)] };
  }
  if (below(literal, placement.to) !== undefined) return { kind: 'all' };
  if (placement.to.startsWith('/') && path.startsWith('/')) return { kind: 'paths', paths: [] };
  // One of the two starts at an unknown folder: any tail of the path may be meant.
  const segments = path
    .replace(/^\?\d+/, '')
    .split('/')
    .filter((segment) => segment !== '');
  if (segments.length === 0) return { kind: 'all' };
  return { kind: 'paths', paths: segments.map((_, index) => join(placement.from, segments.slice(index).join('/'))) };
}

/** The folders before the first wildcard; the path itself where there is none. */
function literalPart(path: StagePath): StagePath {
  const start = /^(?:\?\d+|\/)/.exec(path)?.[0] ?? '/';
  const wildcard = path.slice(start.length).search(/[*?[]/);
  if (wildcard < 0) return path;
  const cut = path.lastIndexOf('/', start.length + wildcard);
  return cut <= 0 ? start : path.slice(0, cut);
}

function join(folder: string, path: string): string {
  return normalise(`${folder}/${path}`);
}

/** Of a single file with another ending than Go's, only itself can be there. */
export function overlaysOf(path: string, to: StagePath, line: number): readonly Overlay[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const file = { to: joinStage(to, name), line };
  return /^[^*?[]+\.(?!go$|d$)\w{1,10}$/.test(name) ? [file] : [{ to, line }, file];
}

/** How many folders of a source are before `/./`: https://docs.docker.com/reference/dockerfile/#copy---parents */
export function pivotOf(path: string): Pick<Placement, 'pivot'> {
  const written = path.replace(/^(\.?\/)+/, '');
  const at = written.indexOf('/./');
  return at < 0 ? {} : { pivot: normalise(written.slice(0, at)).split('/').length };
}
