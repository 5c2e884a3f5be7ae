import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { topLevel } from './git';
import { parseListing, type EntryMode } from './listing';
import { quotedStore } from './submodules';
import { credentialFile, isLeftByGoogleAuth } from '../system/credentialFiles';
import { git, type ObjectEnv } from './gitCommand';
import { escapePath, pathFromBytes, pathToBytes } from '../system/pathText';

/** The files of a work tree as they lay there, written down as a git tree that only we know of. */
export interface Workspace {
  /** Id of the tree. */
  readonly tree: string;
  /** Environment with which git can read it. */
  readonly objectEnv: ObjectEnv;
  /** Credential files that are there: path → why they are never built. The tree names them and has nothing of them. */
  readonly withheld: ReadonlyMap<string, string>;
}

interface Found {
  readonly mode: EntryMode;
  readonly path: string;
  /** Of a submodule: the commit that is pinned. */
  readonly oid?: string;
}

/**
 * Writes the tree of all files in the work tree that `cwd` is in: tracked, untracked and ignored ones, byte by byte,
 * no filter or line end conversion applied. Left out: `.git`, and the credential files that google-github-actions/auth
 * leaves in the workspace (`gha-creds-*.json`, https://github.com/google-github-actions/auth#prerequisites), and the lock file that we leave.
 * The user's index and objects are not touched: both are recreated in `folder`, which must exist and is the caller's to
 * remove. SourceError: no work tree, or a file that can't be read.
 */
export async function snapshotWorkspace(
  cwd: string,
  folder: string,
  credentials: WorkspaceCredentials = { files: [], texts: [] },
): Promise<Workspace> {
  const top = await topLevel(cwd);
  const store = (await git(top, 'find the objects', ['rev-parse', '--path-format=absolute', '--git-path', 'objects']))
    .toString('utf8')
    .replace(/\n$/, '');
  const objects = join(folder, 'objects');
  mkdirSync(objects, { recursive: true });
  const objectEnv = {
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: quotedStore(store),
  };
  const env = { ...objectEnv, GIT_INDEX_FILE: join(folder, 'workspace-index') };
  const files = await walk(top);
  const withheld = await credentialsAmong(top, files, credentials);
  const found = [...files, ...(await missingSubmodules(top, files))];
  const ids = await hash(top, folder, found, withheld, env);
  const index = Buffer.concat(
    found.map(({ mode, path }, at) =>
      Buffer.concat([Buffer.from(`${mode} ${ids[at] ?? ''}\t`), pathToBytes(path), Buffer.from([0])]),
    ),
  );
  const quiet = ['-c', 'core.splitIndex=false'];
  await git(top, 'note the files', [...quiet, 'update-index', '-z', '--index-info'], { env, input: index });
  const tree = (await git(top, 'write the tree', [...quiet, 'write-tree'], { env })).toString('utf8').trim();
  return { tree, objectEnv, withheld };
}

async function walk(top: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  const open = [''];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const prefix = folder === '' ? '' : `${folder}/`;
    const entries = await readdir(inside(top, folder), { withFileTypes: true, encoding: 'buffer' });
    for (const entry of entries) {
      const name = pathFromBytes(entry.name);
      if (name === '.git' || name === 'kfp-images.lock.json' || isLeftByGoogleAuth(name)) continue;
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

/** What is known to be secret: files that an option or the environment names, and texts that files may hold. */
export interface WorkspaceCredentials {
  /** Absolute, or relative to the folder that the command runs in. */
  readonly files: readonly string[];
  readonly texts: readonly string[];
}

/** Which files are credentials, and why: named as such, the run's own key, or left by a tool and not committed. */
async function credentialsAmong(
  top: string,
  files: readonly Found[],
  { files: named, texts }: WorkspaceCredentials,
): Promise<ReadonlyMap<string, string>> {
  const real = new Set(named.filter((file) => file !== '').map(realOf));
  const sizes = new Set(texts.flatMap((text) => [0, 1, 2].map((more) => Buffer.byteLength(text.trim()) + more)));
  const found = new Map<string, string>();
  const suspects = new Map<string, string>();
  for (const { mode, path } of files) {
    if (mode === '120000') continue;
    const place = inside(top, path);
    const { size } = statSync(place);
    const read = (): string => readFileSync(place, 'utf8');
    if (real.has(realOf(place.toString()))) found.set(path, 'is named as a credential');
    else if (size > 0 && sizes.has(size) && texts.some((text) => text.trim() === read().trim()))
      found.set(path, 'holds the key of this run');
    else {
      const what = credentialFile(path, size, read);
      if (what !== undefined) suspects.set(path, what);
    }
  }
  const committed = suspects.size === 0 ? new Set<string>() : new Set((await staged(top)).map(({ path }) => path));
  for (const [path, what] of suspects) if (!committed.has(path)) found.set(path, `is ${what}`);
  const fix = 'Remove it, write it outside of the repository, or leave it out with .dockerignore';
  return new Map(
    [...found].map(([path, why]) => [path, `${escapePath(path)} ${why}, which never enters an image. ${fix}`]),
  );
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Submodules of which no file is there: they keep their place, so that nobody takes the folder for an empty one. */
async function missingSubmodules(top: string, files: readonly Found[]): Promise<readonly Found[]> {
  const pinned = (await staged(top)).filter(({ mode }) => mode === '160000');
  return pinned.filter(({ path }) => !files.some((file) => file.path === path || file.path.startsWith(`${path}/`)));
}

/** What the index has. */
async function staged(top: string): Promise<readonly Required<Found>[]> {
  const listed = await git(top, 'read the index', ['ls-files', '--stage', '-z']);
  // `MODE OID STAGE\tPATH` becomes what ls-tree prints: `MODE TYPE OID\tPATH`.
  const lines = listed.toString('latin1').replace(/(^|\0)(\d+) ([0-9a-f]+) \d\t/g, '$1$2 blob $3\t');
  return parseListing(Buffer.from(lines, 'latin1'));
}

/** Object ids in the order of `found`. A link's object is the text that it holds, so that goes through a file of ours. */
async function hash(
  top: string,
  folder: string,
  all: readonly Found[],
  withheld: ReadonlyMap<string, string>,
  env: ObjectEnv,
): Promise<readonly string[]> {
  const found = all.filter(({ mode }) => mode !== '160000');
  if (found.length === 0) return [];
  const links = join(folder, 'links');
  mkdirSync(links, { recursive: true });
  const nothing = join(links, 'nothing');
  writeFileSync(nothing, '');
  const paths = found.map(({ mode, path }, at) => {
    if (withheld.has(path)) return quoted(Buffer.from(nothing));
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
  const ids = output.toString('latin1').split('\n');
  return [...ids.slice(0, found.length), ...all.flatMap(({ oid }) => oid ?? [])];
}

/** git reads a path between double quotes with C's escapes, so any byte can be written. */
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
