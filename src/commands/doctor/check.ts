import { setTimeout as sleep } from 'node:timers/promises';
import { ExplainedError } from '../../errors';
import { oneLine } from '../../report/escape';

/** What a check found. `fix`: what to do, or to look at. */
export interface Finding {
  /** `unknown`: it could not be looked at. */
  readonly state: 'good' | 'bad' | 'unknown';
  readonly text: string;
  readonly fix: readonly string[];
}

/** Something to look at. */
export interface Check {
  readonly name: string;
  /** Without it builds or deploys fail: it decides the exit status. */
  readonly needed: boolean;
  /** What is thrown is a bad finding: its first line what, the rest the fix. */
  readonly look: (signal: AbortSignal) => Promise<Finding>;
}

export interface Checked extends Finding {
  readonly name: string;
  readonly needed: boolean;
}

export const good = (text: string): Finding => ({ state: 'good', text, fix: [] });
export const bad = (text: string, ...fix: readonly string[]): Finding => ({ state: 'bad', text, fix });
export const unknown = (text: string, ...fix: readonly string[]): Finding => ({ state: 'unknown', text, fix });

/** Looks at everything at once, each within its time, and gives the findings in the order of the checks. Throws only the signal's reason. */
export async function runChecks(
  checks: readonly Check[],
  signal: AbortSignal,
  timeoutMs = 30_000,
): Promise<readonly Checked[]> {
  const found = await Promise.all(
    checks.map(async ({ name, needed, look }) => ({ name, needed, ...(await within(look, signal, timeoutMs)) })),
  );
  signal.throwIfAborted();
  return found;
}

async function within(look: Check['look'], outer: AbortSignal, timeoutMs: number): Promise<Finding> {
  const end = new AbortController();
  const own = new AbortController();
  const stop = (): void => {
    end.abort();
    own.abort();
  };
  outer.addEventListener('abort', stop, { once: true });
  const late = sleep(timeoutMs, undefined, { signal: end.signal }).then(
    () => unknown(`no answer within ${timeoutMs / 1000} s`),
    () => unknown('interrupted'),
  );
  try {
    return await Promise.race([look(own.signal).catch(thrown), late]);
  } finally {
    stop();
    outer.removeEventListener('abort', stop);
  }
}

function thrown(cause: unknown): Finding {
  const [text = '', ...rest] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  const fix = rest.map((line) => oneLine(line)).filter((line) => line !== '');
  return { state: cause instanceof ExplainedError ? 'bad' : 'unknown', text: oneLine(text, 500), fix };
}
