import { basename } from 'node:path';
import { stream } from '../system/exec';
import type { BuildEvent, Command, SourcePosition } from '../types';
import type { AddedLines } from './localBinding';
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

/** The Dockerfile as it is committed, and what the one that is built has more. */
export interface CommittedDockerfile {
  /** Its path in the repository, for positions. */
  readonly dockerfile: string;
  /** Where the one that is built has more lines. */
  readonly added?: AddedLines;
}

/**
 * Runs the command once and tells its events as of the Dockerfile in the repository, whatever was added to it for the build. Throws EnvironmentError when docker is not installed.
 */
export async function attempt(command: Command, committed: CommittedDockerfile, ports: AttemptPorts): Promise<Attempt> {
  const progress = new RawProgress();
  let exportedAt: number | undefined;
  const tell = (events: readonly BuildEvent[]): void => {
    for (const event of events) {
      if (event.kind === 'step' && event.name.startsWith('exporting to ')) exportedAt ??= event.startedAt;
      const told = original(event, committed);
      if (told !== undefined) ports.onEvent(told);
    }
  };
  const exitCode = await stream(command, {
    onStderr: (chunk) => tell(progress.push(chunk)),
    onStart: ports.onStart,
    signal: ports.signal,
  });
  tell(progress.end());
  const account = progress.account();
  return { exitCode, account: { ...account, failure: originalFailure(account.failure, committed) }, exportedAt };
}

/** undefined: it is about a line that nobody wrote. */
function original(event: BuildEvent, committed: CommittedDockerfile): BuildEvent | undefined {
  if (event.kind === 'step') return { ...event, name: withoutCacheMounts(event.name) };
  // Of no step: buildx's own words, with the lines of the Dockerfile that failed.
  if (event.kind === 'log') return event.id === '' ? { ...event, text: withoutCacheMounts(event.text) } : event;
  const at = originalPosition(event.at, committed);
  return at === undefined && event.at !== undefined ? undefined : { ...event, at };
}

function originalFailure(failure: BuildFailure, committed: CommittedDockerfile): BuildFailure {
  return {
    ...failure,
    step: failure.step === undefined ? undefined : withoutCacheMounts(failure.step),
    excerpt: failure.excerpt.map(withoutCacheMounts),
    at: originalPosition(failure.at, committed),
  };
}

/** BuildKit knows a Dockerfile by its base name only. undefined: it is a line that was added. */
function originalPosition(
  at: SourcePosition | undefined,
  { dockerfile, added = { line: Number.POSITIVE_INFINITY, count: 0 } }: CommittedDockerfile,
): SourcePosition | undefined {
  if (at === undefined || at.file !== basename(dockerfile)) return at;
  const behind = at.line - added.count;
  if (behind < added.line && at.line >= added.line) return undefined;
  return { file: dockerfile, line: at.line < added.line ? at.line : behind };
}
