/**
 * What flows between the stages: event → keywords → catalog → plan → build → publish → report.
 * Everything is readonly; a stage that decides gives new data, it never changes what it was handed.
 */

// ---------------------------------------------------------------- inputs

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

// ---------------------------------------------------------------- event

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
  readonly defaultBranch: string | undefined;
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

// ---------------------------------------------------------------- catalog

/** What an image is made from, beyond its Dockerfile. */
export type ImageInputs =
  | { readonly kind: 'dockerfile' }
  /** Go main package, `./backend/src/apiserver`, relative to the repository; `paths`: globs of further files that count. */
  | { readonly kind: 'go'; readonly mainPackage: string; readonly paths: readonly string[] }
  | { readonly kind: 'paths'; readonly globs: readonly string[] };

/** Where an image runs on a cluster. */
export interface DeployTarget {
  readonly deployment: string;
  readonly container: string;
}

export interface CatalogImage {
  readonly name: string;
  /** Paths are relative to the repository's top, with `/`, never leaving it. */
  readonly dockerfile: string;
  readonly context: string;
  /** Appended to the registry path. */
  readonly repository: string;
  readonly target: string | undefined;
  readonly inputs: ImageInputs;
  readonly cacheMounts: readonly string[];
  /** Values may hold `{{sha}}`, `{{short_sha}}`, `{{branch}}`, `{{date}}`; such arguments stay out of the content key. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Environment variable → name of the image whose `REPOSITORY@sha256:…` it carries. */
  readonly bind: Readonly<Record<string, string>>;
  readonly deploy: DeployTarget | undefined;
}

export interface Catalog {
  /** Path of the file it was read from; undefined: built in. */
  readonly source: string | undefined;
  /** In the order of the file. */
  readonly images: ReadonlyMap<string, CatalogImage>;
  /** Group or alias → image names. Always has `backend-all`: every image. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

// ---------------------------------------------------------------- plan

/** The content key of one image and every line that went into it. */
export interface ContentKey {
  /** 64 hex digits. */
  readonly key: string;
  /**
   * The canonical encoding: its version, then what went in, sorted; `sha256(lines.join('\n') + '\n')` is the key.
   * Described in src/plan/contentKey.ts.
   */
  readonly lines: readonly string[];
  /** The lines that one `whole-context` line stands for, shared by all images of that context; empty without one. */
  readonly contextLines: readonly string[];
  /**
   * Base images whose digest nobody could tell. With any of them the key must never be taken as a sign that an image
   * is current: what they point to may have moved.
   */
  readonly unresolvedBases: readonly string[];
  /** Where a construct could not be decided and more became an input than is needed: for people. */
  readonly notes: readonly string[];
}

export interface PlannedImage {
  readonly name: string;
  /** Named by a keyword or a list, not only brought along. */
  readonly requested: boolean;
  /** Images of this plan that bind this one. */
  readonly neededBy: readonly string[];
  readonly key: string;
  readonly action: 'build' | 'reuse';
  readonly reason: string;
  /** Inputs that differ from what is compared with; empty when nothing is. */
  readonly changed: readonly string[];
  /** Environment variable → image, as in the catalog. */
  readonly binds: Readonly<Record<string, string>>;
  readonly dockerfile: string;
  readonly notes: readonly string[];
}

export interface Plan {
  readonly version: 1;
  /** 40 hex digits. */
  readonly commit: string;
  readonly keywords: readonly string[];
  readonly images: readonly PlannedImage[];
  /** Waves: an image stands after everything it binds. */
  readonly order: readonly (readonly string[])[];
  readonly warnings: readonly string[];
}

// ---------------------------------------------------------------- build

/** A child process as data, so that a dry run can print what a real run executes. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables of this process that the child must not see. */
  readonly unset?: readonly string[];
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array;
}

/** What a builder tells while it works, one image at a time. Times are milliseconds since the epoch. */
export type BuildEvent =
  | {
      readonly kind: 'step';
      /** Digest of BuildKit's vertex. */
      readonly id: string;
      /** `[builder 3/5] RUN go build …` */
      readonly name: string;
      readonly state: 'running' | 'done' | 'cached' | 'failed';
      readonly startedAt: number | undefined;
      readonly endedAt: number | undefined;
      readonly error: string | undefined;
    }
  | { readonly kind: 'log'; readonly id: string; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string; readonly at: SourcePosition | undefined };

export interface SourcePosition {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column?: number;
}

/** Time spent on one image, for the timeline. Milliseconds since the epoch; undefined: did not happen. */
export interface Timing {
  readonly queuedAt: number;
  readonly startedAt: number | undefined;
  readonly builtAt: number | undefined;
  readonly pushedAt: number | undefined;
  readonly boundAt: number | undefined;
  readonly steps: number;
  readonly cachedSteps: number;
}

/** How the work on one image ended. A digest is `sha256:…` of the manifest (or index) in the registry, before binding. */
export type BuildOutcome =
  | { readonly kind: 'built'; readonly name: string; readonly digest: string; readonly timing: Timing }
  | { readonly kind: 'reused'; readonly name: string; readonly digest: string; readonly timing: Timing }
  | {
      readonly kind: 'failed';
      readonly name: string;
      readonly message: string;
      readonly at: SourcePosition | undefined;
      /** Last lines of the failing step. */
      readonly tail: readonly string[];
      /** Name of the failing step: `[builder 3/5] RUN …`. */
      readonly step?: string;
      /** The lines of the Dockerfile around `at`, with their numbers, the failing ones marked with `>>>`. */
      readonly excerpt?: readonly string[];
      readonly timing: Timing;
    }
  /** What it binds failed, so it was not built. */
  | { readonly kind: 'blocked'; readonly name: string; readonly by: readonly string[] }
  | { readonly kind: 'cancelled'; readonly name: string };

/** Told of every image's progress; the report stage shows it. Methods must not throw. */
export interface BuildObserver {
  queued(image: string): void;
  started(image: string): void;
  event(image: string, event: BuildEvent): void;
  /** `logFile`: the image's whole log on disk, when there is one. */
  finished(outcome: BuildOutcome, logFile: string | undefined): void | Promise<void>;
}

// ---------------------------------------------------------------- publish

/** An OCI content descriptor: https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A manifest or index as the registry holds it. */
export interface Manifest extends Descriptor {
  readonly bytes: Uint8Array;
}

/**
 * A registry by the OCI distribution protocol. `repository` is `host[:port]/path`, `reference` a tag or `sha256:…`.
 * Every call authenticates, retries what can heal, verifies digests, and throws RegistryError otherwise.
 */
export interface Registry {
  /** undefined: not there. Cheap: the digest of a tag is the registry's word, only `manifest` has verified it. */
  head(repository: string, reference: string): Promise<Descriptor | undefined>;
  /** undefined: not there. */
  manifest(repository: string, reference: string): Promise<Manifest | undefined>;
  /**
   * Gives the digest under which it now stands. When an attempt failed and the reference does not stand at these bytes,
   * `beforeRepeat` is asked before the next one; it throws when the tag may not be moved any more.
   */
  putManifest(
    repository: string,
    reference: string,
    mediaType: string,
    bytes: Uint8Array,
    beforeRepeat?: () => Promise<void>,
  ): Promise<Descriptor>;
  /** Throws when it is not there. Only for small blobs (configs, lock files). */
  blob(repository: string, digest: string): Promise<Uint8Array>;
  hasBlob(repository: string, digest: string): Promise<boolean>;
  /** Uploads unless it is there; `mediaType` only fills the descriptor. */
  putBlob(repository: string, mediaType: string, bytes: Uint8Array): Promise<Descriptor>;
  /** True: mounted; false: the registry wants an upload. */
  mountBlob(repository: string, digest: string, from: string): Promise<boolean>;
  /** All tags, every page; empty when the repository does not exist. */
  tags(repository: string): Promise<readonly string[]>;
  /** By tag or digest; false: was not there. */
  deleteManifest(repository: string, reference: string): Promise<boolean>;
}

/** One image of a release set. */
export interface LockedImage {
  readonly repository: string;
  /** What to deploy: the bound image. */
  readonly digest: string;
  /** Content key, 64 hex digits. */
  readonly key: string;
  /** Seconds its last real build took: a hint for the order of the next one. */
  readonly seconds?: number;
}

/** A release set: the images of one commit, each by digest. The JSON of `kfp-images.lock.json`. */
export interface LockFile {
  readonly version: 1;
  readonly commit: string;
  readonly registryPath: string;
  readonly images: Readonly<Record<string, LockedImage>>;
}

/**
 * How a tag stands after a publication. `published`: put by this run and read back; `unchanged`: named the right image already;
 * `missing`: does not name it; `unknown`: the registry could not be asked any more.
 */
export type TagState = 'published' | 'unchanged' | 'missing' | 'unknown';

/** How one `latest` stands after a publication. */
export interface LatestState {
  /**
   * `moved`: put by this run and read back; `unchanged`: named our image already; `left`: names another run's; `kept`: not touched by this
   * run; `restored`: put by this run and taken back; `stuck`: should have been taken back, but still names what this run put; `unknown`: put
   * by this run, and the registry could not be asked any more.
   */
  readonly kind: 'moved' | 'unchanged' | 'left' | 'kept' | 'restored' | 'stuck' | 'unknown';
  /** What it names now; undefined: nothing, or not known. */
  readonly digest: string | undefined;
}

/** One image after a publication. */
export interface PublishedImage {
  readonly name: string;
  readonly repository: string;
  /** What this run was to publish. */
  readonly digest: string;
  readonly tags: readonly { readonly tag: string; readonly state: TagState }[];
  /** undefined: `latest` was not this run's to move, or the run did not come that far. */
  readonly latest: LatestState | undefined;
}

/** How a publication ended, and what the registry holds: the truth for the summary and the exit status. */
export interface Publication {
  /** `unchanged`: everything was there already. `latest-refused`: the set is published, `latest` was not moved. */
  readonly kind: 'published' | 'unchanged' | 'latest-refused' | 'failed' | 'stopped';
  readonly images: readonly PublishedImage[];
  readonly set: {
    readonly repository: string;
    readonly tag: string;
    readonly digest: string | undefined;
    readonly state: TagState;
    readonly latest: LatestState | undefined;
  };
  /** The set as it lies in the registry: this run's images and those of earlier runs of the same commit. undefined: it is not there. */
  readonly lock: LockFile | undefined;
  /** Images of an earlier run of this commit that left the set: they carry an image that this run built anew. */
  readonly dropped: readonly string[];
  /** `left`: a newer commit's set is published; `commit` tells which, or where `latest` stands that refused or was moved by order. */
  readonly latest: {
    readonly kind: 'not-asked' | 'not-reached' | 'moved' | 'unchanged' | 'left' | 'refused' | 'failed' | 'stopped';
    readonly commit: string | undefined;
    /** It stood aside of this commit and was moved because the run was told to. */
    readonly isByOrder: boolean;
  };
  /** What the registry holds, and what could not be put right: sentences for people. Empty when all went well. */
  readonly notes: readonly string[];
  /** What made it end early. A PublishError's or RegistryError's text is for people. */
  readonly error: unknown;
}

// ---------------------------------------------------------------- around the stages

/** Where words for people go. On GitHub warnings and errors become annotations; text is escaped by the implementation. */
export interface Log {
  debug(line: string): void;
  info(line: string): void;
  warning(text: string, at?: SourcePosition): void;
  error(text: string, at?: SourcePosition): void;
}
