import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SourceError } from '../errors';
import { escapePath, pathFromBytes, pathToBytes } from '../system/pathText';
import type { OnBlob } from './gitBlobs';
import { git } from './gitCommand';
import type { GitTree } from './gitTree';
import { submoduleMend } from './submodules';
import type { Workspace } from './workspace';

/** A tree whose Git LFS files have their content, and what of it can't be built: path → why, and what to do. */
interface Usable {
  readonly tree: GitTree;
  readonly unusable: ReadonlyMap<string, string>;
}

/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md#the-pointer */
interface Pointer {
  readonly sha256: string;
  readonly size: number;
}

/** A pointer is shorter than this by its specification. */
const longestPointer = 1024;

/**
 * What the attributes of a commit, and its submodules, mean for a build from git objects. Git LFS: the content that a pointer names is taken
 * from where `git lfs` keeps it, or from the file that is checked out, when it has the pointer's sha256. Any other filter is not run, so
 * what git stores is not what its users see. A submodule without its files would be an empty folder. None of these is built silently.
 */
export async function usableTree(top: string, tree: GitTree, workspace: Workspace | undefined): Promise<Usable> {
  const unusable = new Map<string, string>(workspace?.withheld);
  for (const { path, mode, oid } of tree.entries) {
    if (mode === '160000') unusable.set(path, noSubmodule(path, oid));
  }
  const filters = await filtersOf(top, tree, workspace);
  const lfs = [...filters].filter(([, filter]) => filter === 'lfs').map(([path]) => path);
  if (workspace === undefined) {
    for (const [path, filter] of filters) if (filter !== 'lfs') unusable.set(path, otherFilter(path, filter));
  }
  if (lfs.length === 0) return { tree, unusable };
  const pointers = await pointersOf(tree, lfs);
  const common = await git(top, 'find the repository', ['rev-parse', '--path-format=absolute', '--git-common-dir']);
  const store = join(common.toString('utf8').replace(/\n$/, ''), 'lfs', 'objects');
  const contents = new Map<string, { readonly file: string; readonly pointer: Pointer; readonly path: string }>();
  for (const [path, pointer] of pointers) {
    const { sha256, size } = pointer;
    const places = [join(store, sha256.slice(0, 2), sha256.slice(2, 4), sha256), join(top, path)];
    // In a workspace the file as it is there is the pointer.
    const file = workspace === undefined ? places.find((place) => isFile(place, size)) : undefined;
    if (file === undefined) unusable.set(path, notFetched(path));
    else contents.set(tree.entry(path)?.oid ?? '', { file, pointer, path });
  }
  const read = async (oids: readonly string[], each: OnBlob): Promise<void> => {
    let waiting: string[] = [];
    for (const oid of oids) {
      const content = contents.get(oid);
      if (content === undefined) {
        waiting.push(oid);
        continue;
      }
      await tree.read(waiting, each);
      waiting = [];
      each(oid, contentOf(content));
    }
    await tree.read(waiting, each);
  };
  return { tree: { ...tree, read }, unusable };
}

function contentOf({ file, pointer, path }: { file: string; pointer: Pointer; path: string }): Buffer {
  const bytes = readFileSync(file);
  if (createHash('sha256').update(bytes).digest('hex') === pointer.sha256) return bytes;
  throw new SourceError(
    `${escapePath(path)} is kept in Git LFS, and ${file} is not what the commit names. \`git lfs fsck\` shows what is wrong; \`git lfs pull\` fetches it again.`,
  );
}

function isFile(place: string, size: number): boolean {
  const about = existsSync(place) ? statSync(place) : undefined;
  return about?.isFile() === true && about.size === size;
}

async function pointersOf(tree: GitTree, paths: readonly string[]): Promise<ReadonlyMap<string, Pointer>> {
  const byOid = new Map<string, string[]>();
  for (const path of paths) {
    const oid = tree.entry(path)?.oid;
    if (oid !== undefined) byOid.set(oid, [...(byOid.get(oid) ?? []), path]);
  }
  const pointers = new Map<string, Pointer>();
  await tree.read([...byOid.keys()], (oid, content) => {
    const pointer = content.length < longestPointer ? readPointer(content.toString('latin1')) : undefined;
    if (pointer !== undefined) for (const path of byOid.get(oid) ?? []) pointers.set(path, pointer);
  });
  return pointers;
}

/** undefined: content that was committed as it is. */
function readPointer(text: string): Pointer | undefined {
  if (!/^version https:\/\/(?:git-lfs\.github\.com|hawser\.github\.com)\/spec\/v1\n/.test(text)) return undefined;
  const sha256 = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size ([0-9]{1,15})$/m.exec(text)?.[1];
  return sha256 === undefined || size === undefined ? undefined : { sha256, size: Number(size) };
}

/** Path → filter, by the attributes of the tree itself. Most trees name none, and then git is not asked. */
async function filtersOf(
  top: string,
  tree: GitTree,
  workspace: Workspace | undefined,
): Promise<ReadonlyMap<string, string>> {
  const attributes = tree.entries.filter(({ path, mode }) => /(^|\/)\.gitattributes$/.test(path) && mode !== '120000');
  let named = false;
  const isNamed = (): boolean => named;
  await tree.read([...new Set(attributes.map(({ oid }) => oid))], (_, content) => {
    named ||= content.includes('filter');
  });
  // A callback sets it, which the checker does not see.
  if (!isNamed()) return new Map();
  const folder = await mkdtemp(join(tmpdir(), 'kfp-images-attributes-'));
  try {
    const env = { ...workspace?.objectEnv, ...tree.objectEnv, GIT_INDEX_FILE: join(folder, 'index') };
    const files = tree.entries.filter(({ mode }) => mode === '100644' || mode === '100755');
    const index = files.map(({ mode, oid, path }) =>
      Buffer.concat([Buffer.from(`${mode} ${oid}\t`), pathToBytes(path), Buffer.from([0])]),
    );
    // An index of our own, as git before 2.40 can't take attributes from a commit.
    await git(top, 'note the files', ['update-index', '-z', '--index-info'], { env, input: Buffer.concat(index) });
    const input = Buffer.concat(files.flatMap(({ path }) => [pathToBytes(path), Buffer.from([0])]));
    const settings = { env, input };
    const args = ['-c', 'core.attributesFile=/dev/null', 'check-attr', '--cached', '-z', '--stdin', 'filter'];
    return readAttributes(await git(top, 'read the attributes', args, settings));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `PATH\0filter\0VALUE\0` …: https://git-scm.com/docs/git-check-attr#_output */
function readAttributes(output: Buffer): ReadonlyMap<string, string> {
  const fields: Buffer[] = [];
  for (let at = 0, end = output.indexOf(0); end >= 0; at = end + 1, end = output.indexOf(0, at)) {
    fields.push(output.subarray(at, end));
  }
  const filters = new Map<string, string>();
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const value = fields[at + 2]?.toString('utf8') ?? '';
    if (!['unspecified', 'unset', 'set'].includes(value)) filters.set(pathFromBytes(fields[at] ?? Buffer.of()), value);
  }
  return filters;
}

function notFetched(path: string): string {
  return `${escapePath(path)} is kept in Git LFS, and its content is not here. Give actions/checkout \`lfs: true\`, or run \`git lfs pull\``;
}

function otherFilter(path: string, filter: string): string {
  return (
    `${escapePath(path)} goes through the git filter ${escapePath(filter)}, which is not run: what git stores would be built. ` +
    'Build the files of the work tree (context: workspace), or leave the file out with .dockerignore'
  );
}

function noSubmodule(path: string, commit: string): string {
  return (
    `${escapePath(path)} is a submodule whose files are not here (commit ${commit.slice(0, 12)}). ${submoduleMend}, ` +
    'or leave it out with .dockerignore'
  );
}
