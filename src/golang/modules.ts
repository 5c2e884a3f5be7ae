import type { ContextView } from '../dockerfile/contextView';
import type { TreeEntry } from '../git/gitTree';
import { directoryOf } from '../git/listing';
import type { Texts } from '../git/texts';
import { localFolder, readGoMod, type GoMod } from './goMod';
import type { Ternary } from './constraint';

/** Which folders of the repository an import may come from, for one main module. */
export interface Modules {
  /** The go.mod, go.sum, go.work … that count. */
  readonly files: readonly TreeEntry[];
  /** Folders (paths in the repository) that may hold a package; empty: it comes from outside. */
  resolve(importPath: string): readonly string[];
  /** The same for every package of a pattern that ends in `...` (`example.com/m/...`): folders, with `...` for all below. */
  matching(pattern: string): readonly string[];
  /** N of `go 1.N`. */
  readonly goMinor: number;
  /** Is a folder named by an absolute path, so that it may be any? */
  readonly isOpen: boolean;
  /** Distinguishes module sets of one context from each other. */
  readonly id: string;
}

/** What a build's flags and environment say about modules. Undefined: not known. */
export interface ModuleSettings {
  /** Is GOWORK=off set? */
  readonly workOff: Ternary;
  /** Is `-mod` given (`vendor`, or something else), so that its default does not hold? `false`: no. */
  readonly modFlag: boolean;
}

/** Finds modules of one context, each set of them once. */
export class ModuleFinder {
  readonly #view: ContextView;
  readonly #texts: Texts;
  readonly #known = new Map<string, Promise<Modules>>();

  constructor(view: ContextView, texts: Texts) {
    this.#view = view;
    this.#texts = texts;
  }

  /**
   * The module of a package's folder, and the modules joined to it by `replace` with a folder, go.work and vendor/.
   * https://go.dev/ref/mod. undefined: no go.mod above the package, so its import paths can't be known.
   */
  async find(packageFolder: string, settings: ModuleSettings): Promise<Modules | undefined> {
    const main = nearest(this.#view, packageFolder, 'go.mod');
    if (main === undefined) return undefined;
    const work = settings.workOff === true ? undefined : nearest(this.#view, packageFolder, 'go.work');
    const id = [main, work ?? '', settings.modFlag].join('\0');
    const known = this.#known.get(id) ?? readModules(this.#view, this.#texts, main, work, settings.modFlag, id);
    this.#known.set(id, known);
    return known;
  }
}

async function readModules(
  view: ContextView,
  texts: Texts,
  main: string,
  work: string | undefined,
  modFlag: boolean,
  id: string,
): Promise<Modules> {
  const readMod = async (path: string): Promise<GoMod> => {
    const entry = view.entry(path);
    return readGoMod((entry === undefined ? undefined : await texts.of(entry)) ?? '');
  };
  const mainMod = await readMod(main);
  const workFile = work === undefined ? undefined : await readMod(work);
  const members = new Map<string, GoMod>([[directoryOf(main), mainMod]]);
  for (const use of workFile?.uses ?? []) {
    const folder = localFolder(directoryOf(work ?? ''), use);
    if (folder === undefined || members.has(folder) || view.entry(inFolder(folder, 'go.mod')) === undefined) continue;
    members.set(folder, await readMod(inFolder(folder, 'go.mod')));
  }
  const replaced = new Map<string, Set<string>>();
  const note = (from: string, mod: GoMod | undefined): void => {
    for (const [path, folder] of mod?.replaced ?? []) {
      const target = localFolder(from, folder);
      if (target !== undefined) replaced.set(path, (replaced.get(path) ?? new Set()).add(target));
    }
  };
  for (const [folder, mod] of members) note(folder, mod);
  note(directoryOf(work ?? ''), workFile);
  const own = new Map<string, string[]>();
  for (const [folder, mod] of members) own.set(mod.module, [...(own.get(mod.module) ?? []), folder]);

  const goMinor = (workFile ?? mainMod).goMinor;
  const vendors = vendorFolders(view, directoryOf(work ?? main), goMinor, modFlag);
  const paths = [
    main,
    ...(work === undefined ? [] : [work, inFolder(directoryOf(work), 'go.work.sum')]),
    ...[...members.keys()].flatMap((folder) => [inFolder(folder, 'go.mod'), inFolder(folder, 'go.sum')]),
    ...[...replaced.values()].flatMap((folders) => [...folders].map((folder) => inFolder(folder, 'go.mod'))),
    ...vendors.folders.map((folder) => inFolder(folder, 'modules.txt')),
  ];
  return {
    files: [...new Set(paths)].flatMap((path) => view.entry(path) ?? []),
    resolve: resolver(view, own, replaced, vendors),
    matching: (pattern) => matching(pattern, [...own, ...replaced]),
    goMinor: goMinor ?? 0,
    isOpen: [...members.values(), ...(workFile === undefined ? [] : [workFile])].some(({ isOpen }) => isOpen),
    id,
  };
}

interface Vendors {
  readonly folders: readonly string[];
  /** Is vendor/ certainly the only place for packages of other modules? */
  readonly only: boolean;
}

/** vendor/ is used by itself from `go 1.14` on: https://go.dev/ref/mod#build-commands */
function vendorFolders(view: ContextView, folder: string, goMinor: number | undefined, modFlag: boolean): Vendors {
  const vendor = inFolder(folder, 'vendor');
  const there = view.entry(inFolder(vendor, 'modules.txt')) !== undefined;
  const byDefault = goMinor !== undefined && goMinor >= 14;
  if (!there || (!byDefault && !modFlag)) return { folders: [], only: false };
  return { folders: [vendor], only: byDefault && !modFlag };
}

function resolver(
  view: ContextView,
  own: ReadonlyMap<string, readonly string[]>,
  replaced: ReadonlyMap<string, ReadonlySet<string>>,
  vendors: Vendors,
): (importPath: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  const find = (importPath: string): readonly string[] => {
    const found = new Set<string>();
    for (let end = importPath.length; end > 0; end = importPath.lastIndexOf('/', end - 1)) {
      const module = importPath.slice(0, end);
      const roots = [...(own.get(module) ?? []), ...(vendors.only ? [] : (replaced.get(module) ?? []))];
      for (const root of roots) {
        const folder = inFolder(root, importPath.slice(end + 1));
        if (holdsPackage(view, root, folder)) found.add(folder);
      }
    }
    for (const vendor of vendors.folders) {
      const folder = inFolder(vendor, importPath);
      if (view.tree.directory(folder) !== undefined) found.add(folder);
    }
    return [...found];
  };
  return (importPath) => {
    const before = known.get(importPath);
    if (before !== undefined) return before;
    const found = find(importPath);
    known.set(importPath, found);
    return found;
  };
}

function matching(pattern: string, modules: readonly (readonly [string, Iterable<string>])[]): readonly string[] {
  const start = pattern.slice(0, pattern.indexOf('...'));
  return modules.flatMap(([module, folders]) => {
    const isWithin = start.startsWith(`${module}/`) || start === module;
    if (!isWithin && !`${module}/`.startsWith(start)) return [];
    const below = isWithin ? start.slice(module.length) : '/';
    return [...folders].map((folder) => `${folder}${below}...`);
  });
}

/** A folder below another go.mod belongs to that module, not to this one. */
function holdsPackage(view: ContextView, root: string, folder: string): boolean {
  for (let at = folder; at !== root; at = directoryOf(at)) {
    if (view.entry(inFolder(at, 'go.mod')) !== undefined) return false;
    if (at === '') return false;
  }
  return true;
}

/** The file of this name in the folder or the nearest one above it, within the context. */
function nearest(view: ContextView, folder: string, name: string): string | undefined {
  for (let at = folder; ; at = directoryOf(at)) {
    const path = inFolder(at, name);
    if (view.entry(path) !== undefined) return path;
    if (at === view.folder || at === '') return undefined;
  }
}

function inFolder(folder: string, name: string): string {
  return folder === '' ? name : name === '' ? folder : `${folder}/${name}`;
}
