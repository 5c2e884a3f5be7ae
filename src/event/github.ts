import { isLoopbackHost } from '../oci/names';
import * as v from 'valibot';
import { canFollowEnvironment } from '../system/proxy';
import type { Repository } from '../types';
import { boundedFetch } from './boundedFetch';
import { ask, usual, type Patience } from './githubAnswers';

/** How one commit relates to another: `ahead` means that the other is its ancestor. unknown: GitHub does not have one of them. */
export type Ancestry = 'ahead' | 'behind' | 'identical' | 'diverged' | 'unknown';

const commit = v.object({ message: v.string() });
const comparison = v.object({ status: v.picklist(['ahead', 'behind', 'identical', 'diverged']) });

/**
 * The message of a commit, by the GitHub API; undefined when GitHub does not have it, or the token may not see it, which GitHub does not
 * tell apart. `token` may be empty for a public repository. Throws SourceError when GitHub refuses or can't be reached.
 * The endpoint is that of git's own objects: it gives the commit without the changes in it, which can be megabytes.
 * https://docs.github.com/rest/git/commits#get-a-commit-object
 */
export async function commitMessage(
  repository: Repository,
  sha: string,
  token: string,
  patience: Patience = usual,
): Promise<string | undefined> {
  const octokit = await client(repository, token);
  const { owner, name: repo } = repository;
  const answer = await ask(`read commit ${sha}`, repository, commit, patience, (signal) =>
    octokit.request('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', {
      owner,
      repo,
      commit_sha: sha,
      request: { signal },
    }),
  );
  return answer?.message;
}

/**
 * How `head` relates to `base`, by the GitHub API. Throws SourceError when GitHub refuses or can't be reached.
 * The second page is asked for because only the first lists the changed files, which nobody here wants.
 * https://docs.github.com/rest/commits/commits#compare-two-commits
 */
export async function compare(
  repository: Repository,
  base: string,
  head: string,
  token: string,
  patience: Patience = usual,
): Promise<Ancestry> {
  const octokit = await client(repository, token);
  const { owner, name: repo } = repository;
  const answer = await ask(`compare ${base} with ${head}`, repository, comparison, patience, (signal) =>
    octokit.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
      owner,
      repo,
      basehead: `${base}...${head}`,
      per_page: 1,
      page: 2,
      request: { signal },
    }),
  );
  return answer?.status ?? 'unknown';
}

/** A client that speaks to the server of the repository, through the proxy that the environment names. */
export async function client(repository: Repository, token: string) {
  // Not `getOctokit`, which wants a token even for public repositories. Loaded here, for most runs never ask GitHub anything.
  const { GitHub, defaults, getOctokitOptions } = await import('@actions/github/lib/utils');
  // @actions/github 9.1 chooses between proxy and none when it is loaded, for the host of GITHUB_API_URL; this is for the host that is asked.
  const own = canFollowEnvironment() ? undefined : (defaults.request?.fetch as typeof fetch | undefined);
  const request = { ...defaults.request, fetch: boundedFetch(own ?? globalThis.fetch) };
  const options = { baseUrl: repository.apiUrl, request };
  return new GitHub(token === '' || !isPrivate(repository.apiUrl) ? options : getOctokitOptions(token, options));
}

/** A token goes over https, or to this very machine: anyone on the way could read it otherwise. */
export function isPrivate(apiUrl: string): boolean {
  const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.host));
}
