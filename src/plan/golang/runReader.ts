import { expand } from '../dockerfile/expand';
import { jsonWords } from '../dockerfile/instructions';
import { below, joinStage, normalise, trace, type Placement, type StagePath } from '../dockerfile/stagePath';
import type { RunSite } from '../dockerfile/useTypes';
import { splitFlags } from '../dockerfile/words';
import { readCommands, type ShellCommand, type Word } from '../shell/commands';
import { before, inert, opaque } from '../shell/tools';
import { readGoCommand, readsModulesOnly, type Setting } from './goCommand';

/** A Go package named in a RUN. Paths are in the context. */
export interface NamedPackage {
  /** A folder, or a pattern that ends in `...`; undefined: given by import path. */
  readonly folder: string | undefined;
  readonly importPath: string | undefined;
  /** `dir/*.go` or single files: build constraints are not asked. */
  readonly everyGoFile: boolean;
}

const steering = /^(GOOS|GOARCH|CGO_ENABLED|GOFLAGS|GOWORK|GOEXPERIMENT)=([^]*)$/;

/**
 * Collects what the RUNs of stages that hold the whole context use of it, as far as their text tells. `script` may be
 * called again with the text of scripts that a RUN names.
 */
export class RunReader {
  /** Paths in the context that a command names, wildcards included; only those that exist matter. */
  readonly named = new Set<string>();
  readonly packages: NamedPackage[] = [];
  /** Variables that steer Go, in the order found. */
  readonly settings: Setting[] = [];
  /** Go flags that steer which files are compiled (`tags`, `mod`, `race` …). */
  readonly flags: Setting[] = [];
  readonly undecided: string[] = [];
  /** Commands that compile, and how many of them switch cgo off themselves. */
  compiles = 0;
  compilesWithoutCgo = 0;
  /** Is go-licenses run, which reads licence files beside the packages? */
  licences = false;

  /** Reads one RUN: its own text or exec form, and its here-documents. */
  run(site: RunSite): void {
    const { rest } = splitFlags(site.instruction.rest);
    const exec = jsonWords(rest);
    const where = `line ${site.instruction.line}`;
    const folders = new Set([site.cwd]);
    if (exec === undefined) this.#text(rest, site, folders, where, 0);
    else {
      const words = exec.map((text) => ({ text, raw: text }));
      this.#command({ words, redirects: [] }, site, folders, where, 0);
    }
    for (const { content } of site.instruction.heredocs) this.script(content, site, folders, where);
  }

  /** Reads a script: of a here-document, or of a file that a RUN names. */
  script(text: string, site: RunSite, folders: Set<StagePath>, where: string): void {
    const interpreter = /^#!\s*(?:\S*\/env\s+(?:-\S+\s+)*)?(\S+)/.exec(text.slice(0, 300))?.[1] ?? 'sh';
    if (/(?:^|\/)(?:ba|da|a|k|z)?sh$/.test(interpreter)) this.#text(text, site, folders, where, 0);
    else this.undecided.push(`${where}: what a script for ${interpreter} reads can't be told`);
  }

  #text(text: string, site: RunSite, folders: Set<StagePath>, where: string, depth: number): void {
    for (const command of readCommands(text, site.lookup)) this.#command(command, site, folders, where, depth);
  }

  #command(command: ShellCommand, site: RunSite, folders: Set<StagePath>, where: string, depth: number): void {
    const words = [...command.words];
    let withoutCgo = false;
    const setting = (word: Word): boolean => {
      const found = steering.exec(word.raw);
      const value = found === null ? undefined : expand(found[2] ?? '', site.lookup);
      if (found !== null) this.settings.push([found[1] ?? '', value]);
      if (found?.[1] === 'CGO_ENABLED' && value === '0') withoutCgo = true;
      return found !== null;
    };
    while (words[0] !== undefined && (before.has(words[0].raw) || isAssignment(words[0].raw))) {
      setting(words[0]);
      words.shift();
    }
    const [first, ...rest] = words;
    for (const word of command.redirects) this.#path(word, site, folders, where, depth);
    if (first === undefined) return;
    const name = (first.text ?? '').split('/').at(-1) ?? '';
    if (name === 'export') for (const word of rest) setting(word);
    if (name === 'cd' || name === 'pushd') this.#enter(rest[0], folders, where);
    else if (opaque.has(name)) this.undecided.push(`${where}: what \`${name}\` reads can't be told`);
    else if (name === 'go') this.#go(rest, site, folders, where, withoutCgo, depth);
    else if (name === 'go-licenses') {
      this.licences = true;
      for (const word of rest.slice(1)) this.#package(word, site, folders, where);
    } else if (!inert.has(name)) for (const word of words) this.#path(word, site, folders, where, depth);
  }

  #go(
    words: readonly Word[],
    site: RunSite,
    folders: Set<StagePath>,
    where: string,
    withoutCgo: boolean,
    depth: number,
  ): void {
    const { verb, args, flags } = readGoCommand(words, site.lookup);
    if (readsModulesOnly(verb, args, flags)) return;
    for (const [name, value] of flags) {
      if (name === 'C') this.#enter({ raw: value ?? '', text: value }, folders, where);
      if (/^(modfile|pgo)$/.test(name)) this.#path({ raw: value ?? '', text: value }, site, folders, where, depth);
      if (/^(overlay|toolexec)$/.test(name)) this.undecided.push(`${where}: go -${name} may read anything`);
    }
    if (!/^(build|install|list)$/.test(verb)) {
      this.undecided.push(`${where}: what \`go ${verb}\` reads can't be told`);
      return;
    }
    this.flags.push(...flags);
    this.compiles += 1;
    if (withoutCgo) this.compilesWithoutCgo += 1;
    for (const word of args.length === 0 ? [{ raw: '.', text: '.' }] : args) this.#package(word, site, folders, where);
  }

  #package({ text, raw }: Word, site: RunSite, folders: ReadonlySet<StagePath>, where: string): void {
    if (text === undefined) {
      this.undecided.push(`${where}: which package ${raw} is can't be told`);
      return;
    }
    const files = text.endsWith('.go');
    const folder = files ? (/^(.*)\/[^/]*$/.exec(text)?.[1] ?? '.') : text;
    for (const cwd of folders) {
      for (const placement of site.placements) {
        for (const path of locate(placement, joinStage(cwd, folder))) {
          this.packages.push({ folder: path, importPath: undefined, everyGoFile: files });
        }
      }
    }
    if (!files && !/^[./]/.test(text)) this.packages.push({ folder: undefined, importPath: text, everyGoFile: false });
  }

  #enter(word: Word | undefined, folders: Set<StagePath>, where: string): void {
    if (word === undefined || word.text === '-') return;
    if (word.text === undefined) this.undecided.push(`${where}: cd ${word.raw} leads somewhere only the build knows`);
    // A subshell's cd ends with it; that is not followed, so both folders may be meant from here on.
    else for (const cwd of [...folders].slice(0, 16)) folders.add(joinStage(cwd, word.text));
  }

  /** A word that may name files of the context. */
  #path(word: Word, site: RunSite, folders: Set<StagePath>, where: string, depth: number): void {
    if (isAssignment(word.raw) && word.text === undefined) return;
    if (word.text === undefined) {
      this.#unknown(word, site, where);
      return;
    }
    // `sh -c "…"` and the like: a script in a word.
    if (/\s/.test(word.text) && depth < 4) this.#text(word.text, site, folders, where, depth + 1);
    const equals = word.text.indexOf('=');
    const candidates = [
      ...(word.text.startsWith('-') ? [] : [word.text]),
      ...(equals < 0 ? [] : [word.text.slice(equals + 1)]),
    ];
    for (const candidate of candidates) {
      if (candidate === '' || candidate.length > 4096 || candidate.includes('://')) continue;
      const path = candidate.replace(/\/?\.\.\.$/, '') || '.';
      for (const cwd of folders) this.#traced(joinStage(cwd, path), site, where, word.raw);
    }
  }

  #traced(path: StagePath, site: RunSite, where: string, raw: string): void {
    for (const placement of site.placements) {
      const traced = trace(placement, path);
      if (traced.kind === 'all') this.undecided.push(`${where}: ${raw} holds everything that was copied there`);
      else for (const found of traced.paths) this.named.add(found);
    }
  }

  /** Only a path that surely lies elsewhere is harmless: `/usr/lib/$x`, a flag. */
  #unknown(word: Word, site: RunSite, where: string): void {
    if (/^-|\s/.test(word.raw)) return;
    const fixed = /^\/[^$`"']*\//.exec(word.raw)?.[0];
    const elsewhere =
      fixed !== undefined &&
      site.placements.every((placement) => {
        const folder = joinStage('/', fixed);
        return placement.to.startsWith('/') && !meet(folder, placement.to);
      });
    if (!elsewhere) this.undecided.push(`${where}: which file ${word.raw} is can't be told`);
  }
}

/** Does one of two folders lie in the other? */
function meet(one: StagePath, other: StagePath): boolean {
  return below(one, other) !== undefined || below(other, one) !== undefined;
}

function isAssignment(raw: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(raw);
}

/** Folders of the context that a path in a stage may be. */
function locate(placement: Placement, path: StagePath): readonly string[] {
  const inside = below(placement.to, path);
  if (inside !== undefined) return [normalise(`${placement.from}/${inside}`)];
  const traced = trace(placement, path);
  return traced.kind === 'paths' ? traced.paths : [];
}
