import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { catalogText } from '../../catalog/propose/catalogText';
import type { LeftOut } from '../../catalog/propose/candidates';
import { UsageError } from '../../errors';
import { topLevel } from '../../git/git';
import { decideFiles, paths, type InitFile, type Templates } from './decide';
import { writeWhole } from './files';
import { look, type FoundCatalog } from './surroundings';
import { findOrigin, packageFolder, withOrigin, type Origin } from './origin';
import { stepsLeft } from './steps';
import { withMenu, withTargets } from './tailor';

/** The flags of `kfp-images init`. */
export interface InitOptions {
  readonly cwd: string;
  /** Also overwrite files that were changed. */
  readonly force: boolean;
  /** Decide and write nothing. */
  readonly dryRun: boolean;
  /** `OWNER/REPOSITORY@REVISION` of the kfp-images whose workflow is called; undefined: found out. */
  readonly from?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Where this package is; undefined: found. */
  readonly folder?: string;
}

/** What an `init` came to; also the document that `--json` prints. */
export interface InitResult {
  readonly dryRun: boolean;
  readonly files: readonly Pick<InitFile, 'path' | 'action'>[];
  /** The images that a build of everything would build. */
  readonly images: readonly string[];
  /** Dockerfiles that the proposed catalog leaves out, and why. */
  readonly leftOut: readonly LeftOut[];
  /** What is left for the user, one sentence each, in the order in which it works. */
  readonly todo: readonly string[];
}

/**
 * Installs the workflow, a Makefile (or kfp-images.mk beside an own one) and a catalog into the repository that `cwd` is in: an example
 * where the built-in catalog fits, else a proposal made of the Dockerfiles found. A file that somebody has changed is not overwritten
 * without `force`. Everything is decided before anything is written.
 * Throws SourceError (no repository, a link in the way), UsageError (`from`, or which kfp-images to call can't be found out),
 * CatalogError (mistakes in a catalog that is there), EnvironmentError (package without templates).
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const top = await topLevel(options.cwd);
  const folder = options.folder ?? packageFolder(__dirname);
  const around = await look(top, options.env ?? process.env);
  const { present, fork } = around;
  const evidence = { given: options.from, workflow: present.get(paths.workflow), owner: fork?.owner };
  const origin = await findOrigin(evidence, folder);
  if (origin === undefined) throw unknownOrigin(fork?.owner);
  const { files, toInclude } = decideFiles(await templatesFor(folder, origin, around.catalog), present, options.force);
  if (!options.dryRun) {
    for (const { path, text } of files) if (text !== undefined) await writeWhole(top, path, text);
  }
  const { catalog } = around;
  return {
    dryRun: options.dryRun,
    files: files.map(({ path, action }) => ({ path, action })),
    images:
      catalog.kind === 'proposal'
        ? catalog.proposal.images.map(({ name }) => name)
        : [...catalog.catalog.images.keys()],
    leftOut: catalog.kind === 'proposal' ? catalog.proposal.leftOut : [],
    todo: stepsLeft({ files, toInclude, around }),
  };
}

async function templatesFor(folder: string, origin: Origin, found: FoundCatalog): Promise<Templates> {
  const template = (name: string): Promise<string> => readFile(join(folder, 'templates', name), 'utf8');
  const workflow = withOrigin(await template('build-backend-images.yaml'), origin);
  const makefile = await template('Makefile');
  const example = { path: paths.example, text: await template('kfp-images.yaml') };
  if (found.kind === 'built-in') return { workflow, makefile, catalog: example };
  const proposal = found.kind === 'proposal' ? found.proposal : undefined;
  // Nothing was found: the user writes a catalog, and the next `init` fits the rest to it.
  if (proposal?.images.length === 0) return { workflow, makefile, catalog: example };
  const names = found.kind === 'own' ? found.catalog : namesIn(found.proposal);
  return {
    workflow: withMenu(workflow, names),
    makefile: withTargets(makefile, names),
    catalog: proposal === undefined ? example : { path: paths.catalog, text: await catalogText(proposal) },
  };
}

function namesIn({ images, groups }: Extract<FoundCatalog, { kind: 'proposal' }>['proposal']) {
  return { images: new Map(images.map((image) => [image.name, image])), groups };
}

function unknownOrigin(owner: string | undefined): UsageError {
  const looked = owner === undefined ? '' : `, and https://github.com/${owner}/kfp-images can't be read`;
  return new UsageError(
    `Which kfp-images the workflow is to call can't be found out: this copy was not installed from a clone or a release${looked}. ` +
      'Name it: kfp-images init --from OWNER/kfp-images@COMMIT, with the owner and a commit id of the kfp-images that you use.',
  );
}
