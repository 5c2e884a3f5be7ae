import { rfc3339 } from '../builder/commitDate';
import type { Preflight } from '../google/artifactRegistry/preflightDecision';
import type { FinishedImage } from '../publish/publishSet';
import { toTag } from '../oci/names';
import type { BuildOutcome, Event, Inputs, LockFile, Publication, Selection } from '../types';
import type { Access } from './access';
import type { Caches } from './caches';
import type { BaseImages } from './baseImages';
import type { Decision } from './decide';
import type { Pushed } from './imageDetails';
import type { LatestDecision } from './latest';
import type { GithubAccess } from './ports';
import type { Attested } from '../publish/attest/attest';
import type { Signing } from './signing';
import type { Source } from './source';

/** A run that has been decided and is to be carried out; it is data, and nothing in it reports or stops. */
export interface Work {
  readonly inputs: Pick<
    Inputs,
    | 'workingDirectory'
    | 'platforms'
    | 'builder'
    | 'cache'
    | 'noCache'
    | 'secrets'
    | 'secretEnvs'
    | 'secretFiles'
    | 'ssh'
    | 'maxParallel'
    | 'failFast'
    | 'push'
    | 'load'
    | 'outputs'
    | 'diverged'
    | 'provenance'
    | 'sbom'
  >;
  /** The working directory, absolute. */
  readonly folder: string;
  readonly github: GithubAccess | undefined;
  readonly source: Source;
  /** undefined: no registry is used. */
  readonly access: Access | undefined;
  readonly bases: BaseImages;
  readonly decision: Decision;
  readonly latest: LatestDecision;
  /** Whose caches are read: this run's branch, which also gets what it adds, and the default one. undefined: there is none. */
  readonly branch: string | undefined;
  readonly defaultBranch: string | undefined;
  /** Number of the pull request that it is about; its branch is `pr-NUMBER` then, which git has none of. */
  readonly pullRequest: number | undefined;
  /** For templates of build arguments. */
  readonly values: TemplateValues;
  /** Of each image, templates filled in. */
  readonly tags: readonly string[];
  /** False: a shard, whose images another run publishes. */
  readonly publishes: boolean;
  /** undefined: nothing is signed. */
  readonly signing: Signing | undefined;
}

/** What the builds came to. */
export interface Product {
  readonly outcomes: readonly BuildOutcome[];
  /** Those that can be published. */
  readonly images: readonly FinishedImage[];
  /** Release of the BuildKit that built; undefined: nothing was built, or it does not say. */
  readonly buildkit: string | undefined;
  readonly caches: Pick<Caches, 'begin' | 'notes'>;
}

/** What was attached to a set and its images. */
export interface AttestedRun {
  /** In words; undefined: nothing was signed. */
  readonly signer: string | undefined;
  readonly subjects: readonly Attested[];
}

/** What is known of a run so far; its report is made from it wherever it ends. */
export interface RunState {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  selection?: Selection;
  source?: Source;
  access?: Access | undefined;
  preflight?: Preflight | undefined;
  decision?: Decision;
  product?: Product;
  publication?: Publication;
  attested?: AttestedRun;
  pushed?: Pushed;
  lock?: LockFile;
  lockFile?: string | undefined;
  /** For `strategy.matrix`. */
  matrix?: string;
}

/** What templates of tags and build arguments can name. */
interface TemplateValues extends Readonly<Record<string, string>> {
  readonly sha: string;
  readonly short_sha: string;
  readonly branch: string;
  /** The commit's date, RFC 3339. */
  readonly date: string;
}

/** The values of a run. On a detached HEAD, as on a runner without a branch, the branch is `detached`. */
export function templateValues(
  { commit, date }: Pick<Source, 'commit' | 'date'>,
  branch: string | undefined,
): TemplateValues {
  return {
    sha: commit,
    short_sha: commit.slice(0, 7),
    branch: branch ?? 'detached',
    date: rfc3339(date),
  };
}

/** The values of tags: those of a run, its date as YYYYMMDD, and what only some runs have. */
export function tagValues(
  values: TemplateValues,
  { tag = '', pullRequest }: Pick<Event, 'tag' | 'pullRequest'>,
): Readonly<Record<string, string>> {
  // https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string
  const [, version] =
    /^v?((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/.exec(tag) ?? [];
  return {
    ...values,
    branch: toTag(values.branch),
    date: values.date.slice(0, 10).replaceAll('-', ''),
    ...(version === undefined ? {} : { version: toTag(version) }),
    ...(pullRequest === undefined ? {} : { pr: String(pullRequest) }),
  };
}
