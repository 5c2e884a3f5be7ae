import { EnvironmentError } from '../../errors';
import { run } from '../../system/exec';
import type { Flags } from '../commandLine';
import { flagValues } from '../flags';
import type { Watched } from './repository';

/** What `gh` would use for a host of its own accord, without looking at the variables that name no host. */
const variables = ['GH_TOKEN', 'GITHUB_TOKEN', 'GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN'];

/**
 * The token for a repository: `--github-token`; the environment's, as `gh` understands it (GITHUB_TOKEN and GH_TOKEN are for github.com,
 * GH_ENTERPRISE_TOKEN and GITHUB_ENTERPRISE_TOKEN for a server: https://cli.github.com/manual/gh_help_environment); that of `gh`. `''`: none.
 */
export async function githubToken(flags: Flags, { host, kind }: Watched, env: NodeJS.ProcessEnv): Promise<string> {
  const names = kind === 'dotcom' ? [] : ['GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN'];
  const isGiven = typeof flags['githubToken'] === 'string';
  const given = isGiven || kind === 'dotcom' ? flagValues(flags, env)('github-token').trim() : '';
  if (given !== '') return given;
  const found = names.map((name) => env[name] ?? '').find((value) => value !== '');
  return found ?? (await ghToken(host)) ?? '';
}

/** The login of `gh` for a host; undefined: it has none, or there is no `gh`. */
export async function ghToken(host: string): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await run({
      command: 'gh',
      args: ['auth', 'token', '--hostname', host],
      unset: variables,
    });
    const token = stdout.trim();
    return exitCode === 0 && token !== '' ? token : undefined;
  } catch (thrown) {
    if (thrown instanceof EnvironmentError) return undefined;
    throw thrown;
  }
}
