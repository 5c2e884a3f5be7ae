import { isAbsolute, resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import { loadCatalog } from '../catalog/load';
import { readFilesAt } from './committedFiles';
import { readTree, type GitTree } from '../plan/gitTree';
import { commitDate, currentBranch, resolveCommit, topLevel } from '../system/git';
import { snapshotWorkspace, writeWorkspace, type Workspace } from '../system/workspace';
import { materialise } from '../system/workTree';
import type { Catalog, Inputs } from '../types';

/** The repository of a run, at the commit that is built. */
export interface Source {
  /** Top folder of the repository. */
  readonly top: string;
  /** 40 hex digits: what HEAD of the working directory names. */
  readonly commit: string;
  /** The committer date, seconds since the epoch. */
  readonly date: number;
  /** The branch checked out; undefined: detached, as on a runner. */
  readonly branch: string | undefined;
  /** To be closed. */
  readonly tree: GitTree;
  /** The work tree as it lay there, with `context: workspace`; undefined: the commit. */
  readonly workspace: Workspace | undefined;
  readonly catalog: Catalog;
}

/**
 * Opens the repository that `working-directory` lies in: at HEAD, because that is what was checked out, also where the event came
 * from another repository. `privateFolder` gives a folder to note a workspace's files in.
 * Throws SourceError (no repository, no commit) and UsageError (a catalog that can't be worked with).
 */
export async function openSource(
  inputs: Pick<Inputs, 'workingDirectory' | 'context' | 'catalog'>,
  cwd: string,
  privateFolder: () => string,
): Promise<Source> {
  const folder = resolve(cwd, inputs.workingDirectory);
  // All at once, because each question is a process of its own.
  const [top, commit, branch] = await Promise.all([
    topLevel(folder),
    resolveCommit(folder, 'HEAD'),
    currentBranch(folder),
  ]);
  const workspace = inputs.context === 'workspace' ? await snapshotWorkspace(top, privateFolder()) : undefined;
  const [date, tree] = await Promise.all([
    commitDate(top, commit),
    readTree(top, workspace?.tree ?? commit, workspace?.objectEnv),
  ]);
  try {
    const catalog = await catalogOf(tree, inputs.catalog, folder);
    return { top, commit, date, branch, tree, workspace, catalog };
  } catch (thrown) {
    await tree.close();
    throw thrown;
  }
}

/** Writes the files that are built into an empty folder: exactly those that the content keys were made from. */
export async function writeFiles(source: Source, directory: string): Promise<void> {
  const { top, commit, workspace } = source;
  await (workspace === undefined ? materialise(top, commit, directory) : writeWorkspace(top, workspace, directory));
}

/** A catalog named outright is read from disk (it may lie anywhere); the default ones are read as committed. */
async function catalogOf(tree: GitTree, explicit: string | undefined, folder: string): Promise<Catalog> {
  const fromDisk = async (path: string): Promise<string | undefined> => {
    try {
      return await readFile(isAbsolute(path) ? path : resolve(folder, path), 'utf8');
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
      throw thrown;
    }
  };
  return loadCatalog({
    read: explicit === undefined ? async (path) => (await readFilesAt(tree, [path])).get(path) : fromDisk,
    ...(explicit === undefined ? {} : { explicitPath: explicit }),
  });
}
