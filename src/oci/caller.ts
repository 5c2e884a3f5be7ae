import { UsageError, type RegistryError } from '../errors';
import { isDigest, isTag } from './names';
import type { Answer } from './wire';
import { loginFix, refusal, refused, type Task, type Transient } from './failure';
import type { RegistryHosts } from './hosts';
import type { Limits } from './limits';
import { withRetries, type Patience } from './retry';
import type { Scope } from './scopes';
import type { Session } from './session';
import { targetOf, type Target } from './target';

/** What a call to a repository sends. */
export interface Sent {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/v2/NAME/`, or a whole URL that the registry gave. */
  readonly at: string | URL;
  readonly scopes: readonly Scope[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Blob;
  readonly maxBytes?: number;
}

/** Calls to one repository with one purpose: what every operation of the client is made of. */
export interface Caller {
  readonly target: Target;
  readonly task: Task;
  readonly limits: Limits;
  readonly hosts: RegistryHosts;
  /** One attempt: any answer but 401. */
  send(sent: Sent): Promise<Answer>;
  /** What an answer that is not a success is thrown as: Transient when its status says "not now". */
  refused(answer: Answer): RegistryError | Transient;
  /** The same, as the last word. */
  refusal(answer: Answer): RegistryError;
  /** Repeats what may heal. */
  retrying<T>(work: (attempt: number) => Promise<T>): Promise<T>;
}

/** `doing`: what is done to the repository or what is in it, for error texts. */
export function callerOf(session: Session, patience: Patience, repository: string, doing: string): Caller {
  const target = targetOf(repository, session.hosts);
  const task: Task = { action: doing, host: target.host, repository, fix: loginFix(target.host) };
  return {
    target,
    task,
    limits: patience.limits,
    hosts: session.hosts,
    send: ({ method, at, scopes, headers, body, maxBytes = 65_536 }) => {
      const url = at instanceof URL ? at : new URL(`${target.origin}/v2/${target.name}/${at}`);
      const request = { method, url, maxBytes, ...(headers && { headers }), ...(body && { body }) };
      return session.send({ task, target, scopes, request });
    },
    refusal: (answer) => refusal(task, answer, session.secrets),
    refused: (answer) => refused(task, answer, session.secrets),
    retrying: (work) => withRetries(patience, work),
  };
}

/** Throws UsageError unless `reference` is a tag or a digest, so that it can be in a URL. */
export function checkReference(reference: string): void {
  if (!isTag(reference) && !isDigest(reference)) {
    throw new UsageError(`${JSON.stringify(reference.slice(0, 150))} is neither a tag nor a digest (sha256:…).`);
  }
}

/** `host/path:tag` or `host/path@sha256:…`. */
export function named(repository: string, reference: string): string {
  return `${repository}${isDigest(reference) ? '@' : ':'}${reference}`;
}

/** 2xx. */
export function isGood(answer: Answer): boolean {
  return answer.status >= 200 && answer.status <= 299;
}
