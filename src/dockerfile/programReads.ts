import { sedFiles } from './sedScript';
import { plainWord, unquoted, type Word } from './shellCommands';
import * as tools from './shellTools';

/** What a call of a program reads, by what its manual says of its arguments. */
export interface ProgramReads {
  /** Words that may name files. */
  readonly paths: readonly Word[];
  /** Commands that it runs: their words. */
  readonly commands: readonly (readonly Word[])[];
  /** Shell texts that it runs. */
  readonly texts: readonly Word[];
  /** Why nobody can say what it reads. */
  readonly open?: string;
}

const nothing: ProgramReads = { paths: [], commands: [], texts: [] };

/** `words`: what follows the program's name. undefined: no list knows the program. */
export function readsOf(name: string, words: readonly Word[]): ProgramReads | undefined {
  const given = operandsOf(words);
  if (tools.plain.has(name)) return plainReads(name, words);
  if (tools.silent.has(name)) return { ...nothing, paths: words.flatMap((word) => namedInText(name, word)) };
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
  // What a filter does is its first operand; only the others are files.
  const filter = tools.filters.has(name) ? given[0] : undefined;
  const paths = words.filter((word) => word !== filter || word.text !== undefined);
  return {
    ...nothing,
    paths: [...paths, ...(files ?? []).map(fileWord), ...(readsFolder ? [folderOf(name)] : [])],
    ...(open === undefined ? {} : { open }),
  };
}

/** They are given a program, in a language of their own. */
const programmed = new Set(['awk', 'jq', 'sed', 'yq']);

/** Characters; programs in a RUN are shorter. */
const longestProgram = 10_000;

/** Why the arguments of a program don't say all that it reads. */
function whyOpen(name: string, words: readonly Word[], given: readonly Word[]): string | undefined {
  const has = (option: RegExp): boolean => words.some(({ raw }) => option.test(raw));
  const says = (program: RegExp): boolean =>
    words.some(({ pattern }) => program.test((pattern ?? '').replaceAll(/"(?:\\.|[^"\\])*"/g, '""')));
  const list = "what a list of files names can't be determined";
  if (has(/^--files/) || (name === 'zip' && has(/^-\w*@/))) return list;
  if (name === 'tar' && (has(/^-\w*T/) || /^\w*T\w*$/.test(words[0]?.raw ?? ''))) return list;
  const sums = /^(md5|sha\d+)sum$/.test(name) && has(/^(-\w*c\w*|--check)$/);
  // A list from a pipe is of what `echo` says, which is looked at there.
  if (sums && given.length > 0) return list;
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

/** A package by name is no file, unless it may be one: `apt-get install ./x.deb`. */
function packageFile(word: Word): readonly Word[] {
  if (word.raw.startsWith('-') || (word.text !== undefined && /[./]/.test(word.text))) return [word];
  return word.text === undefined ? [{ ...plainWord('**.[adr][pep][kbm]'), raw: word.raw }] : [];
}

/** `curl -d @FILE`, `-T FILE`, `-K FILE`: https://curl.se/docs/manpage.html */
function sentFile(word: Word, index: number, words: readonly Word[]): readonly Word[] {
  const sends = /^(-T|-K|-E|-b|-i|--(upload-file|config|cert|key|cacert|cookie|post-file|body-file|input-file))$/;
  const at = /@(.*)$/.exec(word.text ?? word.raw)?.[1];
  if (sends.test(words[index - 1]?.raw ?? '') || (word.text === undefined && /^["']?(\w+=)?@/.test(word.raw)))
    return [word];
  if (at !== undefined && at !== '' && word.text !== undefined) return [plainWord(at)];
  return word.text !== undefined && !/^(?!file:)[^/]*:\/\//i.test(word.text) ? [word] : [];
}

/** The folder that a program reads where no argument names another. */
function folderOf(program: string): Word {
  return { ...plainWord('.'), raw: program };
}

function fileWord(pattern: string): Word {
  return pattern.includes('**') ? { raw: pattern, text: undefined, pattern } : plainWord(pattern);
}
