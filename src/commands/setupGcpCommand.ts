import { UsageError } from '../errors';
import { parseRegistryPath } from '../publish/reference';
import { quoted } from '../system/quoted';
import { tryGit } from '../system/gitCommand';
import type { Flags } from './commandLine';
import { text } from './deploy/settings';
import { githubRepository } from './localEvent';
import { setupScript, setupSteps, writerOf, type Setup } from './setupGcp/script';
import { terminalSession } from './session';

/**
 * `kfp-images setup-gcp --print` (or `--json`): the commands that set up Google's side for one fork, filled in. Runs nothing.
 * Gives the exit status; throws UsageError for what can't be a name.
 */
export async function setupGcpCommand(flags: Flags): Promise<number> {
  const session = terminalSession(flags['debug'] === true);
  try {
    const json = flags['json'] === true;
    if (flags['print'] !== true && !json) {
      throw new UsageError(
        'setup-gcp changes nothing itself. Give --print (or --json), read the commands, and run those you want.',
      );
    }
    const setup = await setupOf(flags, session.cwd, session.env);
    process.stdout.write(json ? document(setup) : setupScript(setup));
    return 0;
  } finally {
    session.close();
  }
}

/** The commands with what they are about, for programs; nobody runs them unread. */
function document(setup: Setup): string {
  const { project, location, repository, registryPath, fork, key } = setup;
  const by = key ? 'key' : 'workload-identity';
  const about = { project, location, repository, registryPath, fork, account: writerOf(setup), by };
  return `${JSON.stringify({ ...about, steps: setupSteps(setup) }, undefined, 2)}\n`;
}

async function setupOf(flags: Flags, cwd: string, env: NodeJS.ProcessEnv): Promise<Setup> {
  const path = parseRegistryPath(text(flags, 'registryPath') ?? '');
  if (path.kind !== 'artifact-registry') {
    throw new UsageError(
      `--registry-path ${quoted(path.full)} is no repository of Artifact Registry. Give LOCATION-docker.pkg.dev/PROJECT/REPOSITORY.`,
    );
  }
  const fork = text(flags, 'repository') ?? (await forkOf(cwd, env));
  if (fork === undefined || !/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/.test(fork)) {
    const why = fork === undefined ? 'origin is no repository on GitHub' : `${quoted(fork)} is not OWNER/NAME`;
    throw new UsageError(`Which fork may push is not known: ${why}. Give --repository OWNER/NAME.`);
  }
  const account = text(flags, 'account') ?? 'kfp-images-writer';
  // https://cloud.google.com/iam/docs/service-accounts-create
  if (!/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(account)) {
    throw new UsageError(
      `--account ${quoted(account)} can be no service account: 6 to 30 small letters, digits and -.`,
    );
  }
  const { project, location, repository, full } = path;
  return { project, location, repository, registryPath: full, fork, account, key: flags['key'] === true };
}

async function forkOf(cwd: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { exitCode, stdout } = await tryGit(cwd, ['remote', 'get-url', 'origin']);
  const found = exitCode === 0 ? githubRepository(stdout.toString('utf8').trim(), env) : undefined;
  return found === undefined ? undefined : `${found.owner}/${found.name}`;
}
