import { normalise } from '../system/pathText';

/** What of a go.mod or go.work decides which folder an import comes from. */
export interface GoMod {
  /** Empty in a go.work. */
  readonly module: string;
  /** N of `go 1.N`; undefined: no such line. */
  readonly goMinor: number | undefined;
  /** Module path → folder as written (`./api`, `../x`), for replacements by a folder. */
  readonly replaced: ReadonlyMap<string, string>;
  /** Folders of a go.work. */
  readonly uses: readonly string[];
  /** Does it name an absolute folder, which is none of the repository's before the build? */
  readonly isOpen: boolean;
}

/** Reads a go.mod or go.work: https://go.dev/ref/mod#go-mod-file-lexical. Lines it can't read are left out. */
export function readGoMod(text: string): GoMod {
  let module = '';
  let goMinor: number | undefined;
  const replaced = new Map<string, string>();
  const uses: string[] = [];
  let isOpen = false;
  for (const [directive, ...words] of statements(text)) {
    if (directive === 'module') module = words[0] ?? module;
    else if (directive === 'go') {
      const version = /^1\.(\d{1,4})/.exec(words[0] ?? '');
      if (version !== null) goMinor = Number(version[1]);
    } else if (directive === 'use') {
      const folder = words[0];
      if (folder?.startsWith('/') === true) isOpen = true;
      else if (folder !== undefined) uses.push(folder);
    } else if (directive === 'replace') {
      const arrow = words.indexOf('=>');
      const path = words[0];
      const folder = words[arrow + 1];
      if (arrow <= 0 || path === undefined || folder === undefined) continue;
      if (folder.startsWith('/')) isOpen = true;
      else if (isLocal(folder)) replaced.set(path, folder);
    }
  }
  return { module, goMinor, replaced, uses, isOpen };
}

/** A folder as written in a go.mod of `from` → path in the repository; undefined: it is outside. */
export function localFolder(from: string, folder: string): string | undefined {
  let depth = from === '' ? 0 : from.split('/').length;
  for (const segment of folder.split('/')) {
    if (segment === '..') depth -= 1;
    else if (segment !== '' && segment !== '.') depth += 1;
    if (depth < 0) return undefined;
  }
  return normalise(`${from}/${folder}`);
}

/** Directives as words; a block gives one statement for each of its lines. */
function* statements(text: string): Generator<readonly string[]> {
  let block: string | undefined;
  for (const line of text.split('\n')) {
    const words = (/^((?:[^/]|\/(?!\/))*)/.exec(line)?.[1] ?? '').match(/"[^"]*"|`[^`]*`|=>|[()]|[^\s()"`]+/g) ?? [];
    const plain = words.map((word) => (/^["`]/.test(word) ? word.slice(1, -1) : word));
    if (block !== undefined) {
      if (plain[0] === ')') block = undefined;
      else if (plain.length > 0) yield [block, ...plain];
    } else if (plain[1] === '(') {
      block = plain[0];
      // `replace ()` opens and closes at once.
      if (plain.at(-1) === ')') block = undefined;
    } else if (plain.length > 0) yield plain;
  }
}

/** Replacement by a folder starts so: https://go.dev/ref/mod#go-mod-file-replace */
function isLocal(folder: string): boolean {
  return /^\.\.?(?:\/|$)/.test(folder);
}
