import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

/** A request as it arrived. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What to answer: a status with headers and body, a cut connection, or nothing at all; or a function that does as it likes. */
export type Reply =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string | string[]>>;
      readonly body?: string | Buffer;
    }
  | 'cut'
  | 'stall'
  | ((response: ServerResponse) => void);

/** A real HTTP server on a free loopback port, whose answers a test writes, and which remembers what it was asked. */
export interface TestServer {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly requests: readonly Received[];
  close(): Promise<void>;
}

/** Starts one. `answer` is called for each request, in the order in which they arrive. */
export async function serve(answer: (request: Received) => Reply | Promise<Reply>): Promise<TestServer> {
  const requests: Received[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const received = { method, path, headers, body: Buffer.concat(chunks) };
      requests.push(received);
      void Promise.resolve(answer(received)).then((reply) => send(response, reply));
    });
    incoming.on('error', () => undefined);
  });
  // A machine that stands still for seconds would cut connections that a client is about to use.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, reply: Reply): void {
  if (typeof reply === 'function') reply(response);
  else if (reply === 'cut') response.destroy();
  else if (reply !== 'stall') response.writeHead(reply.status, reply.headers).end(reply.body);
}

/**
 * For the top of a test file: gives a function that starts servers, which end with the test.
 * `answer` is also told the how-manieth request it is, from 1.
 */
export function serversOfATest(): (
  answer: (request: Received, count: number) => Reply | Promise<Reply>,
) => Promise<TestServer> {
  const servers: TestServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  return async (answer) => {
    let count = 0;
    const server = await serve((request) => {
      count += 1;
      return answer(request, count);
    });
    servers.push(server);
    return server;
  };
}
