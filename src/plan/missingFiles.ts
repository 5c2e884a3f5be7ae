import { ContextView } from '../dockerfile/contextView';
import { readIgnoreRules } from '../dockerfile/ignoreRules';
import type { GitTree } from '../git/gitTree';
import { escapePath, normalise } from '../system/pathText';
import type { CatalogImage } from '../types';
import type { BuildTree } from './buildTree';

/** A build that failed, and what it was given. */
interface FailedBuild {
  readonly image: CatalogImage;
  readonly given: BuildTree;
  /** Text of the .dockerignore in force. */
  readonly ignore: string | undefined;
  /** What the failing step said, and the step itself. */
  readonly words: readonly string[];
}

const most = { words: 4000, length: 1000, shown: 5 };

/**
 * Where a failing step names what the commit has and the image's tree has not: what to do about it, as lines for people. Pure; empty where
 * the words name nothing of the kind.
 */
export function missingFileHints(tree: GitTree, failed: FailedBuild): readonly string[] {
  const { image, given, ignore } = failed;
  const rules = ignore === undefined ? undefined : readIgnoreRules(ignore);
  const view = new ContextView(tree, given.context, typeof rules === 'string' ? undefined : rules);
  const missing = missingPaths(tree, view, failed);
  const seen = missing.filter(({ visible }) => visible).map(({ glob }) => glob);
  const hidden = missing.filter(({ visible }) => !visible).map(({ glob }) => glob);
  const isUnread = image.inputs.kind === 'dockerfile' && !failed.words.some((line) => copyFailure.test(line));
  return [
    ...(seen.length === 0 || isUnread
      ? []
      : [
          `The commit has ${shown(seen)}, which the build of ${image.name} did not get, because nothing showed that it counts. If it is needed, name it in the catalog:`,
          `  ${inputsLine(image, seen)}`,
        ]),
    ...(hidden.length === 0
      ? []
      : [`The commit has ${shown(hidden)}, but ${given.ignore?.path ?? 'the ignore file'} keeps it out of the build.`]),
  ];
}

/** A COPY, ADD or mount did not find its source: https://github.com/moby/buildkit/blob/master/solver/llbsolver/ops/file.go */
const copyFailure = /failed to (compute cache key|calculate checksum)|: not found$/;

interface Missing {
  /** As `inputs.paths` would name it. */
  readonly glob: string;
  readonly visible: boolean;
}

function missingPaths(tree: GitTree, view: ContextView, { given, words }: FailedBuild): readonly Missing[] {
  const has = new Set(given.files.map(({ path }) => path));
  const found = new Map<string, Missing>();
  const add = (path: string): boolean => {
    const entry = tree.entry(path);
    if (entry !== undefined) {
      if (!has.has(path)) found.set(path, { glob: path, visible: view.sees(entry) });
      return true;
    }
    if (path === '' || tree.directory(path) === undefined) return false;
    const isEmpty = !given.files.some((file) => file.path.startsWith(`${path}/`));
    if (isEmpty) found.set(path, { glob: `${path}/**`, visible: view.under(path).length > 0 });
    return true;
  };
  for (const word of wordsIn(words)) {
    const isAbsolute = word.startsWith('/');
    const segments = normalise(word).split('/');
    // A container has the files in a folder of its own, and Go names packages by their module: the longest end that the commit has counts.
    const isFound = segments.some(
      (_, at) => (at === 0 || isAbsolute || segments.length - at > 1) && add(view.path(segments.slice(at).join('/'))),
    );
    if (!isFound && !isAbsolute && /[./]/.test(word)) {
      const ends = tree.entries.filter(({ path }) => path.endsWith(`/${segments.join('/')}`));
      if (ends.length === 1) add(ends[0]?.path ?? '');
    }
  }
  return [...found.values()];
}

/** What could be a path: with a slash, or with a dot within it. */
function wordsIn(lines: readonly string[]): ReadonlySet<string> {
  const words = new Set<string>();
  for (const line of lines) {
    for (const [word] of line.matchAll(/[^\s"'`:;,()<>|=[\]{}*?&$]+/g)) {
      const text = word.replace(/\.+$/, '');
      if (text.length <= most.length && /\/|[^.]\.[^.]/.test(text) && words.size < most.words) words.add(text);
    }
  }
  return words;
}

/** The line of the catalog that makes these count too. */
function inputsLine({ inputs }: CatalogImage, globs: readonly string[]): string {
  const list = (own: readonly string[]): string => [...own, ...globs].map(yaml).join(', ');
  if (inputs.kind === 'go') return `inputs: { go: ${yaml(inputs.mainPackage)}, paths: [${list(inputs.paths)}] }`;
  return inputs.kind === 'paths' ? `inputs: { paths: [${list(inputs.globs)}] }` : 'inputs: context';
}

function yaml(text: string): string {
  return /^[\w./][\w./*-]*$/.test(text) ? text : JSON.stringify(escapePath(text));
}

function shown(globs: readonly string[]): string {
  const more = globs.length - most.shown;
  return globs.slice(0, most.shown).map(escapePath).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
