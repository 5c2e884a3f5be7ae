import { isInstalled, isUntouched, seal } from './seal';

/** What is there: the texts of the files that `init` may write or must look at, by path; undefined: no such file. */
export type Present = ReadonlyMap<string, string | undefined>;

/** The texts to install. */
export interface Templates {
  readonly workflow: string;
  readonly makefile: string;
  readonly catalog: string;
}

/** What becomes of one file. */
export interface InitFile {
  readonly path: string;
  /**
   * `written`: was not there. `updated`: an older version that nobody had changed. `overwritten`: had been changed, --force.
   * `unchanged`: is there already. `kept`: was changed by somebody, and stays.
   */
  readonly action: 'written' | 'updated' | 'overwritten' | 'unchanged' | 'kept';
  /** The whole text to write; undefined: nothing is written. */
  readonly text: string | undefined;
}

/** Where things go. The catalog is an example, not in force: an active copy of the built-in one would not grow with it. */
export const paths = {
  workflow: '.github/workflows/build-backend-images.yaml',
  makefile: 'Makefile',
  included: 'kfp-images.mk',
  catalog: 'kfp-images.example.yaml',
} as const;

/** Names under which make finds a Makefile, in its order: https://www.gnu.org/software/make/manual/html_node/Makefile-Names.html */
export const makefiles = ['GNUmakefile', 'makefile', paths.makefile] as const;

/** Every path that has to be looked at before deciding. */
export const lookedAt: readonly string[] = [paths.workflow, paths.included, paths.catalog, ...makefiles];

/** Decides what to write. Beside a Makefile of the fork's own goes a file to be included by it. */
export function decideFiles(
  templates: Templates,
  present: Present,
  force: boolean,
): { readonly files: readonly InitFile[]; readonly todo: readonly string[] } {
  const own = makefiles.find((name) => {
    const text = present.get(name);
    return text !== undefined && !(name === paths.makefile && isInstalled(text));
  });
  const target = own === undefined ? paths.makefile : paths.included;
  const file = (path: string, body: string): InitFile => decideFile(path, seal(body), present.get(path), force);
  const files = [
    file(paths.workflow, templates.workflow),
    file(target, templates.makefile),
    file(paths.catalog, templates.catalog),
  ];
  const includes = own !== undefined && /^\s*[-s]?include\s[^\n#]*kfp-images\.mk/m.test(present.get(own) ?? '');
  const todo = [
    ...(own === undefined || includes ? [] : [`Add to the end of ${own}: include ${paths.included}`]),
    ...files
      .filter(({ action }) => action === 'kept')
      .map(({ path }) => `${path} was changed and stays as it is; --force replaces it`),
  ];
  return { files, todo };
}

function decideFile(path: string, text: string, there: string | undefined, force: boolean): InitFile {
  if (there === undefined) return { path, action: 'written', text };
  if (there.replaceAll('\r\n', '\n') === text) return { path, action: 'unchanged', text: undefined };
  if (isUntouched(there)) return { path, action: 'updated', text };
  return force ? { path, action: 'overwritten', text } : { path, action: 'kept', text: undefined };
}
