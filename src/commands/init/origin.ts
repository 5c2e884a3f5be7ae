import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fallback, object, parse, parseJson, pipe, regex, string } from 'valibot';
import { EnvironmentError, UsageError } from '../../errors';
import { resolveCommit } from '../../git/git';
import { tryGit } from '../../git/gitCommand';
import { commitOfRef } from '../../git/remoteRefs';
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

/** What is in the template where the origin goes. */
const placeholder = /OWNER\/kfp-images(\/[\w./-]+)@0{40} # vX\.Y\.Z/g;

/**
 * The folder of this package, found from a folder in it: in the bundle that is dist/bundle, from source src/commands/init.
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

/** What is known of the repository that `init` writes into. */
interface OriginEvidence {
  /** `--from`. */
  readonly given: string | undefined;
  /** The workflow that an earlier `init` wrote. */
  readonly workflow: string | undefined;
  /** Who owns the fork on GitHub, by its remote `origin`. */
  readonly owner: string | undefined;
}

/**
 * Which kfp-images a fork's workflow is to call: what was given; else where this package was cloned or released from; else what the
 * workflow calls already; else the repository `kfp-images` of the fork's owner, which git is asked for, at the tag of this version or its
 * newest commit. undefined: none of these. Throws UsageError for something that is not OWNER/NAME@REVISION.
 */
export async function findOrigin(evidence: OriginEvidence, folder: string): Promise<Origin | undefined> {
  const { given, workflow, owner } = evidence;
  if (given !== undefined) return parseOrigin(given);
  const own = (await cloned(folder)) ?? (await released(folder)) ?? called(workflow ?? '');
  return own ?? (owner === undefined ? undefined : askOwner(owner));
}

/** A package that was installed into somebody's repository must not take that for its own. */
async function cloned(folder: string): Promise<Origin | undefined> {
  if (!existsSync(join(folder, '.git'))) return undefined;
  const { exitCode, stdout } = await tryGit(folder, ['config', '--get', 'remote.origin.url']);
  const repository = exitCode === 0 ? githubRepository(stdout.toString('utf8').trim()) : undefined;
  if (repository === undefined) return undefined;
  return { repository, revision: await resolveCommit(folder, 'HEAD'), version: `v${version}` };
}

/** The release workflow writes its repository and commit into the package that it packs. */
async function released(folder: string): Promise<Origin | undefined> {
  const described = parse(releasedPackage, await readFile(join(folder, 'package.json'), 'utf8').catch(() => ''));
  const repository = githubRepository(described.repository.url.replace(/^git\+/, ''));
  if (repository === undefined || described.gitHead === '') return undefined;
  return { repository, revision: described.gitHead, version: `v${version}` };
}

const releasedPackage = fallback(
  pipe(
    string(),
    parseJson(),
    object({ gitHead: pipe(string(), regex(/^[0-9a-f]{40}$/)), repository: object({ url: string() }) }),
  ),
  { gitHead: '', repository: { url: '' } },
);

/** The kfp-images that a workflow calls; undefined: none, or the placeholder of the template. */
export function called(workflow: string): Origin | undefined {
  const [, repository, revision, remark] =
    /^ *uses: ["']?([\w-]+\/[\w.-]+)\/\.github\/workflows\/build-backend-images\.yaml@([\w./-]+)["']?(?: # (\S+))?\s*$/m.exec(
      workflow,
    ) ?? [];
  if (repository === undefined || revision === undefined || repository.startsWith('OWNER/')) return undefined;
  return { repository, revision, version: remark };
}

async function askOwner(owner: string): Promise<Origin | undefined> {
  const repository = `${owner}/kfp-images`;
  const tag = `refs/tags/v${version}`;
  // Never a question for a login: a repository that needs one can't be called from the workflow without settings of its own either.
  const settings = ['credential.helper=', 'http.lowSpeedLimit=1', 'http.lowSpeedTime=10'].flatMap((each) => [
    '-c',
    each,
  ]);
  const asked = [...settings, 'ls-remote', `https://github.com/${repository}`, 'HEAD', tag, `${tag}^{}`];
  const { exitCode, stdout } = await tryGit(tmpdir(), asked, { env: { GIT_ASKPASS: 'true' } });
  if (exitCode !== 0) return undefined;
  const at = (name: string): string | undefined => commitOfRef(stdout.toString('utf8'), name);
  const exact = at(`${tag}^{}`) ?? at(tag);
  const revision = exact ?? at('HEAD');
  if (revision === undefined) return undefined;
  return { repository, revision, version: exact === undefined ? undefined : `v${version}` };
}

/** `owner/name@revision`; throws UsageError otherwise. */
function parseOrigin(given: string): Origin {
  const found = /^([A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100})@([A-Za-z0-9][A-Za-z0-9._/-]{0,199})$/.exec(
    given,
  );
  const [, repository, revision] = found ?? [];
  if (repository === undefined || revision === undefined) {
    throw new UsageError(
      `--from ${quoted(given)} is not OWNER/REPOSITORY@REVISION. Give the repository of kfp-images and a commit id or tag of it.`,
    );
  }
  if (repository.startsWith('OWNER/')) {
    throw new UsageError(
      `--from ${quoted(given)}: OWNER stands for who owns the kfp-images that you use, your organisation for example. Put that name there.`,
    );
  }
  if (revision === 'COMMIT') {
    throw new UsageError(
      `--from ${quoted(given)}: COMMIT stands for a commit id or tag of ${repository}, that of its newest release for example. Put that there.`,
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
export function withOrigin(text: string, origin: Origin): string {
  const remark = origin.version === undefined ? '' : ` # ${origin.version}`;
  return text.replace(placeholder, (_, path: string) => `${origin.repository}${path}@${origin.revision}${remark}`);
}
