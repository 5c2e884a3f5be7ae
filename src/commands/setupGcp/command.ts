import { UsageError } from '../../errors';
import { tryGit } from '../../git/gitCommand';
import { parseRegistryPath } from '../../google/registryPath';
import { quoted } from '../../system/quoted';
import { defineCommand } from '../command';
import { githubRepository } from '../localEvent';
import { setupScript, setupSteps, writerOf, type Setup } from './script';

/** The commands that set up Google's side for one fork, filled in. Runs nothing. */
export const setupGcpCommand = defineCommand({
  name: 'setup-gcp',
  description: 'Print the commands that set up Google Cloud: repository, account, workload identity, secrets.',
  inputs: ['registry-path'],
  flags: {
    print: { kind: 'switch', description: 'print them; nothing is run' },
    repository: {
      kind: 'text',
      value: '<owner/name>',
      description: 'the fork that may push (default: what origin names)',
    },
    account: { kind: 'text', value: '<name>', description: 'name of the service account (default: kfp-images-writer)' },
    key: { kind: 'switch', description: 'use a key instead of workload identity' },
  },
  json: 'print them as one JSON document on standard output',
  examples: ['setup-gcp --registry-path europe-west3-docker.pkg.dev/PROJECT/REPOSITORY --print'],
  async run({ flags, input, session, json }) {
    if (!flags.print && !json) {
      throw new UsageError(
        'setup-gcp changes nothing itself. Give --print (or --json), read the commands, and run those you want.',
      );
    }
    const fork = flags.repository ?? (await forkOf(session.cwd, session.env));
    const setup = setupOf({ ...flags, registryPath: input('registry-path').trim(), fork });
    return { document: documentOf(setup), text: setupScript(setup) };
  },
});

/** The commands with what they are about, for programs; nobody runs them unread. */
function documentOf(setup: Setup): object {
  const { project, location, repository, registryPath, fork, key } = setup;
  const by = key ? 'key' : 'workload-identity';
  const about = { project, location, repository, registryPath, fork, account: writerOf(setup), by };
  return { ...about, steps: setupSteps(setup) };
}

function setupOf(given: {
  readonly registryPath: string;
  readonly fork: string | undefined;
  readonly account: string | undefined;
  readonly key: boolean;
}): Setup {
  const { fork, account = 'kfp-images-writer', key } = given;
  const path = parseRegistryPath(given.registryPath);
  if (path.kind !== 'artifact-registry') {
    throw new UsageError(
      `--registry-path ${quoted(path.full)} is not a repository of Artifact Registry. Give LOCATION-docker.pkg.dev/PROJECT/REPOSITORY.`,
    );
  }
  if (fork === undefined || !/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/.test(fork)) {
    const why = fork === undefined ? 'origin is not a repository on GitHub' : `${quoted(fork)} is not OWNER/NAME`;
    throw new UsageError(`Which fork may push is not known: ${why}. Give --repository OWNER/NAME.`);
  }
  // https://cloud.google.com/iam/docs/service-accounts-create
  if (!/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(account)) {
    throw new UsageError(
      `--account ${quoted(account)} can't be a service account: 6 to 30 small letters, digits and -.`,
    );
  }
  const { project, location, repository, full } = path;
  return { project, location, repository, registryPath: full, fork, account, key };
}

async function forkOf(cwd: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { exitCode, stdout } = await tryGit(cwd, ['remote', 'get-url', 'origin']);
  const found = exitCode === 0 ? githubRepository(stdout.toString('utf8').trim(), env) : undefined;
  return found === undefined ? undefined : `${found.owner}/${found.name}`;
}
