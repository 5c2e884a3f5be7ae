import type { Paint } from '../report/paint';
import type { Reporter } from '../report/reporter';
import type { Event, Inputs, Repository } from '../types';
import type { Access } from './access';
import type { BaseImages } from './baseImages';
import type { Decision } from './decide';
import type { Source } from './source';

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
  /** Told of the private folder as soon as there is one, so that it can be removed after a SIGKILL. */
  readonly onScratch: (folder: string) => void;
}

/** Asks GitHub only where there is a repository to ask about. */
export interface GithubAccess {
  readonly repository: Repository;
  readonly token: string;
}

/** The GitHub repository of a run and the token to read it with; undefined: there is none. */
export function githubAccess({ inputs, event }: RunRequest): GithubAccess | undefined {
  return event.repository === undefined ? undefined : { repository: event.repository, token: inputs.githubToken };
}

/** A run that has been decided and is to be carried out. */
export interface Work {
  readonly request: RunRequest;
  readonly ports: RunPorts;
  readonly source: Source;
  /** undefined: no registry is used. */
  readonly access: Access | undefined;
  readonly bases: BaseImages;
  readonly decision: Decision;
}
