import type { ContextView } from '../dockerfile/contextView';
import type { TreeEntry } from '../git/gitTree';
import { includesOf } from './cIncludes';
import { evaluate, type Constraint, type Ternary } from './constraint';
import { embeddedFiles } from './embed';
import type { GoFile } from './goFile';
import { realFile } from '../git/links';
import { isNative, type ParsedFiles, type Source } from './parsedFiles';
import { nameHolds, tagHolds, type GoTarget } from './target';

/** What compiling one package takes from the repository, and which packages it imports. */
export interface GoPackage {
  readonly files: readonly TreeEntry[];
  /** Of files that could be compiled. */
  readonly imports: readonly string[];
  /** Paths, relative to the folder, that native sources or cgo name. */
  readonly includes: readonly string[];
  /** Names of files that could not be read: then the whole folder is in `files`. */
  readonly unreadable: readonly string[];
}

/** A file of a package's folder: its name, every entry it stands for (links lead on), and the content to parse. */
interface Member extends Source {
  readonly entries: readonly TreeEntry[];
}

/** The files of a folder that must be parsed before `selectPackage` can decide. */
export function sourcesOf(view: ContextView, folder: string): readonly Member[] {
  const members: Member[] = [];
  for (const entry of view.tree.directory(folder)?.files ?? []) {
    const name = entry.path.slice(folder === '' ? 0 : folder.length + 1);
    if (!view.sees(entry) || name.endsWith('_test.go') || !(name.endsWith('.go') || isNativeOrObject(name))) continue;
    const entries = entry.mode === '120000' ? realFile(view, entry) : [entry];
    const last = entries.at(-1) ?? entry;
    // A link out of the repository, or to a folder, is not a source file; Go passes over it.
    if (last.mode === '100644' || last.mode === '100755') members.push({ name, oid: last.oid, entries });
  }
  return members;
}

/**
 * The files of a package: every Go file but tests, and every native one, whatever their constraints say, so that a tag or a platform
 * that is set where we don't see it never leaves code out. Imports, embedded files and includes are those of files that could be
 * compiled (https://pkg.go.dev/cmd/go#hdr-Build_constraints). `everyGoFile`: its Go files were named one by one
 * (`go build dir/*.go`), which sets constraints aside.
 */
export function selectPackage(
  view: ContextView,
  folder: string,
  parsed: ParsedFiles,
  target: GoTarget,
  everyGoFile: boolean,
): GoPackage {
  const files = new Set<TreeEntry>();
  const imports = new Set<string>();
  const unreadable: string[] = [];
  const embeds: string[] = [];
  const includes: string[] = [];
  let usesC = false;
  let compiled = false;
  const members = sourcesOf(view, folder);
  for (const { name, oid, entries } of members) {
    const file = parsed.go(oid);
    if (!name.endsWith('.go') || file === undefined || (/^[._]/.test(name) && !everyGoFile)) continue;
    for (const entry of entries) files.add(entry);
    if (!everyGoFile && !takes(target, name, file)) continue;
    compiled = true;
    for (const path of file.imports) imports.add(path);
    embeds.push(...file.embeds);
    if (file.unreadable || file.constraint === 'unreadable') unreadable.push(name);
    if (file.importsC) {
      usesC = true;
      includes.push(...includesOf(file.preamble));
    }
  }
  if (!compiled) return { files: [], imports: [], includes: [], unreadable };
  for (const { name, oid, entries } of members) {
    if (name.endsWith('.go') || /^[._]/.test(name) || (!usesC && /\.(S|sx)$/.test(name))) continue;
    for (const entry of entries) files.add(entry);
    const file = parsed.native(oid);
    if (nameHolds(target, name) === false || constraintHolds(target, file?.constraint) === false) continue;
    includes.push(...(file?.includes ?? []));
  }
  if (unreadable.length > 0) for (const entry of view.under(folder)) files.add(entry);
  for (const entry of embeddedFiles(view, folder, embeds)) files.add(entry);
  return { files: [...files], imports: [...imports], includes: [...new Set(includes)], unreadable };
}

function takes(target: GoTarget, name: string, file: GoFile): boolean {
  if (file.packageName === 'documentation') return false;
  return nameHolds(target, name) !== false && constraintHolds(target, file.constraint) !== false;
}

function constraintHolds(target: GoTarget, constraint: Constraint | 'unreadable' | undefined): Ternary {
  if (constraint === undefined) return true;
  return constraint === 'unreadable' ? undefined : evaluate(constraint, (tag) => tagHolds(target, tag));
}

function isNativeOrObject(name: string): boolean {
  return isNative(name) || name.endsWith('.syso');
}
