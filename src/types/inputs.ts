/** The Action's inputs and, under the same names, the command line's flags. Parsed and defaulted, not yet checked against each other. */
export interface Inputs {
  readonly registryPath: string;
  readonly credentialsJson: string;
  /** By `name[:port]`. */
  readonly registryHosts: ReadonlyMap<string, RegistryHost>;
  /** Names or groups given outright; empty: the commit message decides. */
  readonly images: readonly string[];
  /** The text to search for keywords; undefined: the head commit's message. */
  readonly commitMessage: string | undefined;
  /** Path of a catalog file; undefined: look for the default names, else the built-in catalog. */
  readonly catalog: string | undefined;
  readonly workingDirectory: string;
  readonly context: 'commit' | 'workspace';
  readonly rebuild: 'changed' | 'all';
  /** Tag templates: `{{sha}}`, `{{short_sha}}`, `{{branch}}`. */
  readonly tags: readonly string[];
  readonly latest: 'default-branch' | 'always' | 'never';
  /** What to do where `latest` is on another line of history. */
  readonly diverged: 'warn' | 'fail';
  readonly platforms: readonly string[];
  /** Name of a buildx builder; undefined: the one that docker takes. */
  readonly builder: string | undefined;
  readonly maxParallel: number;
  readonly cache: 'auto' | 'none' | 'registry' | 'gha';
  /** Nothing of an earlier build is used; `rebuild` is then `all`. */
  readonly noCache: boolean;
  /** Id → value. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Id → environment variable. */
  readonly secretEnvs: ReadonlyMap<string, string>;
  /** Id → path. */
  readonly secretFiles: ReadonlyMap<string, string>;
  /** Id → path of a socket or key; empty: the agent of this machine. */
  readonly ssh: ReadonlyMap<string, string>;
  readonly failFast: boolean;
  readonly push: boolean;
  readonly load: boolean;
  /** Where images go without push; `dest` holds `{{image}}`. */
  readonly outputs: readonly ImageFile[];
  readonly dryRun: boolean;
  /** Make the repository of Artifact Registry where it is missing. */
  readonly createRepository: boolean;
  /** What of a plan other runners may build: nothing, an image each, an image and platform each. */
  readonly fanOut: 'none' | 'images' | 'platforms';
  readonly maxShards: number;
  /** Runner of each shard; platforms that it does not have run on GitHub's own. */
  readonly runsOn: RunsOn;
  /** The one that this run builds; empty: it is not a shard. */
  readonly shard: string;
  /** The matrix whose shards were built before this run; empty: there was none. */
  readonly shards: string;
  /** Attach to each image and the set where it comes from. */
  readonly provenance: boolean;
  /** Attach to each image what is in it: what its Go binaries say, or what a scanner (an image) finds in its build. */
  readonly sbom:
    { readonly kind: 'none' } | { readonly kind: 'binaries' } | { readonly kind: 'generator'; readonly image: string };
  readonly sign: 'none' | 'auto' | 'key' | 'keyless';
  /** A private key, PEM, or a file or reference (`gcpkms://…`) of one; empty: none. */
  readonly signKey: string;
  readonly githubToken: string;
}

/** A file that an image is written to. */
export interface ImageFile {
  readonly type: 'oci' | 'docker';
  /** A path with `{{image}}`, and maybe `{{sha}}` and `{{short_sha}}`. */
  readonly dest: string;
}

/** What a registry's host needs. */
export interface RegistryHost {
  readonly plainHttp: boolean;
  /** Path of the certificates of its authority. */
  readonly authorityFile: string | undefined;
  /** The host that what is named after this one is pushed to. */
  readonly push: string | undefined;
}

/** What says which runners may take a job: one label, or all of several. */
export type RunnerLabels = string | readonly string[];

/** The labels of every runner, or platform → labels. */
export type RunsOn = RunnerLabels | Readonly<Record<string, RunnerLabels>>;
