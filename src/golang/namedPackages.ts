import { below, joinStage, trace, type Placement, type StagePath } from '../dockerfile/stagePath';
import { plainWord, type Word } from '../dockerfile/shellCommands';
import type { RunSite } from '../dockerfile/instructionUse';
import { normalise } from '../system/pathText';
import { meet } from './layout';
import { homePaths, shellPattern } from './wordPaths';

/** Folders that a command may be run in. */
const mostFolders = 16;

/** With so many reasons why everything counts, nothing more need be looked for. */
const enough = 20;

/** Where a command is: its RUN, the folders it may be run in, and how people find it. */
export interface Place {
  readonly site: RunSite;
  /** Several after `cd`: a subshell's ends with it, which is not followed, so all may be meant. */
  readonly folders: Set<StagePath>;
  /** `line 7`, or the path of a script. */
  readonly where: string;
}

/** A Go package named in a RUN: by folder (path in the context, or a pattern that ends in `...`) or import path. */
type NamedPackage =
  /** `everyGoFile`: given as `dir/*.go` or single files, so build constraints are not asked. */
  | { readonly kind: 'folder'; readonly folder: string; readonly everyGoFile: boolean }
  | { readonly kind: 'import'; readonly path: string };

/** A script that a command runs. One of the paths is it; where none is there, nobody knows what is run. */
interface NamedScript {
  readonly paths: readonly string[];
  readonly place: Place;
  readonly raw: string;
  /** It is only named, by a variable or an option: it may be no script. */
  readonly perhaps?: boolean;
}

/** What commands name of the context, collected. Paths are in the context; only those that exist matter. */
export class Named {
  readonly paths = new Set<string>();
  /** Those that count only if they are single files. */
  readonly files = new Set<string>();
  readonly packages: NamedPackage[] = [];
  readonly scripts: NamedScript[] = [];
  /** Why the whole context counts. */
  readonly undecided: string[] = [];
  /** Why a part of it counts with all that is in it. */
  readonly notes: string[] = [];
  /** Files that commands change, replace or move, with the place. */
  readonly changed: { readonly path: string; readonly place: Place }[] = [];
  readonly removed = new Set<string>();
  readonly #mentioned = new Set<string>();

  /** Only the build knows what this word is, or what this command reads: all that was copied counts. */
  unknown({ where, site }: Place, what: string): void {
    const all = new Set(site.placements.map(({ from }) => from));
    if (all.has('')) this.undecided.push(`${where}: ${what}`);
    else if (all.size > 0) this.notes.push(`${where}: ${what}, so all that was copied there is an input`);
    for (const from of all) if (from !== '') this.paths.add(from);
  }

  /** A file or folder, or a pattern of them, by a known path. */
  path(text: string, raw: string, place: Place): void {
    if (this.undecided.length > enough) return;
    for (const found of this.#trace(text, raw, place)) this.paths.add(found);
  }

  /** A word that is a file if one is called so, and something else where none is. */
  file(text: string, place: Place): void {
    if (this.undecided.length > enough) return;
    for (const path of this.#located(text, place)) this.files.add(path);
  }

  /** A text in which there may be paths of what was copied, and among them those of scripts; anything else in it means nothing. */
  mention(text: string, place: Place): void {
    if (this.undecided.length > enough) return;
    for (const part of text.split(/[\s,:;="'|]+/)) {
      if (!/\/|\.\w/.test(part) || part.length > 4096) continue;
      for (const cwd of place.folders) {
        const named = joinStage(cwd, part);
        for (const { from, to } of place.site.placements) {
          const inside = below(to, named);
          const path = inside === undefined ? '' : normalise(`${from}/${inside}`);
          if (path === '' || this.#mentioned.has(path)) continue;
          this.#mentioned.add(path);
          this.paths.add(path);
          this.scripts.push({ paths: [path], place, raw: part, perhaps: true });
        }
      }
    }
  }

  script(text: string, raw: string, place: Place): void {
    const paths = this.#trace(text, raw, place);
    for (const found of paths) this.paths.add(found);
    this.scripts.push({ paths, place, raw });
  }

  package({ text, raw }: Word, place: Place): void {
    if (text === undefined) {
      this.unknown(place, `which package ${raw} is can't be determined`);
      return;
    }
    const files = text.endsWith('.go');
    const folder = files ? (/^(.*)\/[^/]*$/.exec(text)?.[1] ?? '.') : text;
    for (const path of this.#located(shellPattern(folder), place)) {
      this.packages.push({ kind: 'folder', folder: path, everyGoFile: files });
    }
    // https://pkg.go.dev/cmd/go#hdr-Package_lists_and_patterns
    if (/^(all|tool|work)$/.test(text)) this.unknown(place, `which packages \`${text}\` are can't be determined`);
    else if (!files && !/^[./]/.test(text)) this.packages.push({ kind: 'import', path: text });
  }

  /** `cd` */
  enter(word: Word | undefined, place: Place): void {
    if (word?.text === '-') return;
    if (word === undefined || /^~(\/|$)/.test(word.raw)) {
      for (const home of homePaths(word ?? plainWord('~'), undefined) ?? []) place.folders.add(joinStage('/', home));
    } else if (word.text === undefined)
      this.unknown(place, `where cd ${word.raw.slice(0, 100)} leads can't be determined`);
    else if (place.folders.size > mostFolders) this.unknown(place, 'it changes between too many folders');
    else {
      this.file(word.text, place);
      for (const cwd of [...place.folders]) place.folders.add(joinStage(cwd, word.text));
    }
  }

  /** A word of which only the shell will know all: harmless where it surely is elsewhere (`/usr/lib/$x`). */
  unknownPath({ raw, pattern }: Word, place: Place): void {
    const fixed = /^\/[^$`"']*\//.exec(raw)?.[0];
    const elsewhere = place.site.placements.every(
      ({ to }) => fixed !== undefined && to.startsWith('/') && !meet(joinStage('/', fixed), to),
    );
    if (elsewhere) return;
    if (pattern === undefined || pattern.startsWith('*'))
      this.unknown(place, `which file ${raw} is can't be determined`);
    else this.path(pattern, raw, place);
  }

  /** What a command changes, replaces or moves. */
  changes(text: string, place: Place): void {
    for (const path of this.#located(text, place)) this.changed.push({ path, place });
  }

  removes(text: string, place: Place): void {
    for (const path of this.#located(text, place)) if (path !== '') this.removed.add(path);
  }

  #trace(text: string, raw: string, place: Place): readonly string[] {
    const found = new Set<string>();
    for (const cwd of place.folders) {
      const path = joinStage(cwd, text);
      for (const placement of place.site.placements) {
        const traced = trace(placement, path);
        if (traced.kind === 'paths') for (const path of traced.paths) found.add(path);
        else if (placement.from !== '') found.add(placement.from);
        else this.unknown(place, `${raw} holds everything that was copied there`);
      }
    }
    return [...found];
  }

  /** Paths of the context that a path in a stage may be. */
  #located(text: string, { site, folders }: Place): readonly string[] {
    return [...folders].flatMap((cwd) => {
      const path = joinStage(cwd, text);
      return site.placements.flatMap((placement) => locate(placement, path));
    });
  }
}

function locate(placement: Placement, path: StagePath): readonly string[] {
  const inside = below(placement.to, path);
  if (inside !== undefined) return [normalise(`${placement.from}/${inside}`)];
  // `go build ./...` above what was copied.
  if (below(path.replace(/\/?\.\.\.$/, ''), placement.to) !== undefined && path.endsWith('...')) {
    return [normalise(`${placement.from}/...`)];
  }
  const traced = trace(placement, path);
  return traced.kind === 'paths' ? traced.paths : [];
}
