import type { CatalogImage } from '../types';
import { ContextView } from '../dockerfile/contextView';
import { readIgnoreRules } from '../dockerfile/ignoreRules';
import type { DockerfileUse, Source } from '../dockerfile/instructionUse';
import type { TreeEntry } from '../git/gitTree';
import { realPath } from '../git/links';
import type { GoImage, GoInputs } from '../golang/goInputs';

/** One context with its ignore rules, shared by every image that is built from it. */
export interface Context {
  readonly view: ContextView;
  readonly go: GoInputs;
  /** Why its ignore rules are not used. */
  readonly problem: string | undefined;
}

/** What is known of one image before its files are gathered. */
export interface Findings {
  readonly image: CatalogImage;
  readonly context: Context;
  /** One for each platform. */
  readonly uses: readonly DockerfileUse[];
  /** One for each platform, where the image is Go. */
  readonly go: readonly GoImage[];
  /** What is wrong with the catalog or the Dockerfile: notes. */
  readonly mistakes: readonly string[];
}

/** The files that decide an image's bits. */
export interface InputFiles {
  /** Undefined: `view.all`, the whole context. */
  readonly files: ReadonlySet<TreeEntry> | undefined;
  /** Folders that the Dockerfile copies and of which no file counts: a build fails where they are missing. */
  readonly folders: readonly string[];
  readonly notes: readonly string[];
}

/** Reasons that a note lists. */
const shown = 5;

/** Decides which files are inputs. */
export function inputFiles({ image, context, uses, go, mistakes }: Findings): InputFiles {
  const { view } = context;
  const notes = new Set(uses.flatMap((use) => use.notes));
  if (context.problem !== undefined) notes.add(context.problem);
  const found = go.map((one) => context.go.files(one));
  const reasons = new Set([
    ...wholeContextReasons(image, uses, go),
    ...found.flatMap(({ undecided }) => undecided.map((reason) => `${image.dockerfile}, ${reason}`)),
  ]);
  let files: Set<TreeEntry> | undefined;
  if (image.inputs.kind === 'context') {
    notes.clear();
  } else if (reasons.size > 0) {
    for (const reason of [...reasons].slice(0, shown))
      notes.add(`the whole context is an input: ${reason.slice(0, 300)}`);
    if (reasons.size > shown) notes.add(`… and ${reasons.size - shown} more reasons`);
  } else if (image.inputs.kind !== 'dockerfile' || uses.every((use) => use.everything === 'no')) {
    // Of folders that are only copied aside, what Go reads is found below; a file that is copied must be there.
    const counts = ({ aside, path }: Source): boolean =>
      !aside || go.length === 0 || view.entry(realPath(view, view.path(path)).path) !== undefined;
    files = new Set(uses.flatMap((use) => use.sources.filter(counts)).flatMap((source) => view.source(source.path)));
    if (image.inputs.kind === 'go') for (const entry of globbed(view, image.inputs.paths, notes)) files.add(entry);
    if (image.inputs.kind === 'paths') {
      const found = globbed(view, image.inputs.globs, notes);
      if (found.length === 0) notes.add('inputs.paths matches no file');
      for (const entry of found) files.add(entry);
      if (uses.some((use) => use.everything === 'image')) {
        notes.add(`${image.dockerfile} copies files into the image that inputs.paths leaves out`);
      }
    }
    for (const { notes: some } of go) for (const note of some) notes.add(note);
    for (const one of found) {
      for (const entry of one.files) files.add(entry);
      for (const path of one.unreadable) notes.add(`${path} can't be read as Go: all of its folder is an input`);
    }
  }
  for (const mistake of mistakes) notes.add(mistake);
  for (const entry of view.submodules) {
    if (files?.has(entry) !== false) notes.add(`${entry.path} is a submodule whose files are not here`);
  }
  return { files, folders: files === undefined ? [] : emptyFolders(context.view, uses, go, files), notes: [...notes] };
}

/** Folders that are copied by name, or that commands need, and hold no file that counts. */
function emptyFolders(
  view: ContextView,
  uses: readonly DockerfileUse[],
  go: readonly GoImage[],
  files: ReadonlySet<TreeEntry>,
): readonly string[] {
  const named = [
    ...uses.flatMap((use) => use.sources.map(({ path }) => path)),
    ...go.flatMap(({ folders }) => folders),
  ];
  const copied = named.map((path) => realPath(view, view.path(path)).path);
  return [...new Set(copied)].filter(
    (path) => view.tree.directory(path) !== undefined && !view.under(path).some((entry) => files.has(entry)),
  );
}

/** Why more can't be said than that everything counts; none: `COPY . .` of a plain image is no doubt, but its meaning. */
function wholeContextReasons(
  image: CatalogImage,
  uses: readonly DockerfileUse[],
  go: readonly GoImage[],
): readonly string[] {
  // What the catalog names by itself settles every doubt.
  if (image.inputs.kind === 'paths') return [];
  const undecided = uses.flatMap((use) => use.undecided.map((reason) => `${image.dockerfile}, ${reason}`));
  if (image.inputs.kind !== 'go') return undecided;
  const inImage = uses.some((use) => use.everything === 'image')
    ? [`${image.dockerfile} copies all of it into the image itself, not only into a stage that builds`]
    : [];
  const open = go.flatMap((one) => one.undecided.map((reason) => `${image.dockerfile}, ${reason}`));
  return [...undecided, ...inImage, ...open];
}

/** Patterns of `inputs.paths` read as those of a .dockerignore do, so `!` takes back. */
function globbed(view: ContextView, globs: readonly string[], notes: Set<string>): readonly TreeEntry[] {
  if (globs.length === 0) return [];
  const rules = readIgnoreRules(globs.join('\n'));
  if (typeof rules === 'string') {
    notes.add(`the whole context is an input: inputs.paths, ${rules}`);
    return view.all;
  }
  const others = new ContextView(view.tree, '', rules);
  const found = view.all.filter((entry) => !others.sees(entry));
  return found;
}
