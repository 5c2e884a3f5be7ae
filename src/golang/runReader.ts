import { expandShell } from '../dockerfile/expand';
import { unknownPart } from '../dockerfile/wordLexer';
import { compileSource } from '../dockerfile/pattern';
import { plainWord, readCommands, type Redirect, type ShellCommand, type Word } from '../dockerfile/shellCommands';
import * as tools from '../dockerfile/shellTools';
import { jsonWords } from '../dockerfile/tokens';
import type { RunSite } from '../dockerfile/instructionUse';
import { flagsOf, readGoCommand, readsModulesOnly, type Setting } from './goCommand';
import { Named, type Place } from './namedPackages';

/** Variables that steer Go. */
const steering = /^(GOOS|GOARCH|GOFLAGS|GOWORK)$/;

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
    const { rest, heredocs, line } = site.instruction;
    const exec = jsonWords(rest);
    const place = { site, folders: new Set([site.cwd]), where: `line ${line}` };
    if (exec === undefined) this.#text(rest, place, 0);
    else this.#command({ words: exec.map(plainWord), redirects: [] }, place, 0);
    for (const { content } of heredocs) this.script(content, place);
  }

  /** Reads a script: of a here-document, or of a file that a RUN names. */
  script(text: string, place: Place): void {
    const interpreter = /^#!\s*(?:\S*\/env\s+(?:-\S+\s+)*)?(\S+)/.exec(text.slice(0, 300))?.[1] ?? 'sh';
    if (tools.shells.has(interpreter.split('/').at(-1) ?? '')) this.#text(text, place, 0);
    else this.named.unknown(place, `what a script for ${interpreter} reads can't be determined`);
  }

  #text(text: string, place: Place, depth: number): void {
    for (const command of readCommands(text, place.site.scope.lookup)) this.#command(command, place, depth);
  }

  #command({ words: all, redirects }: ShellCommand, place: Place, depth: number): void {
    const words = [...all];
    let loop = false;
    while (words[0] !== undefined && (tools.before.has(words[0].raw) || isAssignment(words[0].raw))) {
      this.#setting(words[0].raw, place);
      loop ||= /^(for|case|select)$/.test(words[0].raw);
      words.shift();
    }
    for (const word of redirects) this.#redirect(word, place);
    const [first, ...rest] = words;
    // `for x in a b`: the words are what x may be, and every use of x is unknown anyway.
    if (first === undefined || loop) return;
    const name = (first.text ?? '').split('/').at(-1) ?? '';
    if (name === 'export') for (const word of rest) this.#setting(word.raw, place);
    if (name === 'cd' || name === 'pushd') this.named.enter(rest[0], place);
    else if (name === 'go') this.#go(rest, place);
    else if (name === 'go-licenses') {
      this.licences = true;
      for (const word of rest.slice(1)) this.named.package(word, place);
    } else if (tools.shells.has(name)) this.#shell(rest, place, depth);
    else if (tools.plain.has(name)) this.#plain(name, rest, place);
    else if (tools.silent.has(name)) this.#silent(rest, place);
    else if (this.#sometimes(name, rest, place)) return;
    else if (first.text?.includes('/') === true && !/^\/(usr\/(local\/)?)?s?bin\//.test(first.text)) {
      this.named.script(first.text, first.raw, place);
      for (const word of rest) this.#path(word, place);
    } else this.named.unknown(place, `what \`${first.raw.slice(0, 100)}\` reads can't be determined`);
  }

  /** Programs that read files in some uses only. */
  #sometimes(name: string, words: readonly Word[], place: Place): boolean {
    const operands = words.filter((word) => !word.raw.startsWith('-'));
    if (name === 'rm') {
      for (const { text } of operands) if (text !== undefined) this.named.removes(text, place);
    } else if (tools.tests.has(name)) {
      const asks = words.some(({ raw }) => /^-([a-hkprstuwxLSNGO]|nt|ot|ef)$/.test(raw));
      if (asks) for (const word of operands) this.#path(word, place);
    } else if (tools.packageManagers.has(name)) {
      for (const word of operands) {
        if (word.text === undefined) this.named.path('**.[adr][pep][kbm]', word.raw, place);
        else if (/[./]/.test(word.text)) this.#path(word, place);
      }
    } else if (tools.loaders.has(name)) this.#loader(words, place);
    else if (name === 'git' && tools.gitSilent.has(operands[0]?.text ?? '')) return true;
    else return false;
    return true;
  }

  /** `curl -d @FILE`, `-T FILE`, `-K FILE`: https://curl.se/docs/manpage.html */
  #loader(words: readonly Word[], place: Place): void {
    for (const [index, word] of words.entries()) {
      const sends = /^(-T|-K|-E|-b|-i|--(upload-file|config|cert|key|cacert|cookie|post-file|body-file|input-file))$/;
      const at = /@(.*)$/.exec(word.text ?? word.raw)?.[1];
      if (sends.test(words[index - 1]?.raw ?? '') || (word.text === undefined && /^["']?(\w+=)?@/.test(word.raw))) {
        this.#path(word, place);
      } else if (at !== undefined && at !== '' && word.text !== undefined) this.#path(plainWord(at), place);
      else if (word.text?.includes('://') === false) this.#path(word, place);
    }
  }

  /** Notes an assignment that steers Go. */
  #setting(raw: string, place: Place): void {
    const [, name = '', written = ''] = /^([A-Z]+)=([^]*)$/.exec(raw) ?? [];
    if (!steering.test(name)) return;
    const value = expandShell(written, place.site.scope.lookup);
    this.settings.push([name, value?.includes(unknownPart) === true ? undefined : value]);
  }

  /** `sh -c TEXT`, `sh FILE`, `. FILE` */
  #shell(words: readonly Word[], place: Place, depth: number): void {
    const operands = words.filter((word) => !/^[-+]/.test(word.raw));
    const [first, ...rest] = operands;
    if (first === undefined) return;
    const inline = words.some((word) => /^-\w*c$/.test(word.raw)) || /\s/.test(first.text ?? '');
    if (first.text === undefined || (inline && depth >= deepest)) {
      this.named.unknown(place, `what ${first.raw.slice(0, 100)} runs can't be determined`);
    } else if (inline) this.#text(first.text, place, depth + 1);
    else this.named.script(first.text, first.raw, place);
    for (const word of rest) this.#path(word, place);
  }

  /** Only a pattern among its words looks at files: at their names. */
  #silent(words: readonly Word[], place: Place): void {
    for (const word of words) if (/^[^"']*[*?[]/.test(word.raw) && word.text !== undefined) this.#path(word, place);
  }

  #plain(name: string, words: readonly Word[], place: Place): void {
    const operands = words.filter((word) => !word.raw.startsWith('-'));
    const recursive = /^[ef]?grep$/.test(name) && words.some((word) => /^-\w*[rR]|^--recursive/.test(word.raw));
    if ((tools.readsFolder.has(name) && operands.length === 0) || (recursive && operands.length < 2)) {
      this.named.path('.', name, place);
    }
    if (name === 'tar' && words.some((word) => /^-\w*T|^--files-from/.test(word.raw))) {
      this.named.unknown(place, "what a list of files names can't be determined");
    }
    // What a filter does is its first operand; only the others are files.
    const filter = tools.filters.has(name) ? operands[0] : undefined;
    for (const word of words) if (word !== filter || word.text !== undefined) this.#path(word, place);
    const inPlace = name !== 'sed' || words.some((word) => /^-\w*i|^--in-place/.test(word.raw));
    if (!tools.writers.has(name) || !inPlace) return;
    // What is copied elsewhere does not change; what is moved does.
    const copies = name !== 'mv' && name !== 'sed' && operands.length > 1;
    const target = operands.at(-1)?.text;
    if (copies && target !== undefined && !this.#lies(target, place)) return;
    for (const { text } of operands) if (text !== undefined) this.named.changes(text, place);
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
      if (/^(modfile|overlay|toolexec|vettool)$/.test(name)) this.named.unknown(place, `go -${name} may read anything`);
    }
  }

  /** What GOFLAGS and GOWORK, wherever they are set, make Go read by name. */
  steered(environment: readonly Setting[], sites: readonly RunSite[]): void {
    const all = [...environment, ...this.settings];
    const open = all.some(
      ([name, value]) =>
        (name === 'GOWORK' && value !== 'off' && value !== '') ||
        (name === 'GOFLAGS' && flagsOf(value).some(([flag]) => /^(modfile|overlay|toolexec)$/.test(flag))),
    );
    for (const site of open ? sites : []) {
      this.named.unknown(
        { site, folders: new Set(), where: `line ${site.instruction.line}` },
        'GOWORK or GOFLAGS may name any file',
      );
    }
  }

  /** A word that may name files of the context. */
  #path(word: Word, place: Place): void {
    const { text, raw, pattern } = word;
    if (text === undefined) {
      const value = /^--?[\w-]+=([^]*)$/.exec(pattern ?? '')?.[1];
      if (value !== undefined) this.named.unknownPath({ raw, text, pattern: value }, place);
      else if (!raw.startsWith('-') && !isAssignment(raw)) this.named.unknownPath(word, place);
      return;
    }
    const equals = text.indexOf('=');
    const candidates = [...(text.startsWith('-') ? [] : [text]), ...(equals < 0 ? [] : [text.slice(equals + 1)])];
    for (const candidate of candidates) {
      if (candidate === '' || candidate.length > 4096 || candidate.includes('://')) continue;
      this.named.path(shellPattern(candidate).replace(/\/?\.\.\.$/, '') || '.', raw, place);
    }
  }
}

/**
 * Braces (`{a,b}`, which bash takes apart) and sets in the words of a COPY pattern: `[!a]` negates, a bracket that comes first in a set is
 * a part of it, and a set that is not closed (`jq ".x[].y"`) is plain text.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_14
 */
function shellPattern(text: string): string {
  const braces = text.replace(/\{[^{}]*(,|\.\.)[^{}]*\}/g, '**');
  const open = braces.includes('{') && /[,}]/.test(braces) ? text.replace(/\{.*\}/, '**') : braces;
  const pattern = open.replaceAll('[!', '[^');
  if (compileSource(pattern) !== undefined) return pattern;
  const plain = pattern.replace(/\[\^?\][^\]]*\]/g, '?').replaceAll('[', '\\[');
  return compileSource(plain) === undefined ? pattern : plain;
}

function isAssignment(raw: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(raw);
}
