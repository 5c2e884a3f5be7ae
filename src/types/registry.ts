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

/** What is attached to a manifest, as a list of such tells it. */
export interface Referrer extends Descriptor {
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
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
   * Gives the digest that the reference now names. When an attempt failed and the reference is not at these bytes,
   * `beforeRepeat` is asked before the next one; it throws when the tag may not be moved any more.
   */
  putManifest(
    repository: string,
    reference: string,
    mediaType: string,
    bytes: Uint8Array,
    beforeRepeat?: () => Promise<void>,
  ): Promise<Descriptor>;
  /** Throws when it is not there. Only for small blobs (configs, lock files), unless `maxBytes` says how large it may be. */
  blob(repository: string, digest: string, maxBytes?: number): Promise<Uint8Array>;
  hasBlob(repository: string, digest: string): Promise<boolean>;
  /** Uploads unless it is there; `mediaType` only fills the descriptor. `isNew`: it can't be there yet, so nobody needs to look. */
  putBlob(repository: string, mediaType: string, bytes: Uint8Array, isNew?: boolean): Promise<Descriptor>;
  /** The same for a file of any size; `descriptor` says what its bytes are. */
  putFile(repository: string, descriptor: Descriptor, path: string): Promise<Descriptor>;
  /** Throws where nothing may be pushed: asked in a way that what is there already does not answer. Leaves nothing behind. */
  checkPush(repository: string): Promise<void>;
  /** True: mounted; false: the registry wants an upload. */
  mountBlob(repository: string, digest: string, from: string): Promise<boolean>;
  /** All tags, every page; empty when the repository does not exist. */
  tags(repository: string): Promise<readonly string[]>;
  /** What is attached to a digest, every page; undefined: this registry can't be asked so. */
  referrers(repository: string, digest: string): Promise<readonly Referrer[] | undefined>;
  /** By tag or digest; false: was not there. */
  deleteManifest(repository: string, reference: string): Promise<boolean>;
}

/** What a base image's own configuration does to a build that starts from it. */
export interface BaseConfig {
  readonly env: readonly (readonly [name: string, value: string])[];
  /** Instructions that are first in a stage that starts from it: https://docs.docker.com/reference/dockerfile/#onbuild */
  readonly onBuild: readonly string[];
  /** Empty: root. */
  readonly user: string;
  /** Empty: `/`. */
  readonly workingDir: string;
}
