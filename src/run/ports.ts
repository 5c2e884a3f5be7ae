import type { Paint } from '../report/paint';
import type { Reporter } from '../report/reporter';
import type { Event, Inputs, Repository } from '../types';

/** What a run is asked for. */
export interface RunRequest {
  readonly inputs: Inputs;
  readonly event: Event;
}

/** What a run stands in: where it speaks, and when it is to stop. */
export interface RunPorts extends Reporter {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly paint: Paint;
  readonly signal: AbortSignal;
  /** Called with the private folder as soon as there is one, so that it can be removed after a SIGKILL. */
  readonly onScratch: (folder: string) => void;
}

/** The GitHub repository of a run, and the token to read it with. */
export interface GithubAccess {
  readonly repository: Repository;
  readonly token: string;
}
