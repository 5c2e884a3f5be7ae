import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * The folder that git would take for a bare repository when it is started in `folder`; undefined: it finds a `.git`
 * first, or nothing. A commit can hold such a folder, with a configuration that names programs.
 * Where git looks: https://git-scm.com/docs/gitrepository-layout
 */
export function bareRepositoryAround(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return undefined;
    if (basename(at) !== '.git' && isBare(at)) return at;
    if (dirname(at) === at) return undefined;
  }
}

function isBare(folder: string): boolean {
  return existsSync(join(folder, 'HEAD')) && isFolder(join(folder, 'objects')) && isFolder(join(folder, 'refs'));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
