import { normalise } from '../../system/pathText';

/** Which files and folders a repository has, for questions about paths that a Dockerfile names. */
export class RepositoryFiles {
  readonly #files: ReadonlySet<string>;
  readonly #folders = new Set<string>(['']);
  readonly #goFolders = new Set<string>();

  /** Paths from the repository's top, with `/`. */
  constructor(paths: readonly string[]) {
    this.#files = new Set(paths);
    for (const path of paths) {
      const folder = folderOf(path);
      if (path.endsWith('.go') && !path.endsWith('_test.go')) this.#goFolders.add(folder);
      for (let above = folder; !this.#folders.has(above); above = folderOf(above)) this.#folders.add(above);
    }
  }

  isFile(path: string): boolean {
    return this.#files.has(path);
  }

  /** Is there a file or folder of this path? Of a pattern only what is before its first wildcard is looked at. */
  exists(path: string): boolean {
    const parts = normalise(path).split('/');
    const wild = parts.findIndex((part) => /[*?[]/.test(part));
    const plain = (wild < 0 ? parts : parts.slice(0, wild)).join('/');
    return this.#files.has(plain) || this.#folders.has(plain);
  }

  /** Does a folder hold Go code that is not a test? */
  hasGo(folder: string): boolean {
    return this.#goFolders.has(normalise(folder));
  }

  /** Files directly in a folder, but for one. */
  holdsMoreThan(folder: string, file: string): boolean {
    for (const path of this.#files) if (path !== file && path.startsWith(`${folder}/`)) return true;
    return false;
  }
}

/** The folder of a path; empty: the repository's top. */
export function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '' : path.slice(0, end);
}
