import type { ContextView } from '../dockerfile/contextView';
import { hasWildcard } from '../dockerfile/pattern';
import type { DockerfileUse, RunSite } from '../dockerfile/instructionUse';
import { GoGraph, type GoRoot } from './goImports';
import type { TreeEntry } from '../git/gitTree';
import { directoryOf } from '../git/listing';
import { below } from '../dockerfile/stagePath';
import { normalise } from '../system/pathText';
import type { Texts } from '../git/texts';
import { ModuleFinder, type Modules } from './modules';
import type { ParsedFiles } from './parsedFiles';
import { isGoSource, layoutOf } from './layout';
import { RunReader } from './runReader';
import { goSettings, type GoSettings } from './settings';

/** One Go image, analysed as far as can be without its packages. */
export interface GoImage {
  /** Why the whole context counts. */
  readonly undecided: readonly string[];
  readonly notes: readonly string[];
  readonly named: readonly TreeEntry[];
  readonly moduleFiles: readonly TreeEntry[];
  readonly roots: ReadonlyMap<GoGraph, readonly GoRoot[]>;
  readonly licences: boolean;
  /** Paths in the repository over which something from elsewhere is copied in the build, and where that is done. */
  readonly overlaid: ReadonlyMap<string, string>;
  /** Folders that commands name and of which no file need count, but which must be there. */
  readonly folders: readonly string[];
}

export interface GoFiles {
  readonly files: ReadonlySet<TreeEntry>;
  /** Paths of Go files that could not be read. */
  readonly unreadable: readonly string[];
  /** Why the whole context counts after all. */
  readonly undecided: readonly string[];
}

/** Scripts longer than this are data. */
const longestScript = 256 * 1024;

/** Finds what Go images of one context read. Graphs of packages are shared by all images that compile alike. */
export class GoInputs {
  readonly #view: ContextView;
  readonly #texts: Texts;
  readonly #parsed: ParsedFiles;
  readonly #modules: ModuleFinder;
  readonly #graphs = new Map<string, GoGraph>();

  constructor(view: ContextView, texts: Texts, parsed: ParsedFiles) {
    this.#view = view;
    this.#texts = texts;
    this.#parsed = parsed;
    this.#modules = new ModuleFinder(view, texts);
  }

  /** `mainFolder`: path in the repository of the package that the catalog names. */
  async analyse(mainFolder: string, use: DockerfileUse, platform: string): Promise<GoImage> {
    const run = new RunReader();
    const sites = use.runs.map((site) => this.#laidOut(site, run));
    const overlaid = this.#overlaid(sites);
    for (const site of sites) run.run(site);
    run.steered(use.environment, sites);
    await this.#scripts(run, overlaid);
    this.#changes(run);
    const copied = use.sources.flatMap(({ path, aside }) => (aside ? this.#file(path) : []));
    const named = [
      ...[...run.named.paths].flatMap((path) => this.#view.source(path)),
      ...[...run.named.files].flatMap((path) => this.#file(path)),
    ];
    const folders = [...run.named.files].filter(
      (path) => this.#view.tree.directory(this.#view.path(path)) !== undefined,
    );
    const settings = goSettings(platform, use.environment, run, use.bases);
    const roots = new Map<GoGraph, GoRoot[]>();
    const moduleFiles = new Set<TreeEntry>();
    const undecided = [...use.undecided, ...run.named.undecided];
    for (const [path, where] of overlaid) {
      if (/(^|\/)(go\.(mod|work)|modules\.txt)$/.test(path)) undecided.push(`${where}: ${path} comes from elsewhere`);
    }
    const add = (modules: Modules, root: GoRoot): void => {
      if (modules.isOpen) undecided.push('go.mod or go.work name a folder by an absolute path');
      const graph = this.#graph(modules, settings);
      roots.set(graph, [...(roots.get(graph) ?? []), root]);
      for (const entry of modules.files) moduleFiles.add(entry);
    };
    const main = await this.#modules.find(mainFolder, settings.modules);
    if (main === undefined) undecided.push(`there is no go.mod above ${mainFolder === '' ? '.' : mainFolder}`);
    else if (!this.#hasGo(mainFolder)) undecided.push(`${mainFolder === '' ? '.' : mainFolder} holds no Go files`);
    else add(main, { folder: mainFolder, everyGoFile: false });
    for (const named of run.named.packages) {
      const folders =
        named.kind === 'import' ? this.#imported(named.path, main) : this.#expand(this.#view.path(named.folder));
      const everyGoFile = named.kind === 'folder' && named.everyGoFile;
      for (const folder of folders) {
        const modules = this.#hasGo(folder) ? await this.#modules.find(folder, settings.modules) : undefined;
        if (modules !== undefined) add(modules, { folder, everyGoFile });
      }
    }
    return {
      undecided,
      notes: run.named.notes,
      named: [...named, ...copied],
      moduleFiles: [...moduleFiles],
      roots,
      licences: run.licences,
      overlaid,
      folders,
    };
  }

  #imported(path: string, modules: Modules | undefined): readonly string[] {
    if (!path.includes('...')) return modules?.resolve(path) ?? [];
    return (modules?.matching(path) ?? []).flatMap((pattern) => this.#expand(pattern.replace(/^\//, '')));
  }

  /** Reads the packages of many images at once. */
  async expand(images: readonly GoImage[]): Promise<void> {
    const roots = new Map<GoGraph, GoRoot[]>();
    for (const image of images) {
      for (const [graph, some] of image.roots) roots.set(graph, [...(roots.get(graph) ?? []), ...some]);
    }
    for (const [graph, all] of roots) await graph.expand(all);
  }

  /** Every file of an analysed and expanded image. */
  files(image: GoImage): GoFiles {
    const files = new Set<TreeEntry>([...image.named, ...image.moduleFiles]);
    const unreadable: string[] = [];
    const undecided = new Set<string>();
    for (const [graph, roots] of image.roots) {
      const closure = graph.closure(roots);
      for (const folder of [...closure.folders, ...closure.missing]) {
        for (const [path, where] of image.overlaid) {
          if (holds(path, folder))
            undecided.add(`${where}: Go code from elsewhere may be in ${folder === '' ? '.' : folder}`);
        }
      }
      for (const entry of closure.files) files.add(entry);
      unreadable.push(...closure.unreadable);
      // Profile-guided optimisation takes this by itself: https://go.dev/doc/pgo
      for (const { folder } of roots) this.#add(files, folder === '' ? 'default.pgo' : `${folder}/default.pgo`);
      if (image.licences) this.#licences(closure.folders, files);
    }
    return { files, unreadable, undecided: [...undecided] };
  }

  /** A RUN with the files of its stage where they are. Those that are elsewhere than in the context count as a whole. */
  #laidOut(site: RunSite, run: RunReader): RunSite {
    const { placements, whole, mixed } = layoutOf(this.#view, site.placements);
    for (const path of whole) run.named.paths.add(path);
    const laid = { ...site, placements };
    const place = { site: laid, folders: new Set<string>(), where: `line ${site.instruction.line}` };
    if (mixed) run.named.unknown(place, 'Go code is copied over other Go code');
    return laid;
  }

  /** Where in the repository something from elsewhere lands. */
  #overlaid(sites: readonly RunSite[]): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const { placements, overlays } of sites) {
      for (const { to, line } of overlays) {
        for (const placement of placements) {
          const inside = below(placement.to, to);
          const path =
            inside !== undefined
              ? normalise(`${placement.from}/${inside}`)
              : below(to, placement.to) === undefined
                ? undefined
                : placement.from;
          if (path !== undefined) found.set(this.#view.path(path), `line ${line}`);
        }
      }
    }
    return found;
  }

  /** A single file that is copied by its name. */
  #file(path: string): readonly TreeEntry[] {
    const isFolder = this.#view.tree.directory(this.#view.path(path)) !== undefined;
    return isFolder || hasWildcard(path) ? [] : this.#view.source(path);
  }

  /** Where a command changes Go code itself, what it imports can't be read from the context. */
  #changes({ named, flags }: RunReader): void {
    const code = (path: string): boolean =>
      this.#view.source(path).some((entry) => isGoSource(entry.path)) || isGoSource(path);
    for (const { path, place } of named.changed) {
      if (path !== '' && code(path)) named.unknown(place, `it changes ${path}`);
    }
    for (const path of named.removed) {
      // Without vendor/ the modules themselves are read.
      if (this.#view.source(path).some((entry) => isGoSource(entry.path))) flags.push(['mod', undefined]);
    }
  }

  /** Reads the scripts that RUNs call, and those that they call in turn. */
  async #scripts(run: RunReader, overlaid: ReadonlyMap<string, string>): Promise<void> {
    const seen = new Set<string>();
    // Grows while it is read.
    for (const { paths, place, raw, perhaps = false } of run.named.scripts) {
      const entries = paths.flatMap((path) => (perhaps ? this.#file(path) : this.#view.source(path)));
      const texts = await Promise.all(entries.map((entry) => this.#texts.of(entry)));
      const isOther = entries.some(({ path }) => overlaid.has(path));
      if (isOther || (!perhaps && (entries.length === 0 || texts.some(isNoScript)))) {
        run.named.unknown(place, `what ${raw.slice(0, 100)} reads can't be determined`);
      }
      for (const [index, { path }] of entries.entries()) {
        if (perhaps && texts[index]?.startsWith('#!') !== true) continue;
        const id = JSON.stringify([path, place.site.instruction.line, [...place.folders]]);
        if (!seen.has(id)) run.script(texts[index] ?? '', { ...place, folders: new Set(place.folders), where: path });
        seen.add(id);
      }
    }
  }

  /** A folder, or every folder with Go files below a pattern's: https://pkg.go.dev/cmd/go#hdr-Package_lists_and_patterns */
  #expand(folder: string): readonly string[] {
    if (hasWildcard(folder)) {
      const strip = this.#view.folder === '' ? 0 : this.#view.folder.length + 1;
      return this.#view.matches(folder.slice(strip).replace(/\/?\.\.\.$/, '/**')).paths;
    }
    const dots = folder.indexOf('...');
    if (dots < 0) return [folder];
    const found: string[] = [];
    const open = [folder.slice(0, dots).replace(/\/?[^/]*$/, '')];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (this.#hasGo(path)) found.push(path);
      open.push(...(this.#view.tree.directory(path)?.directories ?? []));
    }
    return found;
  }

  #graph(modules: Modules, settings: GoSettings): GoGraph {
    const target = { ...settings.target, goMinor: modules.goMinor };
    const { os, arch, tags } = target;
    const key = JSON.stringify([modules.id, [...os], [...arch], tags.has('ignore'), tags.has('gccgo')]);
    const known = this.#graphs.get(key);
    if (known !== undefined) return known;
    const graph = new GoGraph(this.#view, modules, target, this.#parsed);
    this.#graphs.set(key, graph);
    return graph;
  }

  #hasGo(folder: string): boolean {
    const files = this.#view.tree.directory(folder)?.files ?? [];
    return files.some((entry) => entry.path.endsWith('.go') && this.#view.sees(entry));
  }

  /** go-licenses looks for a licence beside a package and in every folder above it. */
  #licences(folders: readonly string[], files: Set<TreeEntry>): void {
    const seen = new Set<string>();
    for (const folder of folders) {
      for (let at = folder; !seen.has(at); at = directoryOf(at)) {
        seen.add(at);
        for (const entry of this.#view.tree.directory(at)?.files ?? []) {
          const name = entry.path.slice(at === '' ? 0 : at.length + 1);
          if (/^((un)?licen[cs]e|copying|notice)(\..*)?$/i.test(name) && this.#view.sees(entry)) files.add(entry);
        }
      }
    }
  }

  #add(files: Set<TreeEntry>, path: string): void {
    const entry = this.#view.entry(path);
    if (entry !== undefined) files.add(entry);
  }
}

/** May what is copied to a path be code of the package in this folder? */
function holds(path: string, folder: string): boolean {
  return (
    path === folder ||
    below(path === '' ? '/' : `/${path}`, `/${folder}`) !== undefined ||
    (path.endsWith('.go') && directoryOf(path) === folder)
  );
}

function isNoScript(text: string | undefined): boolean {
  return text === undefined || text.length > longestScript;
}
