import { failed, Transient, type Task } from './failure';
import { noHosts, type RegistryHosts } from './hosts';
import type { Limits } from './limits';
import { networkFailure } from './network';
import { bounds } from '../system/bounds';
import { jsonExcess } from '../system/json';
import { isSafeUrl } from './target';
import { sendRequest, type Received, type Answer } from './wire';

/** One request. What goes into it is ours or has been checked. */
export interface Outgoing {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Value of the header; only ever sent to the origin of `url`. */
  readonly authorization?: string | undefined;
  /** A Blob is read as it is sent. */
  readonly body?: Uint8Array | Blob | undefined;
  /** The body is a secret: no redirect to another origin is followed. */
  readonly sealed?: boolean;
  /** Most bytes of a good answer that are taken; more is an error. */
  readonly maxBytes: number;
}

const errorBytes = bounds.registry.error;

/**
 * Sends a request and follows redirects: a GET or HEAD anywhere,
 * a body only by 307 and 308, which keep it. Authorization is dropped at the first origin that is another, and does not
 * come back: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
 * Throws Transient for what the network or the other side's slowness did, RegistryError for what will not heal,
 * the signal's reason when it is aborted.
 */
export async function exchange(
  task: Task,
  request: Outgoing,
  limits: Limits,
  signal: AbortSignal | undefined,
  hosts: RegistryHosts = noHosts,
): Promise<Answer> {
  let { url, authorization } = request;
  for (let hops = 0; ; hops++) {
    const answer = await once(task, { ...request, url, authorization }, limits, signal, hosts);
    if (![301, 302, 303, 307, 308].includes(answer.status)) return answer;
    const next = redirection(task, request.method, answer, hosts);
    if (hops === limits.redirects) throw failed(task, `${url.host} redirects more than ${limits.redirects} times`);
    if (next.origin !== url.origin) {
      if (request.sealed === true)
        throw failed(task, `${url.host} redirects a login to ${next.host}, which is not done`);
      authorization = undefined;
    }
    url = next;
  }
}

function redirection(task: Task, method: string, answer: Answer, hosts: RegistryHosts): URL {
  const location = answer.headers.get('location') ?? '';
  const next = URL.canParse(location, answer.url.href) ? new URL(location, answer.url) : undefined;
  const keeps = method === 'GET' || method === 'HEAD' || answer.status === 307 || answer.status === 308;
  if (location === '' || next === undefined || !keeps || next.username !== '' || next.password !== '') {
    throw failed(task, `${answer.url.host} answered ${answer.status} with a redirect that can't be followed`);
  }
  const leavesTheNet = next.protocol === 'http:' && answer.url.protocol !== 'http:';
  if (!isSafeUrl(next, hosts) || leavesTheNet) {
    throw failed(task, `${answer.url.host} redirects to ${next.protocol}//${next.host}, which is not https`);
  }
  return next;
}

async function once(
  task: Task,
  request: Outgoing,
  limits: Limits,
  signal: AbortSignal | undefined,
  hosts: RegistryHosts,
): Promise<Answer> {
  signal?.throwIfAborted();
  const watch = new Watch(limits, bytesOf(request.body), signal);
  try {
    const sent = {
      method: request.method,
      signal: watch.signal,
      headers: {
        'user-agent': 'kfp-images',
        // Digests are of the bytes as they are there.
        'accept-encoding': 'identity',
        ...request.headers,
        ...(request.authorization === undefined ? {} : { authorization: request.authorization }),
      },
      ...(request.body === undefined
        ? {}
        : { body: request.body instanceof Blob ? request.body : Buffer.from(request.body) }),
    };
    const authority = hosts.get(request.url.host)?.authority;
    const received = await sendRequest(request.url, sent, authority);
    const { status, statusText, headers } = received;
    const body = await read(task, received, status < 300 ? request.maxBytes : errorBytes, watch);
    return { status, statusText, headers, body, url: request.url };
  } catch (error) {
    signal?.throwIfAborted();
    if (watch.gaveUp !== undefined) {
      throw new Transient(failed(task, `${request.url.host} ${watch.gaveUp}`, { cause: error }));
    }
    throw networkFailure(task, request.url, error);
  } finally {
    watch.end();
  }
}

function bytesOf(body: Uint8Array | Blob | undefined): number {
  return body instanceof Blob ? body.size : (body?.length ?? 0);
}

async function read(
  task: Task,
  { status, body: stream }: Received,
  maxBytes: number,
  watch: Watch,
): Promise<Uint8Array> {
  const isGood = status >= 200 && status <= 299;
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (stream === undefined) return new Uint8Array();
  // Leaving the loop early cancels the stream and with it the connection.
  for await (const chunk of stream) {
    watch.sawBytes();
    length += chunk.length;
    chunks.push(chunk);
    if (length <= maxBytes) continue;
    if (isGood) throw failed(task, `the answer has more than ${maxBytes} bytes, which is too much to be one`);
    break;
  }
  const body = Buffer.concat(chunks).subarray(0, maxBytes);
  const excess = isGood ? jsonExcess(body) : undefined;
  if (excess !== undefined) throw failed(task, `the answer ${excess}, which is too much to be one`);
  return body;
}

/** Ends an exchange that stalls, takes too long, or is not wanted any more. */
class Watch {
  /** Why it was ended, as the end of a sentence; undefined: it was not. */
  gaveUp: string | undefined;
  private readonly controller = new AbortController();
  private readonly whole: NodeJS.Timeout;
  private readonly stall: NodeJS.Timeout;
  private readonly outer: AbortSignal | undefined;
  private readonly onAbort = (): void => this.controller.abort(this.outer?.reason);

  /** `sending`: bytes that go out first, at 64 KiB a second if need be, during which nothing can come back. */
  constructor(limits: Limits, sending: number, outer: AbortSignal | undefined) {
    const extra = Math.ceil(sending / 65_536) * 1000;
    this.outer = outer;
    outer?.addEventListener('abort', this.onAbort, { once: true });
    this.whole = this.timer(limits.exchangeMs + extra, 'did not finish its answer');
    this.stall = this.timer(limits.stallMs + extra, 'sent nothing');
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  sawBytes(): void {
    this.stall.refresh();
  }

  end(): void {
    clearTimeout(this.whole);
    clearTimeout(this.stall);
    this.outer?.removeEventListener('abort', this.onAbort);
  }

  private timer(ms: number, what: string): NodeJS.Timeout {
    return setTimeout(() => {
      this.gaveUp = `${what} within ${ms / 1000} s`;
      this.controller.abort();
    }, ms);
  }
}
