import type { SourcePosition } from './types';

/** Exit status of the command line (contract: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted). */
export type ExitCode = 1 | 2 | 130 | 143;

/**
 * A mistake that its text explains: what failed, on which image or input, why, what to do. Shown without a stack trace.
 * Anything else that is thrown is a bug of ours and keeps its stack.
 */
export abstract class ExplainedError extends Error {
  readonly exitCode: ExitCode = 1;
}

/** Wrong usage: an input, a flag or a catalog that can't be worked with. Nothing was done. */
export class UsageError extends ExplainedError {
  override readonly name = 'UsageError';
  override readonly exitCode = 2;
}

/** A catalog file that can't be worked with: every mistake in it, with its place. Nothing was done. */
export class CatalogError extends ExplainedError {
  override readonly name = 'CatalogError';
  override readonly exitCode = 2;
  readonly mistakes: readonly { readonly at: SourcePosition; readonly text: string }[];

  constructor(mistakes: readonly { readonly at: SourcePosition; readonly text: string }[]) {
    super(mistakes.map(({ at, text }) => `${at.file}:${at.line}:${at.column ?? 1}: ${text}`).join('\n'));
    this.mistakes = mistakes;
  }
}

/** The repository can't give what is needed: no git, a commit that is not there, a file that is missing. */
export class SourceError extends ExplainedError {
  override readonly name = 'SourceError';
}

/** A program on this machine is missing or too old, or the Docker engine does not answer. */
export class EnvironmentError extends ExplainedError {
  override readonly name = 'EnvironmentError';
}

/** At least one image could not be built. */
export class BuildError extends ExplainedError {
  override readonly name = 'BuildError';
}

/**
 * A registry said no, or did not answer in time. `status`: HTTP status, when there was one; `codes`: OCI error codes;
 * `host`, `repository` (`host/path`): where, when known.
 */
export class RegistryError extends ExplainedError {
  override readonly name = 'RegistryError';
  readonly status: number | undefined;
  readonly codes: readonly string[];
  readonly host: string | undefined;
  readonly repository: string | undefined;

  constructor(
    message: string,
    details: {
      status?: number;
      codes?: readonly string[];
      host?: string | undefined;
      repository?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.codes = details.codes ?? [];
    this.host = details.host;
    this.repository = details.repository;
  }
}

/** The set could not be published as asked: `latest` would go back, or a tag can't be moved. */
export class PublishError extends ExplainedError {
  override readonly name = 'PublishError';
}

/** A cluster or GitOps repository refused, or did not become ready. */
export class DeployError extends ExplainedError {
  override readonly name = 'DeployError';
}

/** A commit could not be made or pushed; what was there before is there again, unless the text says otherwise. */
export class TriggerError extends ExplainedError {
  override readonly name = 'TriggerError';
}

/** Stopped by a signal. */
export class InterruptedError extends ExplainedError {
  override readonly name = 'InterruptedError';
  override readonly exitCode: 130 | 143;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(signal === 'SIGINT' ? 'Interrupted (SIGINT).' : 'Stopped (SIGTERM).');
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}

/** The text of anything that was thrown, with its causes, on one line each. */
export function message(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.message === '' ? thrown.name : thrown.message;
  const cause = thrown.cause;
  if (cause === undefined || cause === null) return own;
  const because = message(cause);
  return own.includes(because) ? own : `${own}\n  because: ${because}`;
}
