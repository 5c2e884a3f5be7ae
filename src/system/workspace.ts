import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceError } from '../errors';
import { topLevel } from './git';
import { BlobReader } from './gitBlobs';
import { git, type ObjectEnv } from './gitCommand';
import { pathFromBytes, pathToBytes } from './pathText';

/** The files of a work tree as they lay there, written down as a git tree that only we know of. */
export interface Workspace {
  /** Id of the tree. */
  readonly tree: string;
  /** Environment with which git can read it. */
  readonly objectEnv: ObjectEnv;
}

interface Found {
  readonly mode: '100644' | '100755' | '120000';
  readonly path: string;
}

/**
 * Writes the tree of all files in the work tree that `cwd` lies in: tracked, untracked and ignored ones, byte by byte,
 * no filter or line end conversion applied. Left out: `.git`, and the credential files that google-github-actions/auth
 * leaves in the workspace (`gha-creds-*.json`, https://github.com/google-github-actions/auth#prerequisites), and the lock file that we leave.
 * The user's index and objects are not touched: both are made anew in `folder`, which must exist and is the caller's to
 * remove. SourceError: no work tree, or a file that can't be read.
 */
export async function snapshotWorkspace(cwd: string, folder: string): Promise<Workspace> {
  const top = await topLevel(cwd);
  const store = (await git(top, 'find the objects', ['rev-parse', '--path-format=absolute', '--git-path', 'objects']))
    .toString('utf8')
    .replace(/\n$/, '');
  const objects = join(folder, 'objects');
  mkdirSync(objects, { recursive: true });
  const objectEnv = {
    GIT_OBJECT_DIRECTORY: objects,
    // A colon separates folders there, so such a path must be quoted: https://git-scm.com/docs/git#_the_git_repository
    GIT_ALTERNATE_OBJECT_DIRECTORIES: /[":\\]/.test(store) ? JSON.stringify(store) : store,
  };
  const env = { ...objectEnv, GIT_INDEX_FILE: join(folder, 'workspace-index') };
  const found = await walk(top);
  const ids = await hash(top, folder, found, env);
  const index = Buffer.concat(
    found.map(({ mode, path }, at) =>
      Buffer.concat([Buffer.from(`${mode} ${ids[at] ?? ''}\t`), pathToBytes(path), Buffer.from([0])]),
    ),
  );
  const quiet = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'core.splitIndex=false'];
  await git(top, 'note the files', [...quiet, 'update-index', '-z', '--index-info'], { env, input: index });
  const tree = (await git(top, 'write the tree', [...quiet, 'write-tree'], { env })).toString('utf8').trim();
  return { tree, objectEnv };
}

/** Writes a workspace's files into `directory` (made, or empty), byte by byte as they were. */
export async function writeWorkspace(cwd: string, workspace: Workspace, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  if (readdirSync(directory).length > 0) {
    throw new SourceError(`The folder ${directory} is not empty; a clean tree can only be written into an empty one.`);
  }
  const args = ['ls-tree', '-r', '-z', '--full-tree', workspace.tree];
  const listing = await git(cwd, 'list the files', args, { env: workspace.objectEnv });
  const byId = new Map<string, Found[]>();
  for (let at = 0; at < listing.length;) {
    const tab = listing.indexOf(0x09, at);
    const end = listing.indexOf(0, tab);
    const [mode = '', , oid = ''] = listing.toString('latin1', at, tab).split(' ');
    const path = pathFromBytes(listing.subarray(tab + 1, end));
    const known = mode === '120000' || mode === '100755' ? mode : '100644';
    byId.set(oid, [...(byId.get(oid) ?? []), { mode: known, path }]);
    at = end + 1;
  }
  const made = new Set<string>();
  const reader = new BlobReader(cwd, workspace.objectEnv);
  try {
    await reader.read([...byId.keys()], (oid, content) => {
      for (const file of byId.get(oid) ?? []) write(directory, file, content, made);
    });
  } finally {
    await reader.close();
  }
  chmodSync(directory, 0o755);
}

function write(directory: string, { mode, path }: Found, content: Buffer, made: Set<string>): void {
  const parents = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= parents.length; depth++) {
    const parent = parents.slice(0, depth).join('/');
    if (made.has(parent)) continue;
    made.add(parent);
    const place = inside(directory, parent);
    mkdirSync(place);
    // Whatever the umask: the same bits in every image.
    chmodSync(place, 0o755);
  }
  const place = inside(directory, path);
  if (mode === '120000') symlinkSync(content, place);
  else {
    writeFileSync(place, content);
    chmodSync(place, mode === '100755' ? 0o755 : 0o644);
  }
}

async function walk(top: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  const open = [''];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const prefix = folder === '' ? '' : `${folder}/`;
    const entries = await readdir(inside(top, folder), { withFileTypes: true, encoding: 'buffer' });
    for (const entry of entries) {
      const name = pathFromBytes(entry.name);
      if (name === '.git' || name === 'kfp-images.lock.json' || /^gha-creds-.*\.json$/.test(name)) continue;
      const path = `${prefix}${name}`;
      if (entry.isDirectory()) open.push(path);
      else if (entry.isSymbolicLink()) found.push({ mode: '120000', path });
      else if (entry.isFile()) {
        const executable = ((await lstat(inside(top, path))).mode & 0o100) !== 0;
        found.push({ mode: executable ? '100755' : '100644', path });
      }
    }
  }
  return found;
}

/** Object ids in the order of `found`. A link's object is the text that it holds, so that goes through a file of ours. */
async function hash(top: string, folder: string, found: readonly Found[], env: ObjectEnv): Promise<readonly string[]> {
  if (found.length === 0) return [];
  const links = join(folder, 'links');
  mkdirSync(links, { recursive: true });
  const paths = found.map(({ mode, path }, at) => {
    if (mode !== '120000') return quoted(pathToBytes(path));
    const copy = join(links, String(at));
    const target = readlinkSync(inside(top, path), { encoding: 'buffer' });
    const handle = openSync(copy, 'w');
    writeFileSync(handle, target);
    closeSync(handle);
    return quoted(Buffer.from(copy));
  });
  const args = ['hash-object', '-w', '--no-filters', '--stdin-paths'];
  const output = await git(top, 'read the files of the work tree', args, { env, input: `${paths.join('\n')}\n` });
  return output.toString('latin1').split('\n');
}

/** git reads a path between double quotes with C's escapes, so any byte can be told. */
function quoted(path: Buffer): string {
  const escaped = [...path].map((byte) =>
    byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c
      ? `\\${byte.toString(8).padStart(3, '0')}`
      : String.fromCharCode(byte),
  );
  return `"${escaped.join('')}"`;
}

function inside(folder: string, path: string): Buffer {
  return path === '' ? Buffer.from(folder) : Buffer.concat([Buffer.from(`${folder}/`), pathToBytes(path)]);
}
