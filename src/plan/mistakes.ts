import { SourceError, type CatalogError } from '../errors';
import type { ContextView } from '../dockerfile/contextView';
import { isTemplated } from '../dockerfile/contextUse';
import type { Instruction } from '../dockerfile/instructions';
import { hasWildcard } from '../dockerfile/pattern';
import { assignments, readMounts } from '../dockerfile/tokens';
import type { DockerfileUse } from '../dockerfile/instructionUse';
import type { GitTree } from '../git/gitTree';
import { containedPath, realPath } from '../git/links';
import { submoduleAbove, submoduleMend } from '../git/submodules';
import { didYouMean } from '../system/nearest';
import type { CatalogImage, SourcePosition } from '../types';

/** Where a field of the catalog is written; undefined: the catalog is built in. */
export type PositionOf = (path: readonly string[]) => SourcePosition | undefined;

/** A mistake in a catalog file, as CatalogError has them. */
export type CatalogMistake = CatalogError['mistakes'][number];

/** Folders that an image of a catalog file names and the tree has not. The built-in catalog is for many versions of the repository. */
export function missingFolders(
  { name, context, inputs, options }: CatalogImage,
  tree: GitTree,
  positionOf: PositionOf,
): readonly CatalogMistake[] {
  const isThere = (path: string): boolean => {
    const real = containedPath(tree, path);
    // What leads out of the repository is refused where it is read.
    return real === undefined || real === '' || tree.directory(real) !== undefined;
  };
  const named = [
    { field: ['context'], path: context, what: 'the context' },
    ...(inputs.kind === 'go' ? [{ field: ['inputs', 'go'], path: inputs.mainPackage, what: 'the main package' }] : []),
    ...Object.entries(options?.buildContexts ?? {}).flatMap(([own, given]) =>
      given.kind === 'folder' ? [{ field: ['buildContexts', own], path: given.path, what: 'a context' }] : [],
    ),
  ];
  return named.flatMap(({ field, path, what }) => {
    const at = isThere(path) ? undefined : positionOf(['images', name, ...field]);
    const within = submoduleAbove(tree, path);
    const why =
      within === undefined
        ? `there is no folder ${path} in ${tree.label}, so it can't be ${what}; correct it, or commit the folder`
        : `${path} is in the submodule ${within.path}, whose files are not here. ${submoduleMend}`;
    const text = `images.${[name, ...field].join('.')}: ${why}`;
    return at === undefined ? [] : [{ at, text }];
  });
}

/** The error for images whose Dockerfiles the tree has not. `there`: the images whose it has. Pure. */
export function missingDockerfiles(
  missing: readonly CatalogImage[],
  there: readonly CatalogImage[],
  tree: GitTree,
): SourceError {
  const [first] = missing;
  for (const { name, dockerfile } of missing) {
    const within = submoduleAbove(tree, dockerfile);
    if (within === undefined) continue;
    return new SourceError(
      `The Dockerfile ${dockerfile} of "${name}" is in the submodule ${within.path}, whose files are not here. ${submoduleMend}.`,
    );
  }
  const what =
    first !== undefined && missing.length === 1
      ? `The image "${first.name}" has no Dockerfile at ${first.dockerfile} in ${tree.label}. Correct \`dockerfile\` in the catalog, or commit the file.`
      : `${missing.length} images have no Dockerfile in ${tree.label}: ${missing.map(({ name, dockerfile }) => `${name} (${dockerfile})`).join(', ')}. ` +
        `Correct \`dockerfile\` in the catalog, or commit the files.`;
  const names = new Set(missing.map(({ name }) => name));
  const rest = there.flatMap(({ name, bind }) => (Object.values(bind).some((bound) => names.has(bound)) ? [] : [name]));
  return new SourceError(
    `${what} Where the repository has other images than the catalog, \`kfp-images init\` proposes a catalog of the Dockerfiles that it finds.` +
      (rest.length === 0 ? '' : ` To go on without: --images ${rest.join(',')}`),
  );
}

/** Known to every Dockerfile without ARG: https://docs.docker.com/reference/dockerfile/#predefined-args */
const predefined = /^((https?|ftp|no|all)_proxy|SOURCE_DATE_EPOCH)$/i;

/** Build arguments that the Dockerfile does not declare, so that they have no effect: notes, with the place in the catalog file. */
export function unusedArguments(
  { name: image, dockerfile, buildArgs }: CatalogImage,
  instructions: readonly Instruction[],
  positionOf: PositionOf,
): readonly string[] {
  const declared = instructions
    .filter(({ keyword }) => keyword === 'ARG')
    .flatMap(({ rest }) => assignments(rest).map(({ name }) => name));
  return Object.entries(buildArgs)
    .filter(([name]) => !declared.includes(name) && !predefined.test(name))
    .flatMap(([name, value]) => {
      const at = positionOf(['images', image, 'buildArgs', name]);
      // The built-in catalog is for many versions of the Dockerfiles.
      if (at === undefined) return [];
      const effect = isTemplated(value) ? 'has no effect' : 'has no effect, though it counts as a change';
      return [
        `${at.file}:${at.line}: no ARG of ${dockerfile} declares the build argument ${name}, so it ${effect}${didYouMean(name, declared)}`,
      ];
    });
}

/** Secrets and agents that a RUN mounts and the catalog does not list, so that the build does not get them: notes. */
export function unlistedMounts(
  { name: image, dockerfile, options }: CatalogImage,
  instructions: readonly Instruction[],
  positionOf: PositionOf,
): readonly string[] {
  // The built-in catalog is for many versions of the Dockerfiles.
  if (positionOf(['images', image]) === undefined) return [];
  const notes = instructions.flatMap(({ keyword, flags, line }) =>
    (keyword === 'RUN' ? (readMounts(flags) ?? []) : []).flatMap(({ type, id, target }) => {
      if (type !== 'secret' && type !== 'ssh') return [];
      const field = type === 'secret' ? 'secrets' : 'ssh';
      const wanted = id !== '' ? id : type === 'ssh' ? 'default' : (target.split('/').at(-1) ?? '');
      if (wanted === '' || wanted.includes('$') || options?.[field].includes(wanted) === true) return [];
      return [
        `${dockerfile}:${line}: mounts the ${type === 'ssh' ? 'agent' : 'secret'} ${wanted}, which images.${image}.${field} of the catalog does not list, so the build does not get it`,
      ];
    }),
  );
  return [...new Set(notes)];
}

/** COPY and ADD sources that match nothing: the build fails there. Notes with the Dockerfile's line. */
export function unmatchedSources(
  { dockerfile }: CatalogImage,
  view: ContextView,
  uses: readonly DockerfileUse[],
): readonly string[] {
  const notes = uses
    .flatMap((use) => use.sources)
    .flatMap(({ path, line, traced }) => {
      // A pattern may match nothing, and what another stage has can't be known.
      if (hasWildcard(path) || traced === true) return [];
      const real = realPath(view, view.path(path)).path;
      if (view.entry(real) !== undefined || view.under(real).length > 0) return [];
      // That its files are not here is said once, where the files are gathered.
      if (view.submoduleAbove(real) !== undefined) return [];
      const inCommit = view.tree.entry(real) !== undefined || view.tree.directory(real) !== undefined;
      if (inCommit && view.tree.directory(real) !== undefined) return [];
      const why = inCommit
        ? 'is kept out by the ignore file'
        : `is not in ${view.folder === '' ? 'the repository' : view.folder}`;
      return [`${dockerfile}:${line}: ${path} ${why}, so the build will fail there`];
    });
  return [...new Set(notes)];
}
