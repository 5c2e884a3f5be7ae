import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';

/** One request, as fetch takes it. */
export interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | Blob;
  readonly signal: AbortSignal;
}

/**
 * Sends one request and gives the answer's head; redirects are not followed. fetch can't be given a certificate authority, and opens a new
 * connection after every HEAD, of which a run has dozens, each with a TLS handshake: these go by node:http, which keeps its connections.
 */
export async function sendRequest(url: URL, sent: Sent, authority: string | undefined): Promise<Response> {
  const byFetch = (): Promise<Response> => fetch(url, { ...sent, redirect: 'manual' });
  if (authority !== undefined) return sendByNode(url, sent, authority);
  if (sent.method !== 'HEAD') return byFetch();
  try {
    return await sendByNode(url, sent, authority);
  } catch (error) {
    // Some servers send a body after the answer to HEAD, on which node:http stumbles: for them fetch gives up its connections.
    if (isUnreadable(error)) return byFetch();
    throw error;
  }
}

/** Was it node:http's parser that refused the answer? */
const isUnreadable = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('HPE_');

/** As fetch does it, as far as a registry's client needs it. */
function sendByNode(
  url: URL,
  { method, headers, body, signal }: Sent,
  authority: string | undefined,
): Promise<Response> {
  const length: Record<string, string> = body instanceof Blob ? { 'content-length': String(body.size) } : {};
  const request = url.protocol === 'http:' ? requestHttp : requestHttps;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, headers: { ...headers, ...length }, signal, ...(authority === undefined ? {} : { ca: authority }) },
      (message) => {
        const given = Object.entries(message.headers).flatMap(([name, value]) =>
          [value ?? []].flat().map((each): [string, string] => [name, each]),
        );
        const status = message.statusCode ?? 0;
        const isEmpty = method === 'HEAD' || [204, 205, 304].includes(status);
        if (isEmpty) message.resume();
        const content = isEmpty ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array<ArrayBuffer>>);
        resolve(new Response(content, { status, statusText: message.statusMessage ?? '', headers: given }));
      },
    );
    outgoing.on('error', reject);
    // Failures on the way are reported by the request.
    if (body instanceof Blob) Readable.fromWeb(body.stream()).pipe(outgoing);
    else outgoing.end(body);
  });
}
