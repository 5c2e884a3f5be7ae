import { below, joinStage, normalise, trace, type Placement, type StagePath } from '../dockerfile/stagePath';
import type { RunSite } from '../dockerfile/useTypes';
import type { Word } from '../shell/commands';

/** Where a command stands: its RUN, the folders it may be run in, and how people find it. */
export interface Place {
  readonly site: RunSite;
  /** Several after `cd`: a subshell's ends with it, which is not followed, so all may be meant. */
  readonly folders: Set<StagePath>;
  /** `line 7`, or the path of a script. */
  readonly where: string;
}

/** A Go package named in a RUN: by folder (path in the context, or a pattern that ends in `...`) or import path. */
export type NamedPackage =
  /** `everyGoFile`: given as `dir/*.go` or single files, so build constraints are not asked. */
  | { readonly kind: 'folder'; readonly folder: string; readonly everyGoFile: boolean }
  | { readonly kind: 'import'; readonly path: string };

/** A script that a command runs. One of the paths is it; where none is there, nobody knows what is run. */
export interface NamedScript {
  readonly paths: readonly string[];
  readonly place: Place;
  readonly raw: string;
}

/** What commands name of the context, collected. Paths are in the context; only those that exist matter. */
export class Named {
  readonly paths = new Set<string>();
  readonly packages: NamedPackage[] = [];
  readonly scripts: NamedScript[] = [];
  readonly undecided: string[] = [];

  /** Only the build knows what this word is, or what this command reads. */
  unknown(place: Place, what: string): void {
    this.undecided.push(`${place.where}: ${what}`);
  }

  /** A file or folder, or a pattern of them, by a known path. */
  path(text: string, raw: string, place: Place): void {
    for (const found of this.#trace(text, raw, place)) this.paths.add(found);
  }

  script(text: string, raw: string, place: Place): void {
    const paths = this.#trace(text, raw, place);
    for (const found of paths) this.paths.add(found);
    this.scripts.push({ paths, place, raw });
  }

  package({ text, raw }: Word, { site, folders, where }: Place): void {
    if (text === undefined) {
      this.undecided.push(`${where}: which package ${raw} is can't be told`);
      return;
    }
    const files = text.endsWith('.go');
    const folder = files ? (/^(.*)\/[^/]*$/.exec(text)?.[1] ?? '.') : text;
    for (const cwd of folders) {
      for (const placement of site.placements) {
        for (const path of locate(placement, joinStage(cwd, folder))) {
          this.packages.push({ kind: 'folder', folder: path, everyGoFile: files });
        }
      }
    }
    if (!files && !/^[./]/.test(text)) this.packages.push({ kind: 'import', path: text });
  }

  /** `cd` */
  enter(word: Word | undefined, place: Place): void {
    if (word === undefined || word.text === '-') return;
    if (word.text === undefined) this.unknown(place, `where cd ${word.raw} leads can't be told`);
    else for (const cwd of [...place.folders].slice(0, 16)) place.folders.add(joinStage(cwd, word.text));
  }

  /** A word whose text only the shell will know: harmless where it surely lies elsewhere (`/usr/lib/$x`). */
  unknownPath(raw: string, place: Place): void {
    const fixed = /^\/[^$`"']*\//.exec(raw)?.[0];
    const elsewhere = place.site.placements.every(
      ({ to }) => fixed !== undefined && to.startsWith('/') && !meet(joinStage('/', fixed), to),
    );
    if (!elsewhere) this.unknown(place, `which file ${raw} is can't be told`);
  }

  #trace(text: string, raw: string, place: Place): readonly string[] {
    const found = new Set<string>();
    for (const cwd of place.folders) {
      for (const placement of place.site.placements) {
        const traced = trace(placement, joinStage(cwd, text));
        if (traced.kind === 'all') this.unknown(place, `${raw} holds everything that was copied there`);
        else for (const path of traced.paths) found.add(path);
      }
    }
    return [...found];
  }
}

/** Folders of the context that a path in a stage may be. */
function locate(placement: Placement, path: StagePath): readonly string[] {
  const inside = below(placement.to, path);
  if (inside !== undefined) return [normalise(`${placement.from}/${inside}`)];
  const traced = trace(placement, path);
  return traced.kind === 'paths' ? traced.paths : [];
}

/** Does one of two folders lie in the other? */
function meet(one: StagePath, other: StagePath): boolean {
  return below(one, other) !== undefined || below(other, one) !== undefined;
}
