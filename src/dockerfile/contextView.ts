import type { GitTree, TreeEntry } from '../git/gitTree';
import type { FolderMatch, IgnoreRules } from './ignoreRules';
import { compileSource, hasWildcard } from './pattern';
import { realPath } from '../git/links';
import { submoduleAbove } from '../git/submodules';
import { normalise } from '../system/pathText';

/** The files a build gets to see: one folder of the tree, without what .dockerignore keeps out. */
export class ContextView {
  readonly tree: GitTree;
  /** Path of the context in the repository; `''` is the top. */
  readonly folder: string;
  readonly #visible: Uint8Array;
  #all: readonly TreeEntry[] | undefined;
  #submodules: readonly TreeEntry[] | undefined;

  constructor(tree: GitTree, folder: string, rules: IgnoreRules | undefined) {
    this.tree = tree;
    this.folder = normalise(folder);
    this.#visible = new Uint8Array(tree.entries.length);
    this.#mark(this.folder, rules, undefined);
  }

  /** Everything in the context, in the tree's order. */
  get all(): readonly TreeEntry[] {
    return (this.#all ??= this.tree.entries.filter((entry) => this.sees(entry)));
  }

  /** Visible entries that are only the commit of another repository. */
  get submodules(): readonly TreeEntry[] {
    return (this.#submodules ??= this.all.filter((entry) => entry.mode === '160000'));
  }

  sees(entry: TreeEntry): boolean {
    return this.#visible[entry.index] === 1;
  }

  /** A visible file by its path in the repository. */
  entry(path: string): TreeEntry | undefined {
    const entry = this.tree.entry(path);
    return entry !== undefined && this.sees(entry) ? entry : undefined;
  }

  /** The submodule whose files are not here, and that a path of the repository lies in. */
  submoduleAbove(path: string): TreeEntry | undefined {
    return submoduleAbove(this, path);
  }

  /** Path in the context → path in the repository. */
  path(inContext: string): string {
    return this.folder === '' ? inContext : inContext === '' ? this.folder : `${this.folder}/${inContext}`;
  }

  /** Everything visible in a folder of the repository, at any depth. */
  under(folder: string): readonly TreeEntry[] {
    const found: TreeEntry[] = [];
    const open = [folder];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      const directory = this.tree.directory(path);
      for (const entry of directory?.files ?? []) if (this.sees(entry)) found.push(entry);
      open.push(...(directory?.directories ?? []));
    }
    return found;
  }

  /**
   * What a COPY source takes: a file, a folder with all that is in it, or whatever a pattern matches. A link on the way
   * counts as well as what it points to, for Docker follows it.
   */
  source(path: string): readonly TreeEntry[] {
    const { links, paths } = this.matches(path);
    const found = paths.flatMap((match) => {
      const { path: real, links: more } = realPath(this, match);
      const entry = this.entry(real);
      if (entry !== undefined) return [...more, entry];
      const within = this.under(real);
      return [
        ...more,
        ...(within.length > 0 ? within : [this.submoduleAbove(real)].filter((each) => each !== undefined)),
      ];
    });
    return [...links, ...found];
  }

  /** Paths in the repository that a COPY source means, and the links on the way to the folder where it begins. */
  matches(source: string): { readonly links: readonly TreeEntry[]; readonly paths: readonly string[] } {
    if (!hasWildcard(source)) return { links: [], paths: [this.path(source)] };
    const segments = source.split('/');
    const first = segments.findIndex((segment) => hasWildcard(segment));
    const { path: start, links } = realPath(this, this.path(segments.slice(0, first).join('/')));
    const wild = segments.slice(first);
    const pattern = compileSource(wild.join('/'));
    // Docker fails on a malformed pattern; until it does, everything may be meant.
    if (pattern === undefined) return { links, paths: [this.folder] };
    const depth = source.includes('**') ? Infinity : wild.length;
    const paths: string[] = [];
    const strip = start === '' ? 0 : start.length + 1;
    const visit = (folder: string, level: number): void => {
      const directory = this.tree.directory(folder);
      for (const entry of directory?.files ?? []) {
        const link = this.tree.links.has(entry.path) && level < depth;
        if (link || pattern.matches(entry.path.slice(strip))) paths.push(entry.path);
      }
      for (const path of directory?.directories ?? []) {
        if (pattern.matches(path.slice(strip))) paths.push(path);
        else if (level < depth) visit(path, level + 1);
      }
    };
    visit(start, 1);
    return { links, paths };
  }

  #mark(folder: string, rules: IgnoreRules | undefined, match: FolderMatch | undefined): void {
    const directory = this.tree.directory(folder);
    const strip = this.folder === '' ? 0 : this.folder.length + 1;
    for (const entry of directory?.files ?? []) {
      if (rules?.excludes(entry.path.slice(strip), match) !== true) this.#visible[entry.index] = 1;
    }
    for (const path of directory?.directories ?? []) {
      const found = rules?.enter(path.slice(strip), match);
      if (found?.excluded === true && rules?.hasExceptions !== true) continue;
      this.#mark(path, rules, found);
    }
  }
}
