import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EnvironmentError, UsageError } from '../../errors';
import { resolveCommit } from '../../system/git';
import { tryGit } from '../../system/gitCommand';
import { quoted } from '../../system/quoted';
import { version } from '../version';

/** The repository and revision of kfp-images whose workflow a fork calls. */
export interface Origin {
  /** `owner/name` on GitHub. */
  readonly repository: string;
  /** A commit's full id, or a tag. */
  readonly revision: string;
  /** What to say beside it; undefined: nothing. */
  readonly version: string | undefined;
}

/** What stands in the template where the origin goes. */
const placeholder = /OWNER\/kfp-images(\/[\w./-]+)@0{40} # vX\.Y\.Z/g;

/**
 * The folder of this package, found from a folder in it: in the bundle that is dist/cli, from source src/commands.
 * Throws EnvironmentError when the templates are not there.
 */
export function packageFolder(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'templates', 'build-backend-images.yaml'))) return folder;
    if (folder === dirname(folder)) {
      throw new EnvironmentError(
        `The templates of kfp-images are missing; install the package whole (looked from ${start}).`,
      );
    }
  }
}

/**
 * Which kfp-images a fork's workflow is to call: what was given, else where this package was cloned from, at the commit that is
 * checked out. undefined: that can't be told. Throws UsageError for something that is not OWNER/NAME@REVISION.
 */
export async function findOrigin(given: string | undefined, folder: string): Promise<Origin | undefined> {
  if (given !== undefined) return parseOrigin(given);
  // A package that was installed into somebody's repository must not take that for its own.
  if (!existsSync(join(folder, '.git'))) return undefined;
  const { exitCode, stdout } = await tryGit(folder, ['config', '--get', 'remote.origin.url']);
  const repository = exitCode === 0 ? githubRepository(stdout.toString('utf8').trim()) : undefined;
  if (repository === undefined) return undefined;
  return { repository, revision: await resolveCommit(folder, 'HEAD'), version: `v${version}` };
}

/** `owner/name@revision`; throws UsageError otherwise. */
export function parseOrigin(given: string): Origin {
  const found = /^([A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100})@([A-Za-z0-9][A-Za-z0-9._/-]{0,199})$/.exec(
    given,
  );
  const [, repository, revision] = found ?? [];
  if (repository === undefined || revision === undefined) {
    throw new UsageError(
      `--from ${quoted(given)} is not OWNER/REPOSITORY@REVISION. Give the repository of kfp-images and a commit id or tag of it.`,
    );
  }
  return { repository, revision, version: undefined };
}

function githubRepository(url: string): string | undefined {
  const address =
    /^(?:https:\/\/(?:[^/@\s]+@)?github\.com\/|(?:ssh:\/\/)?git@github\.com[:/])([A-Za-z0-9-]+\/[A-Za-z0-9._-]+?)(?:\.git)?\/?$/;
  return address.exec(url)?.[1];
}

/** The workflow's text with the origin in it. */
export function withOrigin(text: string, origin: Origin | undefined): string {
  if (origin === undefined) return text;
  const remark = origin.version === undefined ? '' : ` # ${origin.version}`;
  return text.replace(placeholder, (_, path: string) => `${origin.repository}${path}@${origin.revision}${remark}`);
}
