import { EnvironmentError } from '../../errors';
import { run } from '../../system/exec';
import type { Watched } from './repository';

/** Variables that `gh` reads itself; they are taken away when it is asked for its own login. */
const dotcomVariables = ['GITHUB_TOKEN', 'GH_TOKEN'];
const serverVariables = ['GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN'];

/**
 * The token for a repository: the one given outright; the environment's, as `gh` understands it (GITHUB_TOKEN and GH_TOKEN are for github.com,
 * GH_ENTERPRISE_TOKEN and GITHUB_ENTERPRISE_TOKEN for a server: https://cli.github.com/manual/gh_help_environment); that of `gh`. `''`: none.
 */
export async function githubToken(
  given: string | undefined,
  { host, kind }: Watched,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  if (given !== undefined && given !== '') return given;
  const names = kind === 'server' ? serverVariables : given === undefined ? dotcomVariables : [];
  const found = names.map((name) => env[name]?.trim() ?? '').find((value) => value !== '');
  return found ?? (await ghToken(host)) ?? '';
}

/** The login of `gh` for a host; undefined: it has none, or there is no `gh`. */
export async function ghToken(host: string): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await run({
      command: 'gh',
      args: ['auth', 'token', '--hostname', host],
      unset: [...dotcomVariables, ...serverVariables],
    });
    const token = stdout.trim();
    return exitCode === 0 && token !== '' ? token : undefined;
  } catch (thrown) {
    if (thrown instanceof EnvironmentError) return undefined;
    throw thrown;
  }
}
