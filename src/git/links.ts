import type { GitTree, TreeEntry } from './gitTree';
import { normalise } from '../system/pathText';
import { directoryOf } from './listing';

/** What following links needs: a tree, or the part of one that a build gets to see. */
export interface Linked {
  readonly tree: GitTree;
  /** The context's own folder; `''` is the top. */
  readonly folder: string;
  entry(path: string): TreeEntry | undefined;
  /** Path in the context → path in the repository. */
  path(inContext: string): string;
}

/** Linux gives up after as many: https://man7.org/linux/man-pages/man7/path_resolution.7.html */
const most = 40;

/** A path that is, or is below, a symbolic link: where it really is, and the links on the way. */
export function realPath(view: Linked, path: string): { readonly path: string; readonly links: readonly TreeEntry[] } {
  const links: TreeEntry[] = [];
  let real = path;
  while (view.tree.links.size > 0 && view.tree.directory(real) === undefined && links.length < most) {
    const link = firstLink(view, real);
    const target = link === undefined ? undefined : linkTarget(view, link.path);
    if (link === undefined || target === undefined) break;
    links.push(link);
    const rest = real.slice(link.path.length);
    real = target === '' ? rest.slice(1) : target + rest;
  }
  return { path: real, links };
}

/** A file and, where it is a symbolic link, what it leads to: every link on the way and the file at the end. */
export function realFile(view: Linked, entry: TreeEntry): readonly TreeEntry[] {
  const chain = [entry];
  let at = entry;
  while (at.mode === '120000' && chain.length < most) {
    const target = linkTarget(view, at.path);
    const next = target === undefined ? undefined : view.entry(target);
    if (next === undefined) break;
    chain.push(next);
    at = next;
  }
  return chain;
}

/** Where a link points, as a path in the repository. Nothing leads out of the context: its top is `/`, and stays so. */
function linkTarget(view: Linked, path: string): string | undefined {
  const target = view.tree.links.get(path);
  if (target === undefined) return undefined;
  const inContext = view.folder === '' ? path : path.slice(view.folder.length + 1);
  return view.path(normalise(target.startsWith('/') ? target : `${directoryOf(inContext)}/${target}`));
}

function firstLink(view: Linked, path: string): TreeEntry | undefined {
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const entry = view.entry(end < 0 ? path : path.slice(0, end));
    if (entry?.mode === '120000') return entry;
    if (end < 0) return undefined;
  }
}

/**
 * Where a path of the repository really is, every link on the way followed as the file system does; undefined: a link leads out of the
 * repository, or in a circle. The path itself need not exist.
 */
export function containedPath(tree: Pick<GitTree, 'links'>, path: string): string | undefined {
  const open = path.split('/').reverse();
  const at: string[] = [];
  for (let followed = 0; ;) {
    const segment = open.pop();
    if (segment === undefined) return at.join('/');
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      if (at.pop() === undefined) return undefined;
      continue;
    }
    const target = tree.links.get([...at, segment].join('/'));
    if (target === undefined) at.push(segment);
    else if (target.startsWith('/') || (followed += 1) > most) return undefined;
    else open.push(...target.split('/').reverse());
  }
}
