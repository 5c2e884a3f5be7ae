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
