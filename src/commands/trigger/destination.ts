import { SourceError } from '../../errors';
import { quoted } from '../../system/quoted';

/** What git's configuration says about where a branch goes: https://git-scm.com/docs/git-config#Documentation/git-config.txt-branchnameremote */
export interface BranchConfiguration {
  /** Without `refs/heads/`. */
  readonly branch: string;
  /** `branch.NAME.remote`: a remote, a URL, or `.` for this repository. */
  readonly remote: string | undefined;
  /** `branch.NAME.merge`: a full ref name on that remote. */
  readonly merge: string | undefined;
  /** `branch.NAME.pushRemote`. */
  readonly pushRemote: string | undefined;
  /** `remote.pushDefault`. */
  readonly pushDefault: string | undefined;
  /** Names of the remotes. */
  readonly remotes: readonly string[];
}

/** Where the commit goes. */
export interface Destination {
  readonly remote: string;
  /** The branch there, without `refs/heads/`. */
  readonly branch: string;
  /** The branch has no upstream yet; this push gives it one. */
  readonly setUpstream: boolean;
}

/**
 * Chooses where a branch is pushed to, whatever `push.default` says: to its upstream, unless the configuration names
 * another remote to push to; without an upstream, to the branch of the same name on `branch.NAME.pushRemote`,
 * `remote.pushDefault`, `origin`, or the only remote. Throws SourceError when that leaves no one place.
 */
export function chooseDestination(configuration: BranchConfiguration): Destination {
  const { branch, remote, remotes } = configuration;
  const explicit = configuration.pushRemote ?? configuration.pushDefault;
  const upstream = upstreamOf(configuration);
  if (upstream !== undefined && (explicit === undefined || explicit === upstream.remote)) {
    return { ...known(upstream, configuration), setUpstream: false };
  }
  // A branch that tracks another remote, or a branch of this repository, keeps doing so.
  const setUpstream = upstream === undefined && remote !== '.';
  const configured = explicit ?? (remote === '.' ? undefined : remote);
  if (configured !== undefined) return { ...known({ remote: configured, branch }, configuration), setUpstream };
  if (remotes.includes('origin')) return { remote: 'origin', branch, setUpstream };
  const [only, ...others] = remotes;
  if (only === undefined) {
    throw new SourceError(
      'This repository has no remote, so there is nowhere to push to. Add your fork: `git remote add origin URL`.',
    );
  }
  if (others.length > 0) {
    throw new SourceError(
      `The branch ${branch} has no upstream, and which of the remotes ${remotes.join(', ')} is meant is not clear. ` +
        `Say it once: \`git config remote.pushDefault NAME\`, or \`git push -u NAME ${branch}\`.`,
    );
  }
  return { remote: only, branch, setUpstream };
}

function upstreamOf({
  remote,
  merge,
}: BranchConfiguration): { readonly remote: string; readonly branch: string } | undefined {
  if (remote === undefined || remote === '.' || merge?.startsWith('refs/heads/') !== true) return undefined;
  return { remote, branch: merge.slice('refs/heads/'.length) };
}

function known<T extends { readonly remote: string }>(place: T, { branch, remotes }: BranchConfiguration): T {
  const isAddress = /[/:\\]/.test(place.remote);
  if (remotes.includes(place.remote) || (isAddress && !place.remote.startsWith('-'))) return place;
  throw new SourceError(
    `The branch ${branch} goes to the remote ${quoted(place.remote)}, which does not exist` +
      `${remotes.length === 0 ? '' : ` (there are: ${remotes.join(', ')})`}. ` +
      `Add it with \`git remote add\`, or choose another: \`git config branch.${branch}.pushRemote NAME\`.`,
  );
}

/**
 * A branch made from `origin/main` (`git switch -c fix origin/main`) has `origin/main` as its upstream without anybody
 * having asked for it; a push there would put the work on the default branch. Throws SourceError then.
 * `defaultBranch`: of the remote, where it is known.
 */
export function guardDefaultBranch(local: string, place: Destination, defaultBranch: string | undefined): void {
  if (place.branch === local) return;
  const isDefault =
    defaultBranch === undefined ? /^(?:main|master)$/.test(place.branch) : place.branch === defaultBranch;
  if (!isDefault) return;
  throw new SourceError(
    `The upstream of ${local} is ${shown(place)}, the default branch: the commit would go straight there. ` +
      `If that is not meant, run \`git branch --unset-upstream\` and try again: ${local} then gets a branch of its own. ` +
      `If it is, switch to ${place.branch} first.`,
  );
}

/** `origin/main`, or for an address without a name `main at ADDRESS`, without the password that the address may hold. */
export function shown({ remote, branch }: { readonly remote: string; readonly branch: string }): string {
  return /[/:\\]/.test(remote) ? `${branch} at ${withoutLogin(remote)}` : `${remote}/${branch}`;
}

/** The text without the user names and passwords of the addresses in it. */
export function withoutLogin(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^/@\s]{1,2000}@/gi, '$1');
}
