import { once } from 'node:events';
import { Agent, createServer, request as send, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestRegistry } from './registry';

/*
 * A real registry with the ways of another one played before it: a real HTTP server on a loopback port that answers some requests as that one is
 * documented or reported to, and passes all others on to Distribution.
 */

/** What a request is answered with instead: an error of https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes . */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly detail?: unknown;
}

/** A request as registries tell them apart. */
export interface RegistryRequest {
  readonly method: string;
  /** Of the repository, without host; empty for `/v2/` itself. */
  readonly name: string;
  /** `manifests/latest`, `blobs/uploads/`, `tags/list`, … */
  readonly rest: string;
}

/** The ways of a registry. undefined: as the real one. */
export interface Ways {
  before?(request: RegistryRequest): Refusal | undefined;
  /** `status`: what the real one has answered. */
  after?(request: RegistryRequest, status: number): Refusal | undefined;
}

export interface PlayedRegistry extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly requests: readonly RegistryRequest[];
}

/** Starts one. Logins are the real registry's. */
export async function startPlayedRegistry(backend: TestRegistry, ways: Ways): Promise<PlayedRegistry> {
  const agent = new Agent({ keepAlive: true });
  const requests: RegistryRequest[] = [];
  const [, port] = backend.host.split(':');
  const server = createServer((incoming, response) => {
    const request = read(incoming);
    requests.push(request);
    const refuse = ({ status, code, message, detail }: Refusal): void => {
      const body = JSON.stringify({ errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] });
      response.writeHead(status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...(status === 401 ? { 'www-authenticate': 'Basic realm="played"' } : {}),
      });
      response.end(incoming.method === 'HEAD' ? undefined : body);
    };
    // Who asks without a login is told so first, as by every registry.
    const refusal = incoming.headers.authorization === undefined ? undefined : ways.before?.(request);
    if (refusal !== undefined) {
      incoming.resume().on('end', () => refuse(refusal));
      return;
    }
    const { method, url: path, headers } = incoming;
    const onwards = send({ agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
      const status = answer.statusCode ?? 502;
      const instead = status === 401 ? undefined : ways.after?.(request, status);
      if (instead !== undefined) {
        answer.resume();
        refuse(instead);
        return;
      }
      response.writeHead(status, answer.headers);
      answer.pipe(response);
    });
    onwards.on('error', () => response.destroy());
    incoming.pipe(onwards);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

function read({ method = 'GET', url = '/' }: IncomingMessage): RegistryRequest {
  const path = url.split('?')[0] ?? '';
  const [, name = '', rest = ''] = /^\/v2\/(.+?)\/((?:manifests|blobs|tags|referrers)\/.*)$/.exec(path) ?? [];
  return { method, name, rest };
}
