import { sedFiles } from './sedScript';
import { plainWord, unquoted, type Word } from './shellCommands';
import * as tools from './shellTools';

/** What a call of a program reads, by what its manual says of its arguments. */
export interface ProgramReads {
  /** Words that may name files. */
  readonly paths: readonly Word[];
  /** Words that are files only if one is called so. */
  readonly files?: readonly Word[];
  /** Commands that it runs: their words. */
  readonly commands: readonly (readonly Word[])[];
  /** Shell texts that it runs. */
  readonly texts: readonly Word[];
  /** Why nobody can say what it reads. */
  readonly open?: string;
  /** The same, unless its standard input is known. */
  readonly openInput?: string;
}

const nothing: ProgramReads = { paths: [], commands: [], texts: [] };

/** `words`: what follows the program's name. undefined: no list knows the program. */
export function readsOf(name: string, words: readonly Word[]): ProgramReads | undefined {
  const given = operandsOf(words);
  if (tools.plain.has(name)) return plainReads(name, words);
  const inText = words.flatMap((word) => namedInText(name, word));
  if (tools.touchers.has(name)) return { ...nothing, paths: inText, files: given };
  if (name === 'update-ca-certificates') return { ...nothing, paths: [plainWord('/usr/local/share/ca-certificates')] };
  if (tools.silent.has(name)) return { ...nothing, paths: inText };
  if (tools.tests.has(name)) {
    const asks = words.some(({ raw }) => /^-([a-hkprstuwxLSNGO]|nt|ot|ef)$/.test(raw));
    return asks ? { ...nothing, paths: given } : nothing;
  }
  if (tools.packageManagers.has(name)) return { ...nothing, paths: words.flatMap(packageFile) };
  if (tools.loaders.has(name)) return { ...nothing, paths: words.flatMap(sentFile) };
  // The signals are words of no file: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#trap
  if (name === 'trap') return { ...nothing, texts: words.slice(0, words.length > 1 && given[0] === words[0] ? 1 : 0) };
  if (name !== 'git') return undefined;
  const verb = given[0]?.text ?? '';
  if (tools.gitFiles.has(verb)) return { ...nothing, paths: words };
  return tools.gitSilent.has(verb) ? nothing : undefined;
}

function operandsOf(words: readonly Word[]): readonly Word[] {
  return words.filter((word) => !word.raw.startsWith('-'));
}

function plainReads(name: string, words: readonly Word[]): ProgramReads {
  const given = operandsOf(words);
  const files = name === 'sed' ? filesOfSed(words) : [];
  const open = files === undefined ? noProgram(name) : whyOpen(name, words, given);
  if (name === 'find') return { ...findReads(words), ...(open === undefined ? {} : { open }) };
  const recursive = /^[ef]?grep$/.test(name) && words.some((word) => /^-\w*[rR]|^--recursive/.test(word.raw));
  const readsFolder = (name === 'ls' && given.length === 0) || (recursive && given.length < 2);
  const own = tools.filters.has(name) ? filtersOf(name, words) : undefined;
  const paths = own === undefined ? words : words.filter((word) => !own.has(word) || word.text === undefined);
  const helpers = words.flatMap((word, index) => helperOf(name, word, words[index - 1]));
  return {
    ...nothing,
    // Of `date -r FILE` only the time counts.
    paths: [
      ...(name === 'date'
        ? paths.filter((_, index) => !/^(-\w*r|--reference)$/.test(paths[index - 1]?.raw ?? ''))
        : paths),
      ...(files ?? []).map(fileWord),
      ...(readsFolder ? [folderOf(name)] : []),
    ],
    files: [...(own ?? [])],
    texts: helpers,
    ...(open === undefined ? {} : { open }),
    ...(isList(name, words) && operandsOf(words).length === 0 ? { openInput: noList } : {}),
  };
}

/** Options of jq that take two words, and those that take one: https://jqlang.org/manual/#invoking-jq */
const jqTakes = new Map([
  ...['arg', 'argjson', 'slurpfile', 'rawfile'].map((option) => [`--${option}`, 2] as const),
  ...['--indent', '--library-path', '-L'].map((option) => [option, 1] as const),
]);

/** An option that says what a filter does. */
const saysFilter: Readonly<Record<string, RegExp>> = {
  grep: /^(-\w*[ef]|--(regexp|file)(=|$))/,
  sed: /^(-[nErsuz]*[ef]|--(expression|file)(=|$))/,
  awk: /^(-[fEe]|--(file|exec|source)(=|$))/,
  jq: /^(-\w*f|--from-file(=|$))/,
  yq: /^(--from-file|--expression)(=|$)/,
};

/** The words of a call that say what the filter does: its first operand, or what follows an option. */
function filtersOf(name: string, words: readonly Word[]): ReadonlySet<Word> {
  const says = saysFilter[name.replace(/^[ef]grep$/, 'grep')];
  const options = words.filter(({ raw }) => says?.test(raw) === true);
  const behind = (index: number): boolean =>
    /^-[^-]*e$|^--(regexp|expression|source)$/.test(words[index - 1]?.raw ?? '') &&
    options.some((option) => option === words[index - 1]);
  if (options.length > 0) return new Set(words.filter((_, index) => behind(index)));
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (name === 'jq') rest.splice(0, jqTakes.get(word.raw) ?? 0);
    const isVerb = name === 'yq' && /^(e|ea|eval|eval-all)$/.test(word.raw);
    if (!word.raw.startsWith('-') && !isVerb) return new Set([word]);
  }
  return new Set();
}

/** The command of an option that has a program run: `tar -I COMMAND`, `sort --compress-program=COMMAND`. */
function helperOf(name: string, word: Word, before: Word | undefined): readonly Word[] {
  const option = { tar: /^(-\w*I|-F|--(use-compress-program|info-script|new-volume-script|rmt-command|rsh-command))$/ }[
    name
  ];
  const isBehind = (option ?? /^--compress-program$/).test(before?.raw ?? '');
  if (name !== 'tar' && name !== 'sort') return [];
  if (isBehind) return [word];
  const value = /^--[a-z-]*(?:program|script|command)=([^]*)$/;
  if (!value.test(word.raw)) return [];
  return [{ raw: word.raw, text: value.exec(word.text ?? '')?.[1], pattern: undefined }];
}

/** They are given a program, in a language of their own. */
const programmed = new Set(['awk', 'jq', 'sed', 'yq']);

/** Characters; programs in a RUN are shorter. */
const longestProgram = 10_000;

const noList = "what a list of files names can't be determined";

/** `sha256sum -c LIST` */
function isList(name: string, words: readonly Word[]): boolean {
  return /^(md5|sha\d+)sum$/.test(name) && words.some(({ raw }) => /^(-\w*c\w*|--check)$/.test(raw));
}

/** Why the arguments of a program don't say all that it reads. */
function whyOpen(name: string, words: readonly Word[], given: readonly Word[]): string | undefined {
  const has = (option: RegExp): boolean => words.some(({ raw }) => option.test(raw));
  const says = (program: RegExp): boolean =>
    words.some(({ pattern }) => program.test((pattern ?? '').replaceAll(/"(?:\\.|[^"\\])*"/g, '""')));
  if (has(/^--file(s|list)/) || (name === 'zip' && has(/^-\w*@/))) return noList;
  if (name === 'tar' && (has(/^-\w*T/) || /^\w*T\w*$/.test(words[0]?.raw ?? ''))) return noList;
  if (isList(name, words) && given.length > 0) return noList;
  if (has(/^--(filter|to-command|checkpoint-action)/)) return `what ${name} runs can't be determined`;
  const program = noProgram(name);
  if (programmed.has(name) && words.some(({ raw }) => raw.length > longestProgram)) return program;
  if (name === 'sed' && has(/^(-[nErsuz]*f|--file)/)) return program;
  if (name === 'awk' && (has(/^(-f|-E|--file|--exec)/) || says(awkReads))) return program;
  if (name === 'jq' && (has(/^(-\w*f\w*|--from-file)$/) || says(/\b(import|include)\s*""/))) return program;
  if (name === 'yq' && (has(/^(-f|--from-file)/) || says(/\bload(_\w+)?\s*\(|\b(import|include)\s*""/))) return program;
  return undefined;
}

/** Where awk reads what no argument names: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/awk.html, gawk's @include. */
const awkReads = /\bgetline\b|\bsystem\s*\(|\bARGV\b|@(include|load)\b|(?<!\|)\|&?\s*""/;

function noProgram(name: string): string {
  return `what a program for ${name} reads can't be determined`;
}

/** Files that sed's scripts read; undefined: that can't be said. */
function filesOfSed(words: readonly Word[]): readonly string[] | undefined {
  const scripts = sedScripts(words).map(({ pattern }) => pattern);
  const script = scripts.join('\n');
  return scripts.includes(undefined) || script.length > longestProgram ? undefined : sedFiles(script);
}

/** `-e SCRIPT`, `-eSCRIPT`, `--expression=SCRIPT`; without any the first operand. */
function sedScripts(words: readonly Word[]): readonly Word[] {
  const attached = /^(?:-[nErsuz]*e|--expression=)/;
  const scripts = words.flatMap((word, index) => {
    if (/^(-[nErsuz]*e|--expression)$/.test(words[index - 1]?.raw ?? '')) return word;
    if (!attached.test(word.raw) || /^-\w*e$/.test(word.raw)) return [];
    return { ...word, pattern: word.pattern?.replace(attached, '') };
  });
  return scripts.length > 0 ? scripts : operandsOf(words).slice(0, 1);
}

/** The commands of `-exec` end with `;` or `+`: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/find.html */
function findReads(words: readonly Word[]): ProgramReads {
  const paths: Word[] = [];
  const commands: Word[][] = [];
  let command: Word[] | undefined;
  let elsewhere = false;
  for (const word of words) {
    if (/^-(exec|ok)(dir)?$/.test(word.raw)) {
      elsewhere ||= word.raw.endsWith('dir');
      command = [];
      commands.push(command);
    } else if (command === undefined) paths.push(word);
    else if (word.text === ';' || word.text === '+') command = undefined;
    else command.push(word);
  }
  const first = words[0]?.raw ?? '-';
  if (/^[-(!\\]/.test(first)) paths.push(folderOf('find'));
  return {
    ...nothing,
    paths,
    commands,
    ...(elsewhere ? { open: "what find -execdir runs can't be determined" } : {}),
  };
}

/** Files that a word names whose text is no file: by a pattern, and in a line of checksums that `sha256sum -c` is given. */
function namedInText(name: string, word: Word): readonly Word[] {
  const sums = name === 'echo' || name === 'printf' ? (word.pattern ?? '').split(/\n|\\n/) : [];
  return [
    ...(/[*?[]/.test(unquoted(word.raw)) ? [word] : []),
    ...sums.flatMap((line) => /^(?:[0-9a-f]{32,128}|\*\*)\s+\*?([^\s*]\S*)$/i.exec(line)?.[1] ?? []).map(fileWord),
  ];
}

/** A package by name is no file, unless it may be one: `apt-get install ./x.deb`. What follows an option that takes one is one. */
function packageFile(word: Word, index: number, words: readonly Word[]): readonly Word[] {
  const takes = /^(-c|-R|-X|-p|--(config|config-file|import|keys-dir|recursive|repositories-file|repository|root))$/;
  const isFile = takes.test(words[index - 1]?.raw ?? '') || (word.text !== undefined && /[./]/.test(word.text));
  if (word.raw.startsWith('-') || isFile) return [word];
  return word.text === undefined ? [{ ...plainWord('**.[adr][pep][kbm]'), raw: word.raw }] : [];
}

/** `curl -d @FILE`, `-F name=<FILE`, `-T FILE`, `-K FILE`, `-E FILE:PASSWORD`: https://curl.se/docs/manpage.html */
function sentFile(word: Word, index: number, words: readonly Word[]): readonly Word[] {
  const { text, raw } = word;
  const sends = /^(-T|-K|-E|-b|-i|--(upload-file|config|cert|key|cacert|cookie|post-file|body-file|input-file))$/;
  if (text === undefined)
    return sends.test(words[index - 1]?.raw ?? '') || /^["']?([\w.-]+=)?[@<]/.test(raw) ? [word] : [];
  if (/^(?!file:)[^/@<]*:\/\//i.test(text)) return [];
  const parts = [text, ...text.split(/[@<;,:]/).slice(text.includes('://') ? 1 : 0)];
  return parts.filter((part) => !/^[./]*$/.test(part)).map((part) => ({ ...plainWord(part), raw }));
}

/** The folder that a program reads where no argument names another. */
function folderOf(program: string): Word {
  return { ...plainWord('.'), raw: program };
}

function fileWord(pattern: string): Word {
  return pattern.includes('**') ? { raw: pattern, text: undefined, pattern } : plainWord(pattern);
}
