import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { catalogFiles, loadCatalog } from '../../catalog/load';
import { kfpCatalog } from '../../catalog/kfp';
import { fitsBuiltIn, proposeCatalog, type Proposal } from '../../catalog/propose/propose';
import { git, tryGit } from '../../git/gitCommand';
import { isSparse, LeftOut } from '../../git/sparse';
import type { Catalog, Repository } from '../../types';
import { githubRepository } from '../localEvent';
import { lookedAt, type Present } from './decide';
import { readPlain } from './files';
import { isUntouched } from './seal';

/** What `init` looks at before it decides. */
export interface Surroundings {
  readonly present: Present;
  /** The fork on GitHub; undefined: `origin` names none. */
  readonly fork: Repository | undefined;
  /** Workflows beside the one that is installed, by file name. */
  readonly otherWorkflows: readonly string[];
  /** Does the clone have only some of its folders on disk? */
  readonly sparse: boolean;
  readonly catalog: FoundCatalog;
}

/** `own`: the repository has a catalog file; `built-in`: it has the built-in Dockerfiles; `proposal`: it has others, or none. */
export type FoundCatalog =
  | { readonly kind: 'own'; readonly catalog: Pick<Catalog, 'images' | 'groups'> }
  | { readonly kind: 'built-in'; readonly catalog: Catalog }
  | { readonly kind: 'proposal'; readonly proposal: Proposal };

/**
 * Looks at a repository, whose top folder is given. Writes nothing. Throws SourceError (a link in the way, no repository) and
 * CatalogError for mistakes in a catalog of its own.
 */
export async function look(top: string, env: NodeJS.ProcessEnv): Promise<Surroundings> {
  const present = new Map<string, string | undefined>();
  const leftOut = await LeftOut.of(top);
  for (const path of lookedAt) present.set(path, (await readPlain(top, path)) ?? (await leftOut.text(path)));
  const list = async (...which: readonly string[]): Promise<readonly string[]> => {
    const listed = await git(top, 'list the files', ['ls-files', '-z', ...which]);
    return listed
      .toString('utf8')
      .split('\0')
      .filter((path) => path !== '');
  };
  const [known, deleted, origin, sparse] = await Promise.all([
    list('--cached', '--others', '--exclude-standard'),
    list('--deleted'),
    tryGit(top, ['remote', 'get-url', 'origin']),
    isSparse(top),
  ]);
  const gone = new Set(deleted);
  const paths = known.filter((path) => !gone.has(path));
  const fork = origin.exitCode === 0 ? githubRepository(origin.stdout.toString('utf8').trim(), env) : undefined;
  const name = fork?.name ?? basename(top);
  return {
    present,
    fork,
    otherWorkflows: workflowsIn(paths),
    sparse,
    catalog: await findCatalog({ top, name, paths, present, leftOut }),
  };
}

async function findCatalog(place: {
  readonly top: string;
  readonly name: string;
  readonly paths: readonly string[];
  readonly present: Present;
  readonly leftOut: LeftOut;
}): Promise<FoundCatalog> {
  const { top, name, paths, present, leftOut } = place;
  const own = catalogFiles.find((path) => present.get(path) !== undefined);
  if (own !== undefined && !isUntouched(present.get(own) ?? '')) {
    return { kind: 'own', catalog: await loadCatalog({ read: (path) => Promise.resolve(present.get(path)) }) };
  }
  if (fitsBuiltIn(paths)) return { kind: 'built-in', catalog: kfpCatalog };
  // A Dockerfile that is a link to nowhere, or too large to be one, says nothing.
  const read = (path: string): Promise<string | undefined> =>
    leftOut.has(path) ? leftOut.text(path) : readFile(join(top, path), 'utf8').catch(() => undefined);
  return { kind: 'proposal', proposal: await proposeCatalog({ paths, name, read }) };
}

function workflowsIn(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const [, name = 'build-backend-images.yaml'] = /^\.github\/workflows\/([^/]+\.ya?ml)$/.exec(path) ?? [];
    return name === 'build-backend-images.yaml' ? [] : [name];
  });
}
