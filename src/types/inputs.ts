/** The Action's inputs and, under the same names, the command line's flags. Parsed and defaulted, not yet checked against each other. */
export interface Inputs {
  readonly registryPath: string;
  readonly credentialsJson: string;
  /** Names or groups given outright; empty: the commit message decides. */
  readonly images: readonly string[];
  /** The text searched for keywords; undefined: the head commit's message. */
  readonly commitMessage: string | undefined;
  /** Path of a catalog file; undefined: look for the default names, else the built-in catalog. */
  readonly catalog: string | undefined;
  readonly workingDirectory: string;
  readonly context: 'commit' | 'workspace';
  readonly rebuild: 'changed' | 'all';
  /** Tag templates: `{{sha}}`, `{{short_sha}}`, `{{branch}}`. */
  readonly tags: readonly string[];
  readonly latest: 'default-branch' | 'always' | 'never';
  readonly platforms: readonly string[];
  readonly maxParallel: number;
  readonly cache: 'none' | 'registry' | 'gha';
  readonly failFast: boolean;
  readonly push: boolean;
  readonly dryRun: boolean;
  /** Make the repository of Artifact Registry where it is missing. */
  readonly createRepository: boolean;
  readonly githubToken: string;
}
