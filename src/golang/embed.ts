import type { ContextView } from '../dockerfile/contextView';
import { compileSource } from '../dockerfile/pattern';
import type { TreeEntry } from '../git/gitTree';

/**
 * The files that `//go:embed` patterns take, in the package's folder and below: https://pkg.go.dev/embed. Names that
 * start with `.` or `_` are left out of a folder unless the pattern says `all:`; so are nested modules.
 */
export function embeddedFiles(view: ContextView, folder: string, patterns: readonly string[]): readonly TreeEntry[] {
  const found: TreeEntry[] = [];
  for (const written of patterns) {
    const all = written.startsWith('all:');
    const source = all ? written.slice(4) : written;
    const pattern = compileSource(source.replaceAll('**', '*'));
    // Go refuses a malformed pattern; until it does, everything below may be meant.
    if (pattern === undefined) found.push(...view.under(folder));
    else if (source === '.') takeFolder(view, folder, all, found);
    else
      visit(view, folder, folder === '' ? 0 : folder.length + 1, pattern.matches, all, found, source.split('/').length);
  }
  return found;
}

function visit(
  view: ContextView,
  folder: string,
  strip: number,
  matches: (path: string) => boolean,
  all: boolean,
  found: TreeEntry[],
  depth: number,
): void {
  const directory = view.tree.directory(folder);
  for (const entry of directory?.files ?? []) {
    if (view.sees(entry) && matches(entry.path.slice(strip))) found.push(entry);
  }
  for (const path of directory?.directories ?? []) {
    if (isModule(view, path)) continue;
    if (matches(path.slice(strip))) takeFolder(view, path, all, found);
    else if (depth > 1) visit(view, path, strip, matches, all, found, depth - 1);
  }
}

function takeFolder(view: ContextView, folder: string, all: boolean, found: TreeEntry[]): void {
  const directory = view.tree.directory(folder);
  for (const entry of directory?.files ?? []) {
    if (view.sees(entry) && (all || !isHidden(entry.path))) found.push(entry);
  }
  for (const path of directory?.directories ?? []) {
    if (!isModule(view, path) && (all || !isHidden(path))) takeFolder(view, path, all, found);
  }
}

function isHidden(path: string): boolean {
  return /^[._]/.test(path.slice(path.lastIndexOf('/') + 1));
}

function isModule(view: ContextView, folder: string): boolean {
  return view.entry(`${folder}/go.mod`) !== undefined;
}
