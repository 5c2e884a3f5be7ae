import type { BuildOutcome, Plan, Publication, Repository } from '../types';

/** How a run ended. */
export type RunResult =
  /** Every image of the plan is in the registry, with its tags. */
  | { readonly kind: 'published' }
  /** `push: false`: built, nothing left this machine. */
  | { readonly kind: 'built' }
  /** A shard of a run: its images are in the registry by digest and content key, and published by another run. */
  | { readonly kind: 'shard'; readonly name: string }
  /** Plan only; why: a dry run, or code that may not push. */
  | { readonly kind: 'planned'; readonly reason: string }
  /** No keyword, a deleted branch, …: there was nothing to do. */
  | { readonly kind: 'nothing'; readonly reason: string }
  /** An image could not be built, or the set could not be published. */
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'interrupted'; readonly reason: string };

/** What a scanner found in one image. */
export interface ScanResult {
  readonly name: string;
  /** Severity → number of findings, worst first; `not-ready`: the scan goes on, and nobody waits for it. */
  readonly findings: readonly (readonly [severity: string, count: number])[] | 'not-ready';
  readonly url: string | undefined;
}

/** What a registry says about an image that it took. */
export interface Upload {
  /** Page of the image. */
  readonly url: string;
  /** Milliseconds since the epoch; undefined: not known. */
  readonly uploadedAt: number | undefined;
}

/** What is attached to an image or the set: `REPOSITORY@sha256:…` of each artifact. */
export interface AttestedSubject {
  readonly provenance?: string;
  /** What is in it. */
  readonly sbom?: string;
  readonly signature?: string;
}

/** What was signed, and how. */
export interface AttestedReport {
  /** In words; undefined: nothing was signed. */
  readonly signer: string | undefined;
  /** Name (the set's is `set`) → what is attached to it. */
  readonly subjects: ReadonlyMap<string, AttestedSubject>;
}

/** Everything the job summary says, as plain data. Texts are as they came: whoever shows them escapes them. */
export interface RunReport {
  readonly result: RunResult;
  /** undefined: the run ended before there was one. */
  readonly plan: Plan | undefined;
  readonly repository: Repository | undefined;
  readonly branch: string | undefined;
  /** undefined: nothing was pushed, nor was it to be. */
  readonly registryPath: string | undefined;
  /** Does GitHub write *** in the place of the registry path, because it is a secret there? */
  readonly pathIsSecret?: boolean;
  /** How the run logged in, in words; never the credentials. */
  readonly credentials: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** One for each image on which work began or was given up. */
  readonly outcomes: readonly BuildOutcome[];
  /** undefined: the run ended before it, or was not to push. */
  readonly publication: Publication | undefined;
  /** Name → bytes of all layers, compressed, where known. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Name → when and where, for registries that tell. */
  readonly uploads: ReadonlyMap<string, Upload>;
  /** Path of the lock file, when one was written. */
  readonly lockFile: string | undefined;
  readonly warnings: readonly string[];
  readonly scans: readonly ScanResult[];
  /** What cache mounts started from, and what was written for later builds: a sentence each. */
  readonly caches?: readonly string[];
  /** undefined: nothing was to be attached, or it did not come to it. */
  readonly attested?: AttestedReport | undefined;
}
