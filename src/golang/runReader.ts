import { expandShell } from '../dockerfile/expand';
import { unknownPart } from '../dockerfile/wordLexer';
import { plainWord, readCommands, type Redirect, type ShellCommand, type Word } from '../dockerfile/shellCommands';
import { readsOf, type ProgramReads } from '../dockerfile/programReads';
import * as tools from '../dockerfile/shellTools';
import { jsonWords } from '../dockerfile/tokens';
import type { RunSite } from '../dockerfile/instructionUse';
import { flagsOf, readGoCommand, readsModulesOnly, type Setting } from './goCommand';
import { Named, type Place } from './namedPackages';
import { homePaths, pathsIn, valuesIn } from './wordPaths';

/** Variables that steer Go. */
const steering = /^(GOOS|GOARCH|GOFLAGS|GOWORK|GOENV|GO111MODULE|CC|CXX|FC|PKG_CONFIG(_PATH)?|CGO_[A-Z]+FLAGS)$/;

/** Those of them in which paths of files may be: https://pkg.go.dev/cmd/cgo */
const withPaths = /^(CC|CXX|FC|PKG_CONFIG(_PATH)?|CGO_[A-Z]+FLAGS)$/;

/** Scripts in words of scripts in words; nobody nests deeper. */
const deepest = 4;

/**
 * Collects what the RUNs of stages that hold files of the context use of them, as far as their text tells. Of a command that isn't
 * known it is assumed that it reads everything that was copied.
 */
export class RunReader {
  readonly named = new Named();
  /** Variables that steer Go, in the order found. */
  readonly settings: Setting[] = [];
  /** Go flags that steer which files are compiled (`tags`, `mod` …). */
  readonly flags: Setting[] = [];
  /** Is go-licenses run, which reads licence files beside the packages? */
  licences = false;

  /** Reads one RUN: its own text or exec form, and its here-documents. */
  run(site: RunSite): void {
    const { rest, heredocs } = site.instruction;
    const exec = jsonWords(rest);
    const place = placeOf(site);
    const shell = site.shell[0]?.split('/').at(-1);
    if (shell !== undefined && !tools.shells.has(shell) && (exec === undefined || heredocs.length > 0)) {
      this.named.unknown(place, `what ${shell.slice(0, 100)} reads can't be determined`);
      for (const word of site.shell) this.named.mention(word, place);
    } else {
      if (exec === undefined) this.#text(rest, place, 0);
      else this.#command({ words: exec.map(plainWord), redirects: [] }, place, 0);
      for (const { content } of heredocs) this.script(content, place);
    }
  }

  /** Reads a script: of a here-document, or of a file that a RUN names. */
  script(text: string, place: Place): void {
    const interpreter = /^#!\s*(?:\S*\/env\s+(?:-\S+\s+)*)?(\S+)/.exec(text.slice(0, 300))?.[1] ?? 'sh';
    if (tools.shells.has(interpreter.split('/').at(-1) ?? '')) this.#text(text, place, 0);
    else this.named.unknown(place, `what a script for ${interpreter} reads can't be determined`);
  }

  #text(text: string, place: Place, depth: number): void {
    let before = '';
    for (const command of readCommands(text, place.site.scope.lookup)) {
      this.#command(command, place, depth, before);
      before = command.words[0]?.text ?? '';
    }
  }

  /** `before`: the program of the command before, which may be at the other end of a pipe. */
  #command({ words: all, redirects }: ShellCommand, place: Place, depth: number, before = ''): void {
    const words = [...all];
    let loop = false;
    for (let first = words[0]; first !== undefined; first = words[0]) {
      const { raw } = first;
      if (!tools.before.has(raw) && !isAssignment(raw)) break;
      this.#assigns(raw, place);
      loop ||= /^(for|case|select)$/.test(raw);
      words.shift();
      if (raw === 'command' && /^-[vV]$/.test(words[0]?.raw ?? '')) return;
      words.splice(0, tools.optionsBefore(raw, words));
    }
    for (const word of redirects) this.#redirect(word, place);
    const [first, ...rest] = words;
    if (first === undefined) return;
    // `for x in a b`: the words are what x may be, and every use of x is unknown anyway.
    if (loop) {
      for (const word of readsOf('echo', rest)?.paths ?? []) this.#path(word, place);
      return;
    }
    const name = (first.text ?? '').split('/').at(-1) ?? '';
    if (tools.assigners.has(name)) for (const word of rest) this.#assigns(word.text ?? word.raw, place);
    if (name === 'cd' || name === 'pushd') this.named.enter(rest[0], place);
    else if (name === 'go') this.#go(rest, place);
    else if (name === 'go-licenses') {
      this.licences = true;
      for (const word of rest.slice(1)) this.named.package(word, place);
    } else if (tools.shells.has(name)) this.#shell(rest, redirects, place, depth, before);
    else if (name === 'rm') this.#removes(rest, place);
    else {
      const reads = readsOf(name, rest);
      const given = redirects.every(({ writes }) => writes) && tools.speakers.has(before);
      if (reads?.openInput !== undefined && !given) this.named.unknown(place, reads.openInput);
      if (reads !== undefined) this.#reads(name, rest, reads, place, depth);
      else if (first.text?.includes('/') === true && !/^\/(usr\/(local\/)?)?s?bin\//.test(first.text)) {
        this.named.script(first.text, first.raw, place);
        for (const word of rest) this.#path(word, place);
      } else this.named.unknown(place, `what \`${first.raw.slice(0, 100)}\` reads can't be determined`);
    }
  }

  #removes(words: readonly Word[], place: Place): void {
    const isForced = words.some(({ raw }) => /^-\w*f|^--force$/.test(raw));
    for (const { raw, text } of words) {
      if (text === undefined || raw.startsWith('-')) continue;
      this.named.removes(text, place);
      // Where nested modules begin is decided by these.
      if (/(^|\/)go\.(mod|work)$/.test(text)) this.named.changes(text, place);
      if (!isForced) this.named.file(text, place);
    }
  }

  /** A call of a program that is known. */
  #reads(name: string, words: readonly Word[], reads: ProgramReads, place: Place, depth: number): void {
    if (reads.open !== undefined) this.named.unknown(place, reads.open);
    for (const word of reads.paths) this.#path(word, place);
    for (const { text } of reads.files ?? []) if (text !== undefined) this.named.file(text, place);
    for (const command of reads.commands) this.#command({ words: command, redirects: [] }, place, depth);
    for (const { text, raw } of reads.texts) {
      if (text === undefined || depth >= deepest) this.named.unknown(place, `what ${raw} runs can't be determined`);
      else this.#text(text, place, depth + 1);
    }
    if (tools.writers.has(name)) this.#writes(name, words, place);
    if (!tools.loaders.has(name)) return;
    for (const [index, { text = '' }] of words.entries()) {
      const [, attached] = /^(?:-[oO]|--output(?:-document)?=)(.+)$/.exec(text) ?? [];
      const target = /^(-\w*[oO]|--output(-document)?)$/.test(words[index - 1]?.raw ?? '') ? text : attached;
      if (target !== undefined) this.named.changes(target, place);
    }
  }

  /** Files that a program changes, replaces or moves. */
  #writes(name: string, words: readonly Word[], place: Place): void {
    const operands = words.filter((word) => !word.raw.startsWith('-'));
    const inPlace = name !== 'sed' || words.some((word) => /^-\w*i|^--in-place/.test(word.raw));
    if (!inPlace) return;
    // What is copied elsewhere does not change; what is moved does.
    const copies = name !== 'mv' && name !== 'sed' && operands.length > 1;
    const target = operands.at(-1)?.text;
    if (copies && target !== undefined && !this.#lies(target, place)) return;
    for (const { text } of operands) if (text !== undefined) this.named.changes(text, place);
  }

  /** An assignment: it may steer Go, and name files for whatever program looks at it. */
  #assigns(raw: string, place: Place): void {
    const [whole, written = ''] = /^[A-Za-z_]\w*\+?=([^]*)$/.exec(raw) ?? [];
    if (whole === undefined) return;
    this.#setting(raw, place);
    const value = expandShell(
      written.replace(/^(["']?)(\$PWD|\$\{PWD\}|\$\(pwd\))(?=\/)/, '$1.'),
      place.site.scope.lookup,
    );
    if (value?.includes(unknownPart) === false) this.named.mention(value, place);
  }

  /** Notes an assignment that steers Go. */
  #setting(raw: string, place: Place): void {
    const [, name = '', written = ''] = /^([A-Z_]+)=([^]*)$/.exec(raw) ?? [];
    if (!steering.test(name)) return;
    const value = expandShell(written, place.site.scope.lookup);
    this.settings.push([name, value?.includes(unknownPart) === true ? undefined : value]);
  }

  /** `sh -c TEXT`, `sh FILE`, `. FILE`, `sh < FILE`, `curl URL | sh` */
  #shell(words: readonly Word[], redirects: readonly Redirect[], place: Place, depth: number, before: string): void {
    const operands = words.filter(
      ({ raw }, index) =>
        !/^[-+]/.test(raw) && !/^([-+]\w*[oO]|--(rcfile|init-file))$/.test(words[index - 1]?.raw ?? ''),
    );
    const [first, ...rest] = operands;
    for (const word of words) if (!operands.includes(word) && !/^[-+]/.test(word.raw)) this.#path(word, place);
    if (first === undefined || words.some((word) => /^-\w*s$/.test(word.raw))) {
      const files = redirects.filter(({ writes }) => !writes);
      for (const { text, raw } of files) if (text !== undefined) this.named.script(text, raw, place);
      // What comes from the network is not of the context.
      const isKnown = files.length > 0 || tools.loaders.has(before) || words.some((word) => word.raw === '--version');
      if (!isKnown) this.named.unknown(place, "what a shell reads from a pipe can't be determined");
      return;
    }
    const inline = words.some((word) => /^-\w*c$/.test(word.raw)) || /\s/.test(first.text ?? '');
    if (first.text === undefined || (inline && depth >= deepest)) {
      this.named.unknown(place, `what ${first.raw.slice(0, 100)} runs can't be determined`);
    } else if (inline) this.#text(first.text, place, depth + 1);
    else this.named.script(first.text, first.raw, place);
    for (const word of rest) this.#path(word, place);
  }

  /** May a path be among what was copied? */
  #lies(text: string, place: Place): boolean {
    const before = this.named.changed.length;
    this.named.changes(text, place);
    return this.named.changed.splice(before).length > 0;
  }

  #redirect(word: Redirect, place: Place): void {
    this.#path(word, place);
    if (word.writes && word.text !== undefined) this.named.changes(word.text, place);
  }

  #go(words: readonly Word[], place: Place): void {
    const command = readGoCommand(words, place.site.scope.lookup);
    const { verb, args, flags } = command;
    if (verb === 'env' && flags.some(([name]) => name === 'w')) for (const { raw } of args) this.#setting(raw, place);
    if (verb === 'mod' && args[0]?.text === 'vendor') this.flags.push(['mod', undefined]);
    // It reads the imports of every package, those of tests too, and decides about versions: https://go.dev/ref/mod#go-mod-tidy
    if (verb === 'mod' && args[0]?.text === 'tidy') this.named.path('**/*.go', 'go mod tidy', place);
    const isTested = verb === 'vet' || verb === 'doc' || (verb === 'list' && flags.some(isOfTests));
    if (isTested) this.named.path('**/*.go', `go ${verb}`, place);
    if (verb === 'doc') return;
    if (verb === 'version') for (const word of args) this.#path(word, place);
    if (readsModulesOnly(command)) return;
    this.#flags(flags, place);
    if (!tools.goPackages.has(verb)) {
      const what = [verb, ...(/^(mod|work)$/.test(verb) ? [args[0]?.raw ?? ''] : [])].join(' ');
      this.named.unknown(place, `what \`go ${what.slice(0, 100)}\` reads can't be determined`);
      return;
    }
    this.flags.push(...flags);
    for (const word of args.length === 0 ? [plainWord('.')] : args) this.named.package(word, place);
  }

  #flags(flags: readonly Setting[], place: Place): void {
    for (const [name, value] of flags) {
      const word = { raw: value ?? '', text: value, pattern: value };
      if (name === 'C') this.named.enter(word, place);
      if (name === 'pgo' && value !== 'auto' && value !== 'off') this.#path(word, place);
      if (/^(asm|gc|gccgo|ld)flags$/.test(name)) this.#compilerFlags(value, place);
      if (/^(modfile|overlay|toolexec|vettool)$/.test(name)) this.named.unknown(place, `go -${name} may read anything`);
    }
  }

  /** Options of compilers and linkers: what comes behind `-I`, `-L`, `-include` … or stands alone may be a path. */
  #compilerFlags(text: string | undefined, place: Place): void {
    if (text === undefined) return;
    for (const part of text.split(/[\s,"']+/)) {
      const path = part.replace(/^-(I|L|F|B|T|iquote|isystem|include|imacros)|^@/, '');
      if (path !== '' && !path.startsWith('-')) this.#path(plainWord(path), place);
      this.named.mention(path, place);
    }
  }

  /** What variables, wherever they are set, make Go read by name, and what they name for any program. */
  steered(environment: readonly Setting[], sites: readonly RunSite[]): void {
    const all = [...environment, ...this.settings];
    const open = all.some(
      ([name, value]) =>
        (/^(GOWORK|GOENV)$/.test(name) && value !== 'off' && value !== '') ||
        // Then vendor/ and GOPATH are looked through: https://pkg.go.dev/cmd/go#hdr-Legacy_GOPATH_go_get
        (name === 'GO111MODULE' && value !== 'on' && value !== 'auto' && value !== '') ||
        (name === 'GOFLAGS' && flagsOf(value).some(([flag]) => /^(modfile|overlay|toolexec)$/.test(flag))),
    );
    for (const place of open ? sites.map(placeOf) : []) {
      this.named.unknown(place, 'GOWORK, GOENV, GO111MODULE or GOFLAGS may name any file');
    }
    const flags = all.flatMap(([name, value]) => (withPaths.test(name) && value !== undefined ? [value] : []));
    const values = valuesIn(environment);
    if (flags.length + values.size === 0) return;
    for (const place of distinct(sites)) {
      for (const value of flags) this.#compilerFlags(value, place);
      for (const value of values) this.named.mention(value, place);
    }
  }

  /** A word that may name files of the context. */
  #path(word: Word, place: Place): void {
    const { text, raw, pattern } = word;
    const home = homePaths(word, place.site.scope.lookup('HOME'));
    if (home !== undefined) for (const path of home) this.named.path(path, raw, place);
    else if (text === undefined) {
      const value = /^--?[\w-]+=([^]*)$/.exec(pattern ?? '')?.[1];
      if (value !== undefined) this.named.unknownPath({ raw, text, pattern: value }, place);
      else if (!raw.startsWith('-') && !isAssignment(raw)) this.named.unknownPath(word, place);
    } else if (/^~[+-]/.test(raw)) {
      // Bash's `~+` and `~-` are its current and its last folder.
      this.named.unknown(place, `where ${raw.slice(0, 100)} leads can't be determined`);
    } else for (const path of pathsIn(text)) this.named.path(path, raw, place);
  }
}

function isAssignment(raw: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(raw);
}

function placeOf(site: RunSite): Place {
  return { site, folders: new Set([site.cwd]), where: `line ${site.instruction.line}` };
}

/** Places of which no two have the same files and folder. */
function distinct(sites: readonly RunSite[]): readonly Place[] {
  const found = new Map(sites.map((site) => [JSON.stringify([site.cwd, site.placements]), site]));
  return [...found.values()].map(placeOf);
}

/** Does `go list` say something of tests? `-json` names their files. */
function isOfTests([name, value]: Setting): boolean {
  return name === 'test' || name === 'json' || (name === 'f' && (value === undefined || /Test/.test(value)));
}
