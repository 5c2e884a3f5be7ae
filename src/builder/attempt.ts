import { basename } from 'node:path';
import { stream } from '../system/exec';
import type { BuildEvent, Command, SourcePosition } from '../types';
import { withoutCacheMounts } from './rewriteDockerfile';
import { RawProgress, type BuildAccount, type BuildFailure } from './rawProgress';

/** One run of buildx. */
export interface Attempt {
  readonly exitCode: number;
  readonly account: BuildAccount;
  /** When the layers were built and the image began to be written or pushed; undefined: it never came to that. */
  readonly exportedAt: number | undefined;
}

interface AttemptPorts {
  readonly onEvent: (event: BuildEvent) => void;
  /** Called with the process group that runs. */
  readonly onStart: (processGroup: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs the command once and tells its events as of the Dockerfile in the repository (`dockerfile`: its path there), whatever was added
 * to it for the build. Throws EnvironmentError when docker is not installed.
 */
export async function attempt(command: Command, dockerfile: string, ports: AttemptPorts): Promise<Attempt> {
  const progress = new RawProgress();
  let exportedAt: number | undefined;
  const tell = (events: readonly BuildEvent[]): void => {
    for (const event of events) {
      if (event.kind === 'step' && event.name.startsWith('exporting to ')) exportedAt ??= event.startedAt;
      ports.onEvent(original(event, dockerfile));
    }
  };
  const exitCode = await stream(command, {
    onStderr: (chunk) => tell(progress.push(chunk)),
    onStart: ports.onStart,
    signal: ports.signal,
  });
  tell(progress.end());
  const account = progress.account();
  return { exitCode, account: { ...account, failure: originalFailure(account.failure, dockerfile) }, exportedAt };
}

function original(event: BuildEvent, dockerfile: string): BuildEvent {
  if (event.kind === 'step') return { ...event, name: withoutCacheMounts(event.name) };
  // Of no step: buildx's own words, with the lines of the Dockerfile that failed.
  if (event.kind === 'log') return event.id === '' ? { ...event, text: withoutCacheMounts(event.text) } : event;
  return { ...event, at: originalPosition(event.at, dockerfile) };
}

function originalFailure(failure: BuildFailure, dockerfile: string): BuildFailure {
  return {
    ...failure,
    step: failure.step === undefined ? undefined : withoutCacheMounts(failure.step),
    excerpt: failure.excerpt.map(withoutCacheMounts),
    at: originalPosition(failure.at, dockerfile),
  };
}

/** BuildKit knows a Dockerfile by its base name only, and every line keeps its number. */
function originalPosition(at: SourcePosition | undefined, dockerfile: string): SourcePosition | undefined {
  return at !== undefined && at.file === basename(dockerfile) ? { ...at, file: dockerfile } : at;
}
