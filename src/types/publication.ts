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
 * The state of a tag after a publication. `published`: put by this run and read back; `unchanged`: named the right image already;
 * `missing`: does not name it; `unknown`: the registry could not be asked any more.
 */
export type TagState = 'published' | 'unchanged' | 'missing' | 'unknown';

/** The state of one `latest` after a publication. */
export interface LatestState {
  /**
   * `moved`: put by this run and read back; `unchanged`: named our image already; `left`: names another run's; `kept`: not touched by this
   * run; `restored`: put by this run and taken back; `stuck`: should have been taken back, but still names what this run put; `broken`: names
   * no manifest, but what the registry kept of one that was cut off on its way; `unknown`: put by this run, and the registry could not be asked
   * any more.
   */
  readonly kind: 'moved' | 'unchanged' | 'left' | 'kept' | 'restored' | 'stuck' | 'broken' | 'unknown';
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
  /** The set as it is in the registry: this run's images and those of earlier runs of the same commit. undefined: it is not there. */
  readonly lock: LockFile | undefined;
  /** Images of an earlier run of this commit that left the set: they carry an image that this run rebuilt. */
  readonly dropped: readonly string[];
  /** `left`: a newer commit's set is published; `commit` tells which, or where the `latest` is that refused or was forced. */
  readonly latest: {
    readonly kind: 'not-asked' | 'not-reached' | 'moved' | 'unchanged' | 'left' | 'refused' | 'failed' | 'stopped';
    readonly commit: string | undefined;
    /** It had diverged from this commit and was moved because the run was asked to. */
    readonly isForced: boolean;
  };
  /** What the registry holds, and what could not be put right: sentences for people. Empty when all went well. */
  readonly notes: readonly string[];
  /** What made it end early. A PublishError's or RegistryError's text is for people. */
  readonly error: unknown;
}
