import type { ContextView } from '../dockerfile/contextView';
import { normalise } from '../system/pathText';
import type { TreeEntry } from '../git/gitTree';
import type { Modules } from './modules';
import { selectPackage, sourcesOf, type GoPackage } from './packages';
import type { ParsedFiles, Source } from './parsedFiles';
import type { GoTarget } from './target';
import { realPath } from '../git/links';
import { directoryOf } from '../git/listing';

/** A package to start from. `everyGoFile`: named as `dir/*.go`, so build constraints don't count in it. */
export interface GoRoot {
  readonly folder: string;
  readonly everyGoFile: boolean;
}

/** The files of the repository that building some packages reads. */
interface Closure {
  readonly files: readonly TreeEntry[];
  /** Folders of the packages, the roots among them. */
  readonly folders: readonly string[];
  /** Folders that are imported and hold no package here. */
  readonly missing: readonly string[];
  /** Paths of files that could not be read as Go. */
  readonly unreadable: readonly string[];
}

interface Node extends GoPackage {
  readonly next: readonly string[];
}

/**
 * The packages of one module set, compiled in one way. Images that are alike in that share it; the files themselves
 * are read once for all graphs (`parsed`).
 */
export class GoGraph {
  readonly #view: ContextView;
  readonly #modules: Modules;
  readonly #target: GoTarget;
  readonly #parsed: ParsedFiles;
  readonly #nodes = new Map<string, Node>();

  constructor(view: ContextView, modules: Modules, target: GoTarget, parsed: ParsedFiles) {
    this.#view = view;
    this.#modules = modules;
    this.#target = target;
    this.#parsed = parsed;
  }

  /** Reads, round by round, every package that these roots reach. */
  async expand(roots: readonly GoRoot[]): Promise<void> {
    let frontier = [...new Set(roots.map(keyOf))].filter((key) => !this.#nodes.has(key));
    while (frontier.length > 0) {
      await this.#parsed.load(this.#sources(frontier));
      const found = new Set<string>();
      for (const key of frontier) {
        const node = await this.#node(key);
        this.#nodes.set(key, node);
        for (const next of node.next) found.add(next);
      }
      frontier = [...found].filter((key) => !this.#nodes.has(key));
    }
  }

  /** What expanded roots reach. */
  closure(roots: readonly GoRoot[]): Closure {
    const files = new Set<TreeEntry>();
    const folders = new Set<string>();
    const missing = new Set<string>();
    const unreadable = new Set<string>();
    const reached = new Set(roots.map(keyOf));
    for (const key of reached) {
      const node = this.#nodes.get(key);
      const folder = folderOf(key);
      if (node === undefined || node.files.length === 0) {
        missing.add(folder);
        continue;
      }
      folders.add(folder);
      for (const entry of node.files) files.add(entry);
      for (const name of node.unreadable) unreadable.add(`${folder}/${name}`);
      for (const next of node.next) reached.add(next);
    }
    return { files: [...files], folders: [...folders], missing: [...missing], unreadable: [...unreadable] };
  }

  *#sources(keys: readonly string[]): Generator<Source> {
    for (const key of keys) yield* sourcesOf(this.#view, realPath(this.#view, folderOf(key)).path);
  }

  async #node(key: string): Promise<Node> {
    const { path: folder, links } = realPath(this.#view, folderOf(key));
    const found = selectPackage(this.#view, folder, this.#parsed, this.#target, key.endsWith('*'));
    const extra = await this.#included(folder, found.includes);
    const next = found.imports.flatMap((path) =>
      path.startsWith('.') ? normalise(`${folder}/${path}`) : this.#modules.resolve(path),
    );
    const files = found.files.length === 0 ? [] : [...links, ...found.files, ...extra];
    return { ...found, files, next };
  }

  /** Headers and libraries in other folders, and what those include in turn. */
  async #included(folder: string, includes: readonly string[]): Promise<readonly TreeEntry[]> {
    const found = new Set<TreeEntry>();
    let open = includes.map((path) => ({ from: folder, path }));
    while (open.length > 0) {
      const fresh: TreeEntry[] = [];
      for (const { from, path } of open) {
        // `-I.` has the package's own folder looked through for what other files include.
        for (const place of new Set([normalise(`${from}/${path}`), normalise(`${folder}/${path}`)])) {
          for (const entry of this.#named(place, folder)) {
            if (!found.has(entry)) fresh.push(entry);
            found.add(entry);
          }
        }
      }
      await this.#parsed.load(fresh.map(({ path, oid }) => ({ name: path.endsWith('.go') ? path : `${path}.h`, oid })));
      open = fresh.flatMap((entry) =>
        (this.#parsed.native(entry.oid)?.includes ?? []).map((path) => ({ from: directoryOf(entry.path), path })),
      );
    }
    return [...found];
  }

  /** A file, or all that is in a folder (`-I${SRCDIR}/include`); the package's own folder is looked at anyway. */
  #named(path: string, folder: string): readonly TreeEntry[] {
    const entry = this.#view.entry(path);
    if (entry !== undefined) return [entry];
    return path === '' || path === folder ? [] : this.#view.under(path);
  }
}

function keyOf(root: GoRoot): string {
  return root.everyGoFile ? `${root.folder}*` : root.folder;
}

function folderOf(key: string): string {
  return key.endsWith('*') ? key.slice(0, -1) : key;
}
