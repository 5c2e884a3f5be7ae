import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';

/** One request. */
export interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | Blob;
  readonly signal: AbortSignal;
}

/** The head of an answer, and its body as it comes. */
export interface Received {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Pick<Headers, 'get'>;
  /** undefined: there is none. */
  readonly body: AsyncIterable<Uint8Array> | undefined;
}

/** What came back: any status but a redirect. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Pick<Headers, 'get'>;
  /** Of an error at most 64 KiB, the rest cut off. */
  readonly body: Uint8Array;
  /** Where the last redirect led. */
  readonly url: URL;
}

/** A host that does not take a connection within this is not there. Milliseconds, as fetch has it. */
const connectMs = 10_000;

/**
 * Sends one request; redirects are not followed. By node:http and not by fetch: that takes three times the work for each request, can't be given
 * a certificate authority, and opens a new connection after every HEAD.
 */
export async function sendRequest(url: URL, sent: Sent, authority: string | undefined): Promise<Received> {
  const isQuestion = sent.method === 'HEAD' || sent.method === 'GET';
  for (let stale = 0; ; stale++) {
    const attempt: Attempt = { isReused: false };
    try {
      return await sendByNode(url, sent, authority, attempt);
    } catch (error) {
      if (!isQuestion || sent.signal.aborted) throw error;
      const code = codeOf(error);
      // Some servers send a body after the answer to HEAD, on which node:http stumbles, then or with the next answer: fetch gives up its connections.
      const isAstray = code.startsWith('HPE_') && (sent.method === 'HEAD' || attempt.isReused);
      if (isAstray && authority === undefined) return await sendByFetch(url, sent);
      // The server ended a connection that it had kept, just as it was used again: https://nodejs.org/api/http.html#requestreusedsocket
      if (!attempt.isReused || code !== 'ECONNRESET' || stale >= mostStale) throw error;
    }
  }
}

/** A server that restarts ends all that it had kept. */
const mostStale = 16;

/** What is known of a request that failed. */
interface Attempt {
  /** Was it sent over a connection that had served others before? */
  isReused: boolean;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

async function sendByFetch(url: URL, sent: Sent): Promise<Received> {
  const { status, statusText, headers, body } = await fetch(url, { ...sent, redirect: 'manual' });
  return { status, statusText, headers, body: (body as ReadableStream<Uint8Array> | null) ?? undefined };
}

function sendByNode(
  url: URL,
  { method, headers, body, signal }: Sent,
  authority: string | undefined,
  attempt: Attempt,
): Promise<Received> {
  const length: Record<string, string> = body instanceof Blob ? { 'content-length': String(body.size) } : {};
  const request = url.protocol === 'http:' ? requestHttp : requestHttps;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, headers: { ...headers, ...length }, signal, ...(authority === undefined ? {} : { ca: authority }) },
      (message) => resolve(receivedOf(method, message)),
    );
    limitConnecting(outgoing);
    outgoing.on('error', (error) => {
      attempt.isReused = outgoing.reusedSocket;
      reject(error);
    });
    // Failures on the way are reported by the request.
    if (body instanceof Blob) pipeline(Readable.fromWeb(body.stream()), outgoing, () => undefined);
    else outgoing.end(body);
  });
}

function limitConnecting(outgoing: ClientRequest): void {
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      outgoing.destroy(Object.assign(new Error(`no connection within ${connectMs / 1000} s`), { code: 'ETIMEDOUT' }));
    }, connectMs);
    const stop = (): void => clearTimeout(timer);
    socket.once('connect', stop);
    outgoing.once('close', stop);
  });
}

function receivedOf(method: string, message: IncomingMessage): Received {
  const status = message.statusCode ?? 0;
  const isEmpty = method === 'HEAD' || [204, 205, 304].includes(status);
  if (isEmpty) message.resume();
  return {
    status,
    statusText: message.statusMessage ?? '',
    headers: {
      get: (name) => {
        const value = message.headers[name.toLowerCase()];
        return (typeof value === 'object' ? value.join(', ') : value) ?? null;
      },
    },
    body: isEmpty ? undefined : decoded(message),
  };
}

/** Nobody asks for packed bytes, but some proxies pack them all the same. */
function decoded(message: IncomingMessage): AsyncIterable<Uint8Array> {
  const encoding = message.headers['content-encoding']?.toLowerCase() ?? '';
  if (encoding === 'br') return pipeline(message, createBrotliDecompress(), () => undefined);
  return ['gzip', 'x-gzip', 'deflate'].includes(encoding) ? pipeline(message, createUnzip(), () => undefined) : message;
}
