import { setTimeout } from 'node:timers/promises';
import * as v from 'valibot';
import { SourceError } from '../errors';
import { TooMuchAnswer } from './boundedFetch';
import { quoted } from '../system/quoted';
import type { Repository } from '../types';

/** How long GitHub is waited for. */
export interface Patience {
  /** For one answer, milliseconds. */
  readonly answerWithin: number;
  readonly attempts: number;
  /** The longest that is waited until the next attempt, milliseconds; when GitHub asks for more, that is the end. */
  readonly longestWait: number;
  /** `why`: what GitHub said, or that it said nothing. */
  readonly wait: (milliseconds: number, why: string) => Promise<unknown>;
}

export const usual: Patience = { answerWithin: 15_000, attempts: 4, longestWait: 60_000, wait: setTimeout };

/** An answer that says no. No status: none came, or one that makes no sense. */
interface Refusal {
  readonly status: number | undefined;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * Asks GitHub until it answers, and gives what `schema` takes out of the answer; undefined when GitHub does not have what was asked for.
 * What can heal (5xx, rate limits, a broken connection or answer) is asked again, as GitHub wants it:
 * https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
 * Throws SourceError that says what GitHub answered and what to do. `purpose` completes "can't".
 */
export async function ask<Schema extends v.GenericSchema>(
  purpose: string,
  repository: Repository,
  schema: Schema,
  patience: Patience,
  request: (signal: AbortSignal) => Promise<{ readonly data: unknown }>,
): Promise<v.InferOutput<Schema> | undefined> {
  for (let attempt = 1; ; attempt++) {
    let cause: unknown;
    try {
      const { data } = await request(AbortSignal.timeout(patience.answerWithin));
      const taken = v.safeParse(schema, data);
      if (taken.success) return taken.output;
      cause = new Error('the answer is not what the API documents');
    } catch (thrown) {
      cause = thrown;
    }
    const { owner, name, apiUrl } = repository;
    const excess = cause instanceof Error ? cause.cause : undefined;
    if (excess instanceof TooMuchAnswer) {
      throw new SourceError(
        `can't ${purpose} of ${owner}/${name} at ${apiUrl}: ${excess.message}, which is too much to be one; check GITHUB_API_URL`,
      );
    }
    const refusal = refusalOf(cause);
    // 404: not there, or not to be seen; 409: the repository is empty; 422: no commit of that name.
    if (refusal.status === 404 || refusal.status === 409 || refusal.status === 422) return undefined;
    const pause = pauseAfter(refusal, attempt);
    if (pause === undefined || pause > patience.longestWait || attempt >= patience.attempts) {
      throw new SourceError(`can't ${purpose} of ${owner}/${name} at ${apiUrl}: ${explained(refusal, pause)}`, {
        cause,
      });
    }
    await patience.wait(pause, reason(refusal));
  }
}

function refusalOf(thrown: unknown): Refusal {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const { status, response } = v.parse(
    v.object({ status: v.optional(v.unknown()), response: v.optional(v.unknown()) }),
    typeof thrown === 'object' && thrown !== null ? { ...thrown } : {},
  );
  // Octokit calls it status 500 when there was no answer at all.
  const answered = v.safeParse(v.object({ headers: v.record(v.string(), v.unknown()) }), response);
  if (typeof status !== 'number' || !answered.success) return { status: undefined, text, headers: {} };
  return { status, text, headers: answered.output.headers };
}

/** Milliseconds until asking again may help; undefined when it won't. */
function pauseAfter(refusal: Refusal, attempt: number): number | undefined {
  const { status, headers } = refusal;
  const doubling = 1000 * 2 ** (attempt - 1);
  if (status === undefined || status >= 500) return secondsOf(headers, 'retry-after') ?? doubling;
  if (!isRateLimit(refusal)) return undefined;
  const reset = secondsOf(headers, 'x-ratelimit-reset');
  if (headers['x-ratelimit-remaining'] === '0' && reset !== undefined) return Math.max(1000, reset - Date.now());
  return secondsOf(headers, 'retry-after') ?? 60_000;
}

function isRateLimit({ status, headers, text }: Refusal): boolean {
  if (status === 429) return true;
  const said = headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers || /rate limit/i.test(text);
  return status === 403 && said;
}

function secondsOf(headers: Refusal['headers'], name: string): number | undefined {
  const value = headers[name];
  return typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) * 1000 : undefined;
}

function reason(refusal: Refusal): string {
  const { status } = refusal;
  if (status === undefined) return `GitHub gives no answer that makes sense (${quoted(refusal.text, 300)})`;
  return isRateLimit(refusal) ? `GitHub's rate limit is used up (${status})` : `GitHub answers ${status}`;
}

function explained(refusal: Refusal, pause: number | undefined): string {
  const { status } = refusal;
  const said = quoted(refusal.text, 300);
  if (status === undefined)
    return `no answer that makes sense: ${said}; check the network, the proxy and GITHUB_API_URL`;
  if (status === 401) return `GitHub does not accept the token (401, ${said}); give a valid github-token`;
  if (isRateLimit(refusal)) {
    const until = pause === undefined ? '' : ` until ${new Date(Date.now() + pause).toISOString()}`;
    return `the rate limit of the token is used up${until} (${status}, ${said}); run again later, or give a github-token with a limit of its own`;
  }
  if (status === 403) {
    return `GitHub refuses (403, ${said}); the github-token needs the permission "contents: read", to watch runs "actions: read" too, and where the organization asks for it, single sign-on`;
  }
  return `GitHub answers ${status} (${said})${status >= 500 ? '; run again later' : ''}`;
}
