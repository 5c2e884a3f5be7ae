import type { Paint } from '../report/paint';
import type { Reporter } from '../report/reporter';
import type { Scratch } from '../system/scratch';
import type { Event, Inputs, Registry, Repository } from '../types';
import type { Access } from './access';
import type { Signing } from './signing';

/** What a run is asked for. */
export interface RunRequest {
  readonly inputs: Inputs;
  readonly event: Event;
}

/** Where a run works and reports, and when it is to stop. */
export interface RunPorts extends Reporter {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly paint: Paint;
  readonly signal: AbortSignal;
}

/** What a run uses beside the repository, with its own credentials. Each is opened when the run comes to need it. */
export interface RunServices {
  /** The registry that images are pushed to; undefined: nothing is pushed. Throws UsageError and EnvironmentError. */
  access(): Promise<Access | undefined>;
  /** Who signs what is published; undefined: nobody. Throws UsageError, EnvironmentError and RegistryError. */
  signing(): Promise<Signing | undefined>;
  /** Who is asked for base images where nothing is pushed. */
  baseRegistry(): Registry;
  /** The private folder, made at first use. */
  scratch(): Scratch;
  /** Removes the private folder. */
  close(): void;
}

/** The GitHub repository of a run, and the token to read it with. */
export interface GithubAccess {
  readonly repository: Repository;
  readonly token: string;
}
