import { catalogFiles } from '../../catalog/load';
import { isInstalled, isUntouched, seal } from './seal';

/** What is there: the texts of the files that `init` may write or must look at, by path; undefined: no such file. */
export type Present = ReadonlyMap<string, string | undefined>;

/** The texts to install. `catalog`: an example, or a proposal that is in force at once. */
export interface Templates {
  readonly workflow: string;
  readonly makefile: string;
  readonly catalog: { readonly path: typeof paths.example | typeof paths.catalog; readonly text: string };
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

/** Where things go. The example catalog is not in force: an active copy of the built-in one would not grow with it. */
export const paths = {
  workflow: '.github/workflows/build-backend-images.yaml',
  makefile: 'Makefile',
  included: 'kfp-images.mk',
  example: 'kfp-images.example.yaml',
  catalog: 'kfp-images.yaml',
} as const;

/** Names under which make finds a Makefile, in its order: https://www.gnu.org/software/make/manual/html_node/Makefile-Names.html */
const makefiles = ['GNUmakefile', 'makefile', paths.makefile] as const;

/** Every path that has to be looked at before deciding. */
export const lookedAt: readonly string[] = [
  paths.workflow,
  paths.included,
  paths.example,
  ...catalogFiles,
  ...makefiles,
];

/** What is to be written, and what is left for the user about it. */
export interface Decision {
  readonly files: readonly InitFile[];
  /** The Makefile that has to include what was installed beside it; undefined: none has to. */
  readonly toInclude: string | undefined;
}

/** Decides what to write. Beside a Makefile of the fork's own goes a file to be included by it. */
export function decideFiles(templates: Templates, present: Present, force: boolean): Decision {
  const own = makefiles.find((name) => {
    const text = present.get(name);
    return text !== undefined && !(name === paths.makefile && isInstalled(text));
  });
  const target = own === undefined ? paths.makefile : paths.included;
  const file = (path: string, body: string): InitFile => decideFile(path, seal(body), present.get(path), force);
  const files = [
    file(paths.workflow, templates.workflow),
    file(target, templates.makefile),
    file(templates.catalog.path, templates.catalog.text),
  ];
  const includes = own !== undefined && /^\s*[-s]?include\s[^\n#]*kfp-images\.mk/m.test(present.get(own) ?? '');
  return { files, toInclude: includes ? undefined : own };
}

function decideFile(path: string, text: string, there: string | undefined, force: boolean): InitFile {
  if (there === undefined) return { path, action: 'written', text };
  if (there.replaceAll('\r\n', '\n') === text) return { path, action: 'unchanged', text: undefined };
  if (isUntouched(there)) return { path, action: 'updated', text };
  return force ? { path, action: 'overwritten', text } : { path, action: 'kept', text: undefined };
}
