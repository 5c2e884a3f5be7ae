import { DeployError, EnvironmentError } from '../errors';
import { bounds, inWords } from '../system/bounds';
import { stream } from '../system/exec';
import type { Command } from '../types';

/** What kubectl left. */
export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One call of kubectl: arguments without context and namespace; `input` is for manifests, the only place for secrets. */
export interface Call {
  readonly args: readonly string[];
  readonly input?: string;
  /** undefined: that of the cluster's port. */
  readonly namespace?: string;
  /** For reading only: what changes something is never cut off half-way. */
  readonly signal?: AbortSignal;
}

/** The cluster, as kubectl reaches it: with the user's own context, login and plugins. */
export type Kubectl = (call: Call) => Promise<Answer>;

/** Which cluster and namespace. undefined: what the user's configuration says. */
export interface Place {
  readonly context: string | undefined;
  readonly namespace: string;
}

/** A call as data: a dry run prints it, `createKubectl` runs it. */
export function kubectlCommand(place: Place, call: Call): Command {
  const context = place.context === undefined ? [] : ['--context', place.context];
  return {
    command: 'kubectl',
    args: [...context, '--namespace', call.namespace ?? place.namespace, '--request-timeout=60s', ...call.args],
    ...(call.input === undefined ? {} : { input: call.input }),
  };
}

/** The real one. Each call runs in a process group of its own, so that Ctrl-C reaches us and never a patch under way. */
export function createKubectl(place: Place): Kubectl {
  return async (call) => {
    const kept: Record<'out' | 'err', Buffer[]> = { out: [], err: [] };
    let size = 0;
    const longest = bounds.cluster.answer;
    const enough = new AbortController();
    const signal = call.signal === undefined ? enough.signal : AbortSignal.any([call.signal, enough.signal]);
    const keep = (where: 'out' | 'err') => (chunk: Buffer) => {
      size += chunk.length;
      if (size <= longest) kept[where].push(chunk);
      else enough.abort();
    };
    const exitCode = await stream(
      { input: '', ...kubectlCommand(place, call) },
      { onStdout: keep('out'), onStderr: keep('err'), signal },
    );
    if (size > longest)
      throw new DeployError(
        `The cluster answered more than ${inWords(longest)}, which is too much to be read. Nothing was.`,
      );
    return {
      exitCode,
      stdout: Buffer.concat(kept.out).toString('utf8'),
      stderr: Buffer.concat(kept.err).toString('utf8'),
    };
  };
}

/** Runs a call that has to succeed and gives its standard output. DeployError that says `purpose` failed, with kubectl's words. */
export async function ask(kubectl: Kubectl, purpose: string, call: Call): Promise<string> {
  const answer = await kubectl(call);
  if (answer.exitCode === 0) return answer.stdout;
  throw refusal(purpose, answer);
}

/** The error for a call that failed: what cannot be reached is the environment's fault, the rest the cluster's. */
export function refusal(purpose: string, answer: Answer): DeployError | EnvironmentError {
  const said = words(answer.stderr);
  if (
    /connection refused|connection to the server \S+ was refused|no such host|i\/o timeout|Unable to connect|context "[^"]*" does not exist|no configuration/i.test(
      said,
    )
  ) {
    return new EnvironmentError(
      `Could not ${purpose}: the cluster can't be reached.\n  ${said}\nCheck the context (kubectl config get-contexts; --context NAME) and the network.`,
    );
  }
  return new DeployError(`Could not ${purpose}: kubectl ended with status ${answer.exitCode}.\n  ${said}`);
}

/** kubectl's words, bounded, without its debug prefix and repeated lines. */
export function words(stderr: string): string {
  const lines = stderr
    .slice(0, 4000)
    .split('\n')
    .map((line) => line.replace(/^[EWI]\d{4} [\d:.]+ +\d+ \S+\] /, '').trim())
    .filter((line) => line !== '');
  return [...new Set(lines)].join('\n  ');
}

/** Did the cluster say that there is no such thing? */
export function isNotFound({ exitCode, stderr }: Answer): boolean {
  return exitCode !== 0 && /\(NotFound\)|not found/i.test(stderr);
}

/** Did someone else change it in between (resourceVersion no longer current), or make it first? */
export function isConflict({ exitCode, stderr }: Answer): boolean {
  return exitCode !== 0 && /\(Conflict\)|\(AlreadyExists\)|the object has been modified/i.test(stderr);
}

/** Has the user of this context no right to it? */
export function isForbidden({ exitCode, stderr }: Answer): boolean {
  return exitCode !== 0 && /\(Forbidden\)|forbidden/i.test(stderr);
}
