import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestRegistry } from '../support/registry';

/** A way to a registry that lets some requests fail. */
export interface Gate extends AsyncDisposable {
  readonly host: string;
  /** `HOST/project/images`, as the registry's own path. */
  readonly path: string;
  /** Requests refused so far. */
  refused(): number;
}

/** Passes every request on to the registry, except those for which `refuse` gives a status. */
export async function openGate(
  registry: TestRegistry,
  refuse: (method: string, path: string) => number | undefined,
): Promise<Gate> {
  let refused = 0;
  const server = createServer((incoming, response) => {
    const { method = '', url: path = '', headers } = incoming;
    const status = refuse(method, path);
    if (status !== undefined) {
      refused += 1;
      incoming.resume();
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end('{"errors":[{"code":"TOOMANYREQUESTS","message":"not now"}]}');
      return;
    }
    const [host, port] = registry.host.split(':');
    const onward = forward({ host, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    path: [host, ...registry.path.split('/').slice(1)].join('/'),
    refused: () => refused,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
