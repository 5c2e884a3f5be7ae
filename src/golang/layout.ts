import type { ContextView } from '../dockerfile/contextView';
import { hasWildcard } from '../dockerfile/pattern';
import { below, joinStage, type Placement, type StagePath } from '../dockerfile/stagePath';
import { directoryOf } from '../git/listing';

/** The files of the context that are in a stage. */
export interface Layout {
  /** Of single files and folders; patterns are resolved. */
  readonly placements: readonly Placement[];
  /** Paths in the context that count with all that is in them, because they are not in the stage as they are in the context. */
  readonly whole: readonly string[];
  /** Is Go code laid over other Go code, so that what imports what can't be read from the context? */
  readonly mixed: boolean;
}

/** How what was copied is in a stage, compared with how it is in the context. */
export function layoutOf(view: ContextView, copied: readonly Placement[]): Layout {
  const placements = copied.flatMap((placement) => resolve(view, placement));
  const folders = placements.filter(({ from }) => isFolder(view, from));
  const root =
    placements.findLast(({ from }) => from === '')?.to ??
    folders.map(rootOf).find((found) => found !== undefined) ??
    placements.map(rootOf).find((found) => found !== undefined);
  const astray = placements.filter((placement) => root === undefined || !fits(view, placement, root, placements));
  const mixed = astray.some(
    ({ from, to }) => (root === undefined || meet(root, to)) && holdsGo(view, from) && folders.length > 0,
  );
  return { placements, whole: astray.map(({ from }) => from), mixed };
}

/** Is a file one that decides what Go packages are and where they are? */
export function isGoSource(path: string): boolean {
  return /(^|\/)(go\.(mod|work)|vendor\/modules\.txt|[^/]*\.go)$/.test(path);
}

/** A folder, or a file under both paths that its destination may mean: the file itself, or the folder to put it in. */
function resolve(view: ContextView, { from, to, parents = false, pivot = 0 }: Placement): readonly Placement[] {
  if (from === '') return [{ from, to }];
  const strip = view.folder === '' ? 0 : view.folder.length + 1;
  const paths = hasWildcard(from) ? view.matches(from).paths.map((path) => path.slice(strip)) : [from];
  return paths.flatMap((path) => {
    if (parents) return [{ from: path, to: joinStage(to, path.split('/').slice(pivot).join('/')) }];
    const name = path.slice(path.lastIndexOf('/') + 1);
    return isFolder(view, path)
      ? [{ from: path, to }]
      : [
          { from: path, to },
          { from: path, to: joinStage(to, name) },
        ];
  });
}

function isFolder(view: ContextView, path: string): boolean {
  return view.tree.directory(view.path(path)) !== undefined;
}

/** Where the context's top is, if this was copied to where it belongs. */
function rootOf({ from, to }: Placement): StagePath | undefined {
  if (from === '') return to;
  if (!to.endsWith(`/${from}`)) return undefined;
  const root = to.slice(0, -from.length - 1);
  return root === '' ? '/' : root;
}

/** A file fits if one of its two meanings does. */
function fits(view: ContextView, { from, to }: Placement, root: StagePath, all: readonly Placement[]): boolean {
  const wanted = joinStage(root, from);
  if (to === wanted) return true;
  if (isFolder(view, from)) return false;
  return joinStage(root, directoryOf(from)) === to || all.some((other) => other.from === from && other.to === wanted);
}

function holdsGo(view: ContextView, path: string): boolean {
  const whole = view.path(path);
  return isGoSource(whole) || view.under(whole).some((entry) => isGoSource(entry.path));
}

/** Is one of two folders in the other? Where one is only known to the build, it may. */
export function meet(one: StagePath, other: StagePath): boolean {
  if (one.startsWith('?') !== other.startsWith('?')) return true;
  return below(one, other) !== undefined || below(other, one) !== undefined;
}
