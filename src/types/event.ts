/** A GitHub repository and where its API answers. */
export interface Repository {
  readonly owner: string;
  readonly name: string;
  /** `https://github.com`, or a GitHub Enterprise server, without a trailing slash. */
  readonly serverUrl: string;
  /** `https://api.github.com`, or that of the server, without a trailing slash. */
  readonly apiUrl: string;
}

/** May this run push? A fork's code never may; then the plan is all that is made. */
export type Trust = { readonly kind: 'trusted' } | { readonly kind: 'plan-only'; readonly reason: string };

/** What started this run, reduced to what later stages need. */
export interface Event {
  /** GitHub's event name (`push`, `workflow_dispatch`, …), or `local` on a terminal. */
  readonly name: string;
  /** 40 hex digits: the commit to build. Undefined on a terminal until git says. */
  readonly commit: string | undefined;
  /** 40 hex digits: the commit whose message is searched, where it is another than `commit` (a pull request's head). */
  readonly messageCommit: string | undefined;
  /** The message, where the event carries it; else git or the GitHub API is asked. */
  readonly message: string | undefined;
  /** Branch name without `refs/heads/`. */
  readonly branch: string | undefined;
  /** Tag name without `refs/tags/`, in a run of a tag. */
  readonly tag?: string;
  /** Number of the pull request, in a run of one. */
  readonly pullRequest?: number;
  readonly defaultBranch: string | undefined;
  /** A run that was run again, maybe weeks later: the branch may have been moved elsewhere since. */
  readonly isRepeated?: true;
  readonly repository: Repository | undefined;
  readonly trust: Trust;
}

/** An event either asks for a run, or is one at which there is nothing to do (a deleted branch, an empty push). */
export type EventOutcome =
  { readonly kind: 'run'; readonly event: Event } | { readonly kind: 'nothing'; readonly reason: string };

/** Result of reading keywords from a message or names from a list. */
export interface Selection {
  /** Keywords as the catalog spells them, in order of first appearance, each once. */
  readonly keywords: readonly string[];
  /** The images they name, groups resolved, in the catalog's order; what they bind is not yet added. */
  readonly images: readonly string[];
  /** For people: near misses. */
  readonly warnings: readonly string[];
}
