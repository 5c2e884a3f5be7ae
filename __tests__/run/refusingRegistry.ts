import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/*
 * A FAKE of a registry that refuses: a real HTTP server on a loopback port that answers every request by an error of the OCI distribution
 * specification (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes), as Artifact Registry does for a
 * repository that is not there or may not be used.
 */

export interface RefusingRegistry extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** How many it has got so far. */
  requests(): number;
}

/** Starts one. */
export async function startRefusingRegistry(answer: {
  readonly status: number;
  readonly code: string;
}): Promise<RefusingRegistry> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume();
    const isPing = request.url === '/v2/';
    const body = { errors: [{ code: answer.code, message: 'as this test says', detail: {} }] };
    response.writeHead(isPing ? 200 : answer.status, { 'content-type': 'application/json' });
    response.end(isPing || request.method === 'HEAD' ? undefined : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${String(port)}`,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
