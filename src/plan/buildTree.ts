import { unescapePath } from '../system/pathText';
import type { ContentKey } from '../types';
import type { TreeFile } from '../git/treeFiles';

/** What BuildKit gets for one image, by paths of the repository. */
export interface BuildTree {
  /** Folder of the context, `.` for the top. */
  readonly context: string;
  readonly dockerfile: KeyedText;
  /** The .dockerignore in force. */
  readonly ignore: KeyedText | undefined;
  readonly files: readonly TreeFile[];
  /** Folders that must be there, though no file of theirs is. */
  readonly folders: readonly string[];
  /** Other contexts that are folders: name → folder. */
  readonly named: ReadonlyMap<string, string>;
}

/** A file that the build reads beside its context. */
interface KeyedText {
  readonly path: string;
  readonly oid: string;
}

/**
 * The tree of an image, read from the lines of its content key: one list says what counts and what the build gets, so that a build can't
 * read what its key does not name.
 */
export function buildTreeOf(key: Pick<ContentKey, 'lines' | 'contextLines'>): BuildTree {
  const files: TreeFile[] = [];
  const folders: string[] = [];
  const texts = new Map<string, KeyedText>();
  const named = new Map<string, string>();
  let context = '.';
  for (const line of [...key.lines.slice(1), ...key.contextLines]) {
    const kind = line.slice(0, line.indexOf(' '));
    const [name = '', value = ''] = line.slice(kind.length + 1).split('\t');
    const path = unescapePath(name);
    if (kind === 'context') context = path;
    else if (kind === 'folder') folders.push(path);
    else if (kind === 'dockerfile' || kind === 'ignore') texts.set(kind, { path, oid: value });
    else if (kind === 'named' && value.startsWith('folder '))
      named.set(path, unescapePath(value.slice('folder '.length)));
    else if (kind === 'file') {
      const [mode = '', oid = ''] = value.split(' ');
      if (!isMode(mode)) throw new Error(`Not a line of a content key: ${line}`);
      files.push({ path, mode, oid });
    }
  }
  const dockerfile = texts.get('dockerfile');
  if (dockerfile === undefined) throw new Error('A content key without a Dockerfile');
  return { context, dockerfile, ignore: texts.get('ignore'), files, folders, named };
}

function isMode(text: string): text is TreeFile['mode'] {
  return ['100644', '100755', '120000', '160000'].includes(text);
}
