import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { topLevel } from '../system/git';
import { decideFiles, lookedAt, paths, type InitFile, type Templates } from './init/decide';
import { readPlain, writeWhole } from './init/files';
import { findOrigin, packageFolder, withOrigin } from './init/origin';

/** The flags of `kfp-images init`. */
export interface InitOptions {
  readonly cwd: string;
  /** Also overwrite files that were changed. */
  readonly force: boolean;
  /** Decide and write nothing. */
  readonly dryRun: boolean;
  /** `OWNER/REPOSITORY@REVISION` of the kfp-images whose workflow is called; undefined: where this package came from. */
  readonly from?: string | undefined;
}

/** What an `init` came to; also the document that `--json` prints. */
export interface InitResult {
  readonly dryRun: boolean;
  readonly files: readonly Pick<InitFile, 'path' | 'action'>[];
  /** What is left for the user, one sentence each, in order. */
  readonly todo: readonly string[];
}

/**
 * Installs the workflow, a Makefile (or kfp-images.mk beside an own one) and an example catalog into the repository that `cwd`
 * lies in. A file that somebody has changed is not overwritten without `force`. Everything is decided before anything is written.
 * Throws SourceError (no repository, a link in the way), UsageError (`from`), EnvironmentError (package without templates).
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const top = await topLevel(options.cwd);
  const folder = packageFolder(__dirname);
  const origin = await findOrigin(options.from, folder);
  const template = (name: string): Promise<string> => readFile(join(folder, 'templates', name), 'utf8');
  const templates: Templates = {
    workflow: withOrigin(await template('build-backend-images.yaml'), origin),
    makefile: await template('Makefile'),
    catalog: await template('kfp-images.yaml'),
  };
  const present = new Map<string, string | undefined>();
  for (const path of lookedAt) present.set(path, await readPlain(top, path));
  const { files, todo } = decideFiles(templates, present, options.force);
  if (!options.dryRun) {
    for (const { path, text } of files) if (text !== undefined) await writeWhole(top, path, text);
  }
  const installsWorkflow = files.some(({ path, text }) => path === paths.workflow && text !== undefined);
  return {
    dryRun: options.dryRun,
    files: files.map(({ path, action }) => ({ path, action })),
    todo: [...(installsWorkflow ? workflowSteps(origin === undefined) : []), ...todo],
  };
}

function workflowSteps(unknownOrigin: boolean): readonly string[] {
  return [
    ...(unknownOrigin
      ? [
          `In ${paths.workflow}, put the repository and commit of kfp-images in place of OWNER/kfp-images@000… (or run init again with --from)`,
        ]
      : []),
    'Store where images go: gh secret set GCP_ARTIFACT_REGISTRY_PATH',
    'Store the key that may write there: gh secret set GCP_SA_KEY < key.json (or use workload identity, see docs/google-cloud.md of kfp-images)',
    'Commit the files and push them',
  ];
}
