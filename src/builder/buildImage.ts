import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { message } from '../errors';
import type { BuildEvent, BuildObserver, BuildOutcome, Command, Timing } from '../types';
import { attempt, type Attempt, type CommittedDockerfile } from './attempt';
import { EventLog } from './eventLog';
import { classify, type Failure } from './failure';
import { readDigest } from './metadata';
import { defaultPatience, nextTry, type Patience } from './patience';

/** One image to build. */
export interface BuildJob extends CommittedDockerfile {
  readonly name: string;
  readonly command: Command;
  /** Absolute: where the command makes buildx write its metadata. */
  readonly metadataFile: string;
  /** Absolute: where the whole log is to be. */
  readonly logFile: string;
  readonly push: boolean;
}

export interface BuildPorts {
  readonly observer: Pick<BuildObserver, 'event'>;
  /** Called with each process group that runs, so that it can be ended after we were killed. */
  readonly onStart?: (processGroup: number) => void;
  /** Writes a fresh login into the DOCKER_CONFIG of the command, before a push is tried again. */
  readonly login?: () => Promise<void>;
  /** What a registry's refusal means and what fixes it: lines for people. */
  readonly explainPush?: (text: string) => readonly string[];
  readonly patience?: Patience;
}

type Ended =
  | { readonly kind: 'built'; readonly digest: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly why: string; readonly failure: Attempt['account']['failure'] | undefined };

/**
 * Builds and pushes one image. What may heal is tried again, a failed push after a fresh login: BuildKit keeps what is done, so only
 * the push is repeated. Its log goes to the file as it comes; in memory stay the last lines of running steps.
 * Never throws: every failure is an outcome.
 */
export async function buildImage(
  job: BuildJob,
  ports: BuildPorts,
  signal: AbortSignal,
  queuedAt: number = Date.now(),
): Promise<BuildOutcome> {
  const startedAt = Date.now();
  const log = openLog(job.logFile);
  const tried: Attempt[] = [];
  const onEvent = (event: BuildEvent): void => {
    log?.write(event);
    ports.observer.event(job.name, event);
  };
  const ended = await tryOften(job, ports, signal, tried, onEvent).catch((thrown: unknown): Ended =>
    signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', why: message(thrown), failure: undefined },
  );
  log?.close();
  const timing = timingOf(job, tried, queuedAt, startedAt, ended.kind === 'built');
  return outcomeOf({ name: job.name, ...(log === undefined ? {} : { logFile: job.logFile }) }, ended, timing);
}

async function tryOften(
  job: BuildJob,
  ports: BuildPorts,
  signal: AbortSignal,
  tried: Attempt[],
  onEvent: (event: BuildEvent) => void,
): Promise<Ended> {
  const { onStart = () => undefined, login = () => Promise.resolve() } = ports;
  const spent = { waits: 0, logins: 0 };
  for (;;) {
    // A build that fails leaves an old file as it was.
    await rm(job.metadataFile, { force: true });
    const last = await attempt(job.command, job, { onEvent, onStart, signal });
    tried.push(last);
    if (signal.aborted) return { kind: 'cancelled' };
    const { failure } = last.account;
    if (last.exitCode === 0) {
      const digest = await readDigest(job.metadataFile);
      if (digest !== undefined) return { kind: 'built', digest };
      return {
        kind: 'failed',
        why: 'buildx succeeded, but did not say which image it made (no containerimage.digest in its metadata).',
        failure: undefined,
      };
    }
    const about = classify(failure);
    const next = nextTry(about, spent, ports.patience ?? defaultPatience, Math.random());
    if (next.kind === 'give-up') return { kind: 'failed', why: explain(last, about, ports, tried.length), failure };
    spent[about.heals === 'login' ? 'logins' : 'waits'] += 1;
    const seconds = (next.afterMs / 1000).toFixed(1);
    onEvent({
      kind: 'log',
      id: '',
      text: `The ${about.kind === 'dockerfile' ? 'build' : about.kind} failed and is tried again in ${seconds} s.\n`,
    });
    await sleep(next.afterMs, undefined, { signal });
    if (next.login) await login();
  }
}

function explain({ exitCode, account }: Attempt, about: Failure, ports: BuildPorts, tries: number): string {
  const said = account.failure.message;
  const more = about.kind === 'push' ? (ports.explainPush?.(said) ?? []) : about.hint === undefined ? [] : [about.hint];
  const first = said === '' ? `docker buildx build ended with status ${exitCode} and said nothing.` : said;
  return [tries > 1 ? `${first} (tried ${tries} times)` : first, ...more].join('\n');
}

/** Steps as the first try saw them: in a repetition what is done counts as cached. */
function timingOf(
  job: BuildJob,
  tried: readonly Attempt[],
  queuedAt: number,
  startedAt: number,
  built: boolean,
): Timing {
  const most = Math.max(0, ...tried.map(({ account }) => account.steps));
  const account = tried.find(({ account: { steps } }) => steps === most)?.account;
  const now = Date.now();
  const exportedAt = tried.find((each) => each.exportedAt !== undefined)?.exportedAt;
  return {
    queuedAt,
    startedAt,
    // The engine's clock may be another one.
    builtAt: exportedAt === undefined ? now : Math.min(now, Math.max(startedAt, exportedAt)),
    pushedAt: built && job.push ? now : undefined,
    boundAt: undefined,
    steps: account?.steps ?? 0,
    cachedSteps: account?.cachedSteps ?? 0,
  };
}

function outcomeOf(of: Pick<BuildOutcome, 'name' | 'logFile'>, ended: Ended, timing: Timing): BuildOutcome {
  switch (ended.kind) {
    case 'built':
      return { ...of, kind: 'built', digest: ended.digest, timing };
    case 'cancelled':
      return { ...of, kind: 'cancelled' };
    case 'failed': {
      const { failure } = ended;
      return {
        ...of,
        kind: 'failed',
        message: ended.why,
        at: failure?.at,
        tail: failure?.tail ?? [],
        ...(failure?.step === undefined ? {} : { step: failure.step }),
        ...(failure === undefined || failure.excerpt.length === 0 ? {} : { excerpt: failure.excerpt }),
        timing,
      };
    }
  }
}

/** A log that can't be written (the disk is full) does not stop a build. */
function openLog(file: string): EventLog | undefined {
  try {
    return new EventLog(file);
  } catch {
    return undefined;
  }
}
