import { expand } from '../dockerfile/expand';
import { jsonWords } from '../dockerfile/instructions';
import type { RunSite } from '../dockerfile/useTypes';
import { splitFlags } from '../dockerfile/words';
import { readCommands, type ShellCommand, type Word } from '../shell/commands';
import { before, filters, inert, plain, readsFolder, shells } from '../shell/tools';
import { readGoCommand, readsModulesOnly, type Setting } from './goCommand';
import { Named, type Place } from './named';

const steering = /^(GOOS|GOARCH|CGO_ENABLED|GOFLAGS|GOWORK|GOEXPERIMENT)=([^]*)$/;

/** Scripts in words of scripts in words; nobody nests deeper. */
const deepest = 4;

/**
 * Collects what the RUNs of stages that hold the whole context use of it, as far as their text tells. Of a command that
 * isn't known it is assumed that it reads everything.
 */
export class RunReader {
  readonly named = new Named();
  /** Variables that steer Go, in the order found. */
  readonly settings: Setting[] = [];
  /** Go flags that steer which files are compiled (`tags`, `mod`, `race` …). */
  readonly flags: Setting[] = [];
  /** Commands that compile, and how many of them switch cgo off themselves. */
  compiles = 0;
  compilesWithoutCgo = 0;
  /** Is go-licenses run, which reads licence files beside the packages? */
  licences = false;

  /** Reads one RUN: its own text or exec form, and its here-documents. */
  run(site: RunSite): void {
    const { rest } = splitFlags(site.instruction.rest);
    const exec = jsonWords(rest);
    const place = { site, folders: new Set([site.cwd]), where: `line ${site.instruction.line}` };
    if (exec === undefined) this.#text(rest, place, 0);
    else this.#command({ words: exec.map((text) => ({ text, raw: text })), redirects: [] }, place, 0);
    for (const { content } of site.instruction.heredocs) this.script(content, place);
  }

  /** Reads a script: of a here-document, or of a file that a RUN names. */
  script(text: string, place: Place): void {
    const interpreter = /^#!\s*(?:\S*\/env\s+(?:-\S+\s+)*)?(\S+)/.exec(text.slice(0, 300))?.[1] ?? 'sh';
    if (shells.has(interpreter.split('/').at(-1) ?? '')) this.#text(text, place, 0);
    else this.named.unknown(place, `what a script for ${interpreter} reads can't be told`);
  }

  #text(text: string, place: Place, depth: number): void {
    for (const command of readCommands(text, place.site.lookup)) this.#command(command, place, depth);
  }

  #command(command: ShellCommand, place: Place, depth: number): void {
    const words = [...command.words];
    let withoutCgo = false;
    let loop = false;
    while (words[0] !== undefined && (before.has(words[0].raw) || isAssignment(words[0].raw))) {
      withoutCgo = this.#setting(words[0], place) || withoutCgo;
      loop ||= /^(for|case|select)$/.test(words[0].raw);
      words.shift();
    }
    for (const word of command.redirects) this.#path(word, place);
    const [first, ...rest] = words;
    if (first === undefined) return;
    // `for x in a b`: the words are what x may be, and every use of x is unknown anyway.
    if (loop) return;
    const name = (first.text ?? '').split('/').at(-1) ?? '';
    if (name === 'export') for (const word of rest) this.#setting(word, place);
    else if (name === 'cd' || name === 'pushd') this.named.enter(rest[0], place);
    else if (name === 'go') this.#go(rest, place, withoutCgo);
    else if (name === 'go-licenses') {
      this.licences = true;
      for (const word of rest.slice(1)) this.named.package(word, place);
    } else if (shells.has(name)) this.#shell(rest, place, depth);
    else if (plain.has(name)) this.#plain(name, rest, place);
    else if (first.text?.includes('/') === true && !/^\/(usr\/(local\/)?)?s?bin\//.test(first.text)) {
      this.named.script(first.text, first.raw, place);
      for (const word of rest) this.#path(word, place);
    } else if (!inert.has(name)) {
      this.named.unknown(place, `what \`${first.raw.slice(0, 100)}\` reads can't be told`);
    }
  }

  /** Notes an assignment that steers Go; true: it switches cgo off. */
  #setting(word: Word, place: Place): boolean {
    const found = steering.exec(word.raw);
    if (found === null) return false;
    const value = expand(found[2] ?? '', place.site.lookup);
    this.settings.push([found[1] ?? '', value]);
    return found[1] === 'CGO_ENABLED' && value === '0';
  }

  /** `sh -c TEXT`, `sh FILE`, `. FILE` */
  #shell(words: readonly Word[], place: Place, depth: number): void {
    const operands = words.filter((word) => !/^[-+]/.test(word.raw));
    const [first, ...rest] = operands;
    if (first === undefined) return;
    const inline = words.some((word) => /^-\w*c$/.test(word.raw)) || /\s/.test(first.text ?? '');
    if (first.text === undefined || (inline && depth >= deepest)) {
      this.named.unknown(place, `what ${first.raw.slice(0, 100)} runs can't be told`);
    } else if (inline) this.#text(first.text, place, depth + 1);
    else this.named.script(first.text, first.raw, place);
    for (const word of rest) this.#path(word, place);
  }

  #plain(name: string, words: readonly Word[], place: Place): void {
    const operands = words.filter((word) => !word.raw.startsWith('-'));
    const recursive = /^[ef]?grep$/.test(name) && words.some((word) => /^-\w*[rR]|^--recursive/.test(word.raw));
    if ((readsFolder.has(name) && operands.length === 0) || (recursive && operands.length < 2)) {
      this.named.path('.', name, place);
    }
    // What a filter does is its first operand; only the others are files.
    const filter = filters.has(name) ? operands[0] : undefined;
    for (const word of words) if (word !== filter || word.text !== undefined) this.#path(word, place);
  }

  #go(words: readonly Word[], place: Place, withoutCgo: boolean): void {
    const { verb, args, flags } = readGoCommand(words, place.site.lookup);
    if (readsModulesOnly(verb, args, flags)) return;
    for (const [name, value] of flags) {
      const word = { raw: value ?? '', text: value };
      if (name === 'C') this.named.enter(word, place);
      if (/^(modfile|pgo)$/.test(name) && value !== 'auto' && value !== 'off') this.#path(word, place);
      if (/^(overlay|toolexec)$/.test(name)) this.named.unknown(place, `go -${name} may read anything`);
    }
    if (!/^(build|install|list)$/.test(verb)) {
      this.named.unknown(place, `what \`go ${verb.slice(0, 100)}\` reads can't be told`);
      return;
    }
    this.flags.push(...flags);
    this.compiles += 1;
    if (withoutCgo) this.compilesWithoutCgo += 1;
    for (const word of args.length === 0 ? [{ raw: '.', text: '.' }] : args) this.named.package(word, place);
  }

  /** A word that may name files of the context. */
  #path({ text, raw }: Word, place: Place): void {
    if (text === undefined) {
      if (!/^-|\s/.test(raw) && !isAssignment(raw)) this.named.unknownPath(raw, place);
      return;
    }
    const equals = text.indexOf('=');
    const candidates = [...(text.startsWith('-') ? [] : [text]), ...(equals < 0 ? [] : [text.slice(equals + 1)])];
    for (const candidate of candidates) {
      if (candidate === '' || candidate.length > 4096 || candidate.includes('://')) continue;
      this.named.path(candidate.replace(/\/?\.\.\.$/, '') || '.', raw, place);
    }
  }
}

function isAssignment(raw: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(raw);
}
