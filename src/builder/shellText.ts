import { posix } from 'node:path';
import { quotedWords } from '../dockerfile/tokens';
import { overlap } from './cacheKinds';

/** Programs that never compile and never look into a compiler's cache. */
const plainPrograms = new Set(
  (
    'apk apt apt-get dnf yum microdnf zypper pip pip3 npm yarn curl wget tar unzip gzip gunzip xz mkdir cp mv rm rmdir chmod ' +
    'chown ln touch echo printf cat ls sed grep awk true : set cd export test [ mktemp sha256sum head tail tr cut sort uniq ' +
    'adduser addgroup useradd groupadd usermod groupmod update-ca-certificates git date id uname unset sleep diff tee'
  ).split(' '),
);

/** What the Go tool does without compiling anything. */
const plainGo = new Set(['mod', 'env', 'version', 'list', 'fmt', 'help', 'work']);

/** Does the text name the Go tool with one of its commands? */
export function namesGo(text: string): boolean {
  return /\bgo["']?[\s,]+["']?(build|install|test|generate|run|mod|get|list|vet|tool|work)\b/.test(text);
}

/**
 * Could this shell text compile something? Only a plain chain of programs known not to is a no: what is not understood could.
 */
export function mayCompile(text: string): boolean {
  return commands(text).some((command) => {
    const [program, next] = command;
    if (program === undefined || plainPrograms.has(program)) return false;
    return !(program === 'go' && next !== undefined && plainGo.has(next) && !command.includes('-export'));
  });
}

/** Could this shell text use Go's module cache? A chain of programs known not to is a no. */
export function mayUseModules(text: string): boolean {
  return commands(text).some(([program]) => program !== undefined && !plainPrograms.has(program));
}

/**
 * Does this shell text remove or move a folder that `path` is, is in, or holds? Such a command fails on a mounted folder, or
 * empties what other builds share. `workdir`: where relative paths begin, when known.
 */
export function removes(text: string, path: string, workdir: string | undefined): boolean {
  if (/\bgo\s+clean\b[^;&|\n]*-(mod|test|fuzz)?cache\b/.test(text)) return true;
  const segments = text.split(/&&|\|\||[;|\n()]/);
  const folders = [
    ...new Set([workdir, ...segments.map((segment) => /^\s*cd\s+["']?(\/[^\s"']*)/.exec(segment)?.[1])]),
  ];
  // What xargs removes is in another command.
  const piped = segments.some((segment) => /^\s*xargs\s/.test(segment) && removal.test(segment));
  if (folders.length > mostFolders) return piped || segments.some((segment) => removal.test(segment));
  return segments
    .filter((segment) => piped || removal.test(segment))
    .flatMap((segment) => quotedWords(segment))
    .some((word) => folders.some((folder) => meant(unquote(word), path, folder)));
}

/** A script that goes to more folders than this is not looked through. */
const mostFolders = 20;

const removal = /(^|[\s"'`{])(rm|mv|rmdir|unlink)\s|\s-delete\b/;

/** Could this word of a command, in this working directory, mean a folder that overlaps `path`? */
function meant(word: string, path: string, workdir: string | undefined): boolean {
  if (/^~|\$\{?(HOME|GO[A-Z]*|XDG_[A-Z_]*)\b/.test(word)) return true;
  const literal = word.slice(0, word.search(/[*?[{$`]|$/));
  if (!literal.startsWith('/') && (workdir === undefined || !/^[\w.]/.test(word))) return false;
  const folder = workdir ?? '/';
  if (literal.length === word.length) return overlap(posix.resolve(folder, literal), path);
  // A pattern: what it can mean is in the folder before it and begins as it does.
  const slash = literal.lastIndexOf('/') + 1;
  const within = posix.resolve(folder, literal.slice(0, slash));
  const below = posix.relative(within, path);
  return overlap(within, path) && (below === '' || below.startsWith('..') || below.startsWith(literal.slice(slash)));
}

/** The commands of a chain as words, environment assignments in front left out. */
function commands(text: string): readonly (readonly string[])[] {
  // A command inside a command could be anything.
  if (/`|\$\(|<\(/.test(text)) return [['$(']];
  return text
    .split(/&&|\|\||[;|\n]/)
    .map((part) => quotedWords(part).map(unquote))
    .map((part) => part.slice(firstProgram(part)));
}

function firstProgram(part: readonly string[]): number {
  const first = part.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  return first === -1 ? part.length : first;
}

/** Without quotation marks and the escapes in front of them. */
function unquote(word: string): string {
  return word.replace(/\\(.)|["']/gs, (_: string, escaped?: string) => escaped ?? '');
}
