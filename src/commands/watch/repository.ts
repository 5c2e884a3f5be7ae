import { SourceError } from '../../errors';
import { tryGit } from '../../git/gitCommand';
import type { Repository } from '../../types';
import { withoutLogin } from '../trigger/destination';

/** Where a remote is: `site` is `https://HOST[:PORT]`. */
interface RemotePlace {
  readonly host: string;
  readonly site: string;
  readonly owner: string;
  readonly name: string;
}

/** A repository on GitHub, and whose tokens it may see. */
export interface Watched {
  readonly repository: Repository;
  readonly host: string;
  /** `dotcom`: `GITHUB_TOKEN` is for it; `server`: only a token that is meant for this host. */
  readonly kind: 'dotcom' | 'server';
}

/** `https://`, `ssh://` and `git@HOST:OWNER/NAME` addresses; undefined: it names no host with a repository of two parts. Pure. */
export function parseRemote(url: string): RemotePlace | undefined {
  const address =
    /^(?:(https?|ssh|git):\/\/(?:[^@/]*@)?|[^@/:]+@)([\w.-]+|\[[\da-f:]+\])(?::(\d{1,5}))?[/:]+([\w.-]+)\/([\w.-]+?)(?:\.git)?\/*$/i;
  const [, scheme = 'ssh', rawHost, port, owner, name] = address.exec(url) ?? [];
  if (rawHost === undefined || owner === undefined || name === undefined) return undefined;
  // GitHub's own ssh server behind port 443: https://docs.github.com/authentication/troubleshooting-ssh/using-ssh-over-the-https-port
  const host = rawHost.toLowerCase().replace(/^ssh\.github\.com$/, 'github.com');
  const isWeb = /^https?$/i.test(scheme);
  const site = isWeb ? `${scheme.toLowerCase()}://${host}${port === undefined ? '' : `:${port}`}` : `https://${host}`;
  return { host, site, owner, name };
}

/**
 * The repository on GitHub that a place names; undefined: the host is not known to be GitHub, so that no token is sent to it. Pure.
 * github.com, GHE.com, and the server that `GITHUB_SERVER_URL` or `GH_HOST` names, or for which `gh` has a login (`hasLogin`).
 * https://docs.github.com/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api
 */
export function gitHubAt(place: RemotePlace, env: NodeJS.ProcessEnv, hasLogin = false): Watched | undefined {
  const { host, site, owner, name } = place;
  const at = (serverUrl: string, apiUrl: string, kind: Watched['kind']): Watched => ({
    repository: { owner, name, serverUrl, apiUrl },
    host,
    kind,
  });
  const server = (env['GITHUB_SERVER_URL'] ?? '').replace(/\/+$/, '');
  if (URL.canParse(server) && new URL(server).hostname === host) {
    const fallback = host === 'github.com' ? 'https://api.github.com' : `${server}/api/v3`;
    return at(server, (env['GITHUB_API_URL'] ?? fallback).replace(/\/+$/, ''), 'dotcom');
  }
  if (host === 'github.com') return at('https://github.com', 'https://api.github.com', 'dotcom');
  if (/^[a-z\d-]+\.ghe\.com$/.test(host)) return at(`https://${host}`, `https://api.${host}`, 'dotcom');
  if (hasLogin || env['GH_HOST']?.toLowerCase() === host) return at(site, `${site}/api/v3`, 'server');
  return undefined;
}

/**
 * Where a push of this clone goes, on GitHub: the first of the remotes (that of the branch, `origin`, `upstream`, others) that is there.
 * `loggedIn`: has `gh` a login for that host? Throws SourceError when none is.
 */
export async function findRepository(
  cwd: string,
  env: NodeJS.ProcessEnv,
  loggedIn: (host: string) => Promise<boolean>,
): Promise<Watched> {
  const urls = await remoteUrls(cwd);
  const places = urls.flatMap((url) => parseRemote(url) ?? []);
  for (const place of places) {
    const known = gitHubAt(place, env);
    if (known !== undefined) return known;
  }
  for (const place of places) {
    const known = gitHubAt(place, env, await loggedIn(place.host));
    if (known !== undefined) return known;
  }
  const has = urls.length === 0 ? 'it has no remote' : `its remotes are ${urls.map(withoutLogin).join(', ')}`;
  throw new SourceError(
    `No remote of this repository is known to be on GitHub: ${has}. Name the server of a GitHub Enterprise with GH_HOST=HOST, or log in ` +
      'there with `gh auth login --hostname HOST`.',
  );
}

async function remoteUrls(cwd: string): Promise<readonly string[]> {
  const ask = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout } = await tryGit(cwd, args);
    return exitCode === 0 ? stdout.toString('utf8').trim() : '';
  };
  const branch = await ask('symbolic-ref', '--quiet', '--short', 'HEAD');
  const configured = [`branch.${branch}.pushRemote`, 'remote.pushDefault', `branch.${branch}.remote`];
  const [all, ...chosen] = await Promise.all([ask('remote'), ...configured.map((key) => ask('config', '--get', key))]);
  const names = new Set(
    [...chosen, 'origin', 'upstream', ...all.split('\n')].filter((name) => name !== '' && name !== '.'),
  );
  const urls = await Promise.all(
    [...names].map(async (name) => (name.includes('/') ? name : ask('remote', 'get-url', '--', name))),
  );
  return urls.filter((url) => url !== '');
}
