import type { Lookup } from './expand';
import type { Instruction } from './instructions';
import type { Placement, StagePath } from './stagePath';

/** Something that the Dockerfile takes from the context by its name; wildcards are still in it. */
export interface Source {
  readonly path: string;
  readonly line: number;
}

/** A RUN of a stage that holds all of the context: what it names of it has still to be found out. */
export interface RunSite {
  readonly instruction: Instruction;
  readonly cwd: StagePath;
  readonly lookup: Lookup;
  readonly placements: readonly Placement[];
}

export interface BaseImage {
  readonly reference: string;
  readonly platform: string | undefined;
}

/** What a Dockerfile takes from its context and from registries, for one target, one platform and one set of arguments. */
export interface DockerfileUse {
  readonly sources: readonly Source[];
  /** Is all of the context copied (`COPY . .`): into the image itself, or only into stages it takes something from? */
  readonly everything: 'no' | 'aside' | 'image';
  /** Why more can't be said than that the whole context counts. */
  readonly undecided: readonly string[];
  readonly bases: readonly BaseImage[];
  readonly unknownBases: readonly string[];
  readonly runs: readonly RunSite[];
  /** Every ENV of reached stages; undefined value: known to the build only. */
  readonly environment: readonly (readonly [string, string | undefined])[];
  readonly notes: readonly string[];
}
