import type { AuthClient } from 'google-auth-library';
import { exchange } from '../../oci/exchange';
import { Transient } from '../../oci/failure';
import { defaultLimits } from '../../oci/limits';
import { printable } from '../../oci/text';
import { field, parseJson } from '../../system/json';
import { ApiRefusal, codeOfStatus, foreignAnswer, statusError, unreachable } from './apiError';
import type { ApiOptions } from './client';

/** One call. `path`: name of a resource, each part of which is encoded here; `verb`: what is after its colon. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly verb?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** After so many milliseconds the call ends. */
  readonly timeoutMs: number;
}

/**
 * Calls that start and follow long-running operations, over REST: https://cloud.google.com/artifact-registry/docs/reference/rest . Not by Google's
 * client, because google-gax 6.17 takes a failed operation with details for an outage, ends polling at the first 503, and has no deadline for it.
 */
export interface OperationApi {
  /** The JSON of the answer. Throws ApiRefusal. */
  call(call: ApiCall): Promise<unknown>;
}

const longestAnswer = 4 * 2 ** 20;

/** `authClient` gives the token for each call. */
export function createOperationApi(
  authClient: AuthClient,
  { endpoint, signal }: Pick<ApiOptions, 'endpoint' | 'signal'>,
): OperationApi {
  const base =
    endpoint === undefined ? 'https://artifactregistry.googleapis.com' : `http://${endpoint.host}:${endpoint.port}`;
  return {
    call: async ({ method, path, verb, query = {}, body, timeoutMs }) => {
      const parts = path.split('/').map((part) => encodeURIComponent(part));
      const url = new URL(`/v1/${parts.join('/')}${verb === undefined ? '' : `:${verb}`}`, base);
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const authorization = (await authClient.getRequestHeaders(url)).get('authorization') ?? undefined;
      const task = { action: `asking ${url.host}`, host: url.host, repository: '' };
      const limits = { ...defaultLimits, exchangeMs: timeoutMs, stallMs: timeoutMs, redirects: 0 };
      const request = {
        ...{ method, url, authorization, maxBytes: longestAnswer },
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) }),
      };
      const answer = await exchange(task, request, limits, signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw unreachable(error, error instanceof Transient);
      });
      const json = parseJson(answer.body);
      const isGood = answer.status >= 200 && answer.status <= 299;
      if (isGood && typeof json === 'object' && json !== null) return json;
      const error = field(json, 'error');
      if (isGood || typeof error !== 'object' || error === null) {
        const said = json === undefined ? 'something that is not JSON' : 'JSON that is not Google’s';
        throw foreignAnswer(url.host, answer.status, printable(said));
      }
      const named = field(error, 'status');
      throw new ApiRefusal(statusError(error, codeOfStatus(typeof named === 'string' ? named : answer.status)));
    },
  };
}
