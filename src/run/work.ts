import type { Preflight } from '../google/artifactRegistry/preflightDecision';
import type { Shard } from '../plan/shards';
import type { Inputs } from '../types';
import type { Access } from './access';
import type { BaseImages } from './baseImages';
import type { Decision } from './decide';
import type { LatestDecision } from './latest';
import type { GithubAccess } from './ports';
import type { Signing } from './signing';
import type { Source } from './source';
import type { Names } from './templates';

/** A run that has been decided and is to be carried out; it is data, and nothing in it reports or stops. */
export interface Work extends Names {
  readonly inputs: Pick<
    Inputs,
    | 'platforms'
    | 'builder'
    | 'cache'
    | 'noCache'
    | 'secrets'
    | 'secretEnvs'
    | 'secretFiles'
    | 'ssh'
    | 'push'
    | 'load'
    | 'outputs'
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
  readonly defaultBranch: string | undefined;
  /** Number of the pull request that it is about; its branch is `pr-NUMBER` then, which git has none of. */
  readonly pullRequest: number | undefined;
  /** What Google says of the place where the images go; it was asked before git was read. undefined: nothing. */
  readonly preflight: Promise<Preflight | undefined>;
  /** The part of a plan that this run builds, for another run to publish; undefined: it publishes itself. */
  readonly shard: Shard | undefined;
  /** undefined: nothing is signed. */
  readonly signing: Signing | undefined;
}
