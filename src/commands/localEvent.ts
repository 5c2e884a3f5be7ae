import { resolve } from 'node:path';
import { tryGit } from '../git/gitCommand';
import type { Event, Inputs, Repository } from '../types';
import type { Session } from './session';

/**
 * What a push of HEAD would be, on a terminal: the branch checked out, the default branch as the remote has it, the GitHub repository
 * that `origin` names. What git does not know stays undefined.
 */
export async function localEvent(
  inputs: Pick<Inputs, 'workingDirectory'>,
  session: Pick<Session, 'cwd' | 'env'>,
): Promise<Event> {
  const folder = resolve(session.cwd, inputs.workingDirectory);
  const ask = async (...args: readonly string[]): Promise<string | undefined> => {
    const { exitCode, stdout } = await tryGit(folder, args);
    const text = stdout.toString('utf8').trim();
    return exitCode === 0 && text !== '' ? text : undefined;
  };
  const [branch, remoteHead, url] = await Promise.all([
    ask('symbolic-ref', '--quiet', '--short', 'HEAD'),
    ask('symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD'),
    ask('remote', 'get-url', 'origin'),
  ]);
  return {
    name: 'local',
    commit: undefined,
    messageCommit: undefined,
    message: undefined,
    branch,
    defaultBranch: remoteHead?.replace(/^refs\/remotes\/origin\//, ''),
    repository: githubRepository(url, session.env),
    trust: { kind: 'trusted' },
  };
}

/** `git@github.com:owner/name.git`, `https://github.com/owner/name`; only github.com and the server that GITHUB_SERVER_URL names. */
export function githubRepository(url: string | undefined, env: NodeJS.ProcessEnv): Repository | undefined {
  const serverUrl = (env['GITHUB_SERVER_URL'] ?? 'https://github.com').replace(/\/+$/, '');
  const apiUrl = (env['GITHUB_API_URL'] ?? 'https://api.github.com').replace(/\/+$/, '');
  const match =
    /^(?:https?:\/\/(?:[^@/]+@)?|ssh:\/\/(?:[^@/]+@)?|[^@/]+@)([^/:]+)(?::\d+)?[/:]([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(
      url ?? '',
    );
  const [, host, owner, name] = match ?? [];
  if (host === undefined || owner === undefined || name === undefined) return undefined;
  return URL.canParse(serverUrl) && new URL(serverUrl).hostname === host
    ? { owner, name, serverUrl, apiUrl }
    : undefined;
}
