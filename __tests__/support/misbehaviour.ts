import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** A request as it came. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** What is answered. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

const refusals: Readonly<Record<string, readonly [number, OutgoingHttpHeaders, string]>> = {
  '403': [
    403,
    {},
    JSON.stringify({ errors: [{ code: 'DENIED', message: 'requested access to the resource is denied' }] }),
  ],
  '404': [404, {}, JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] })],
  '404-bare': [404, {}, 'not found'],
  '429': [429, {}, JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }] })],
  '429-retry-after': [429, { 'retry-after': '1' }, ''],
  '500': [500, {}, ''],
  '502': [502, { 'content-type': 'text/html' }, '<html><body>Bad gateway</body></html>'],
  '503': [503, {}, ''],
};

/** Carries out one fault. `forward` asks the real registry; `cut`: with half of the body, then it hangs up. */
export async function misbehave(
  kind: string,
  exchange: Exchange,
  response: ServerResponse,
  forward: (exchange: Exchange, cut?: boolean) => Promise<Answer>,
  isGone: () => boolean,
  stallMs = 30_000,
): Promise<void> {
  const refusal = refusals[kind];
  if (refusal !== undefined) {
    const [status, headers, text] = refusal;
    answer(response, { status, headers, body: Buffer.from(exchange.method === 'HEAD' ? '' : text) });
    return;
  }
  switch (kind) {
    case '401': {
      // What the registry says to who has no login: a real challenge.
      const headers = { ...exchange.headers };
      delete headers.authorization;
      answer(response, await forward({ ...exchange, headers }));
      return;
    }
    case 'cut-before':
      response.destroy();
      return;
    case 'cut-request':
      await forward(exchange, exchange.body.length > 1).catch(() => undefined);
      response.destroy();
      return;
    case 'cut-after':
      await forward(exchange);
      response.destroy();
      return;
    case 'stall-before':
      await whileOpen(response, isGone, stallMs);
      return;
    case 'stall-after':
      await forward(exchange);
      await whileOpen(response, isGone, stallMs);
      return;
    case 'lost':
      answer(response, {
        status: 201,
        headers: { 'docker-content-digest': digestOf(exchange.body) },
        body: Buffer.alloc(0),
      });
      return;
  }
  const found = await forward(exchange);
  if (kind === 'cut-answer') {
    response.writeHead(found.status, found.headers);
    response.write(found.body.subarray(0, Math.floor(found.body.length / 2)), () => response.destroy());
    return;
  }
  const named = found.headers['docker-content-digest'];
  const headers =
    named === undefined
      ? found.headers
      : { ...found.headers, 'docker-content-digest': digestOf(Buffer.from('another')) };
  const body = Buffer.from(found.body);
  const isBlob = exchange.method === 'GET' && exchange.url.includes('/blobs/');
  if (isBlob && body.length > 0) body[0] = (body[0] ?? 0) ^ 1;
  answer(response, { ...found, headers, body });
}

/** Until the client gives up. */
async function whileOpen(response: ServerResponse, isGone: () => boolean, stallMs: number): Promise<void> {
  if (isGone()) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => response.destroy(), stallMs);
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

export function answer(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body);
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
