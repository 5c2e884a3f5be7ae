import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { withEnvironment } from '../catalog/environment';
import { loadCatalog } from '../catalog/load';
import { UsageError } from '../errors';
import { containedPath } from '../git/links';
import { Texts } from '../git/texts';
import { readTree, type GitTree } from '../git/gitTree';
import { commitDate, currentBranch, resolveCommit, topLevel } from '../git/git';
import { usableTree } from '../git/filtered';
import { snapshotWorkspace, type Workspace, type WorkspaceCredentials } from '../git/workspace';
import { readBounded } from '../system/boundedFile';
import { bounds, inWords } from '../system/bounds';
import { credentialVariables } from '../system/credentialFiles';
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
  /** What can't be built as it is: path → why. */
  readonly unusable: ReadonlyMap<string, string>;
  readonly catalog: Catalog;
}

/**
 * Opens the repository that `working-directory` is in: at HEAD, because that is what was checked out, also where the event came
 * from another repository; or at the revision given. `privateFolder` gives a folder to note a workspace's files in.
 * Throws SourceError (no repository, no commit) and UsageError (a catalog that can't be worked with).
 */
export async function openSource(
  inputs: Pick<Inputs, 'workingDirectory' | 'context' | 'catalog' | 'credentialsJson'>,
  cwd: string,
  privateFolder: () => string,
  revision = 'HEAD',
): Promise<Source> {
  const folder = resolve(cwd, inputs.workingDirectory);
  // All at once, because each question is a process of its own.
  const [top, commit, branch] = await Promise.all([
    topLevel(folder),
    resolveCommit(folder, revision),
    currentBranch(folder),
  ]);
  const workspace =
    inputs.context === 'workspace'
      ? await snapshotWorkspace(top, privateFolder(), credentials(inputs.credentialsJson))
      : undefined;
  const [date, read] = await Promise.all([
    commitDate(top, commit),
    readTree(top, workspace?.tree ?? commit, workspace?.objectEnv),
  ]);
  try {
    const { tree, unusable } = await usableTree(top, read, workspace);
    const catalog =
      inputs.catalog === undefined
        ? await committedCatalog(tree)
        : withEnvironment(await catalogOnDisk(top, inputs.catalog, folder), process.env);
    return { top, commit, date, branch, tree, workspace, unusable, catalog };
  } catch (thrown) {
    await read.close();
    throw thrown;
  }
}

function credentials(key: string): WorkspaceCredentials {
  return { files: credentialVariables.map((name) => process.env[name] ?? ''), texts: key.trim() === '' ? [] : [key] };
}

/** The catalog as a commit has it: its file under one of the default names, else the built-in one. Throws CatalogError, UsageError. */
export async function committedCatalog(tree: GitTree): Promise<Catalog> {
  return withEnvironment(await loadCatalog({ read: (path) => committedText(tree, path) }), process.env);
}

/** A catalog named outright is read from disk: it may be anywhere, but a link of the repository doesn't lead out of it. */
async function catalogOnDisk(top: string, explicitPath: string, folder: string): Promise<Catalog> {
  return loadCatalog({ read: (path) => textOnDisk(resolve(realpathSync(folder), path), top), explicitPath });
}

async function committedText(tree: GitTree, path: string): Promise<string | undefined> {
  const real = containedPath(tree, path);
  if (real === undefined) throw leadsOut(path);
  const entry = tree.entry(real);
  if (entry === undefined) return undefined;
  const text = await new Texts(tree).of(entry);
  if (text !== undefined) return text;
  throw new UsageError(`The catalog ${path} is not text, or larger than ${inWords(bounds.tree.text)}.`);
}

async function textOnDisk(path: string, top: string): Promise<string | undefined> {
  try {
    const isBelow = (file: string, above: string): boolean => file.startsWith(`${above}/`);
    if (isBelow(path, top) && !isBelow(await realpath(path), await realpath(top))) throw leadsOut(path);
    return await readBounded(path, bounds.catalog.bytes, `The catalog ${path}`);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}

function leadsOut(path: string): UsageError {
  return new UsageError(
    `The catalog ${path} is a link that leads out of the repository, so it is not read. Commit the file itself.`,
  );
}
