import type { Paint } from '../report/paint';
import type { Reporter } from '../report/reporter';
import type { Event, Inputs, Repository } from '../types';

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

/** The GitHub repository of a run, and the token to read it with. */
export interface GithubAccess {
  readonly repository: Repository;
  readonly token: string;
}
