import { createServer } from 'node:http';
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { manifestType, someManifest, testClient } from '../support/registryClient';

const { bytes, digest } = someManifest();
const headers = { 'content-type': manifestType, 'content-length': bytes.length, 'docker-content-digest': digest };

let stop: (() => void) | undefined;

afterEach(() => {
  stop?.();
});

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('requests of every kind go over one connection, which fetch alone would end with each HEAD', async () => {
  let connections = 0;
  const server = createServer((incoming, response) => {
    incoming.resume();
    response.writeHead(200, headers).end(incoming.method === 'HEAD' ? undefined : bytes);
  });
  server.keepAliveTimeout = 0;
  server.on('connection', () => connections++);
  const host = await listening(server);
  stop = () => {
    server.close();
    server.closeAllConnections();
  };
  const { registry } = testClient();
  for (let round = 0; round < 5; round++) {
    expect(await registry.head(`${host}/p/driver`, 'latest')).toEqual({
      mediaType: manifestType,
      digest,
      size: bytes.length,
    });
    expect((await registry.manifest(`${host}/p/driver`, digest))?.digest).toBe(digest);
    expect(await registry.hasBlob(`${host}/p/driver`, digest)).toBe(true);
  }
  // One for HEAD, and at most two that fetch holds.
  expect(connections).toBeLessThanOrEqual(3);
});

test.each(['at once', 'late'])('a server that sends a body after HEAD, %s, is understood', async (when) => {
  const head = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const server = createPlainServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      if (when === 'at once') socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n${bytes.toString()}`);
      else socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n`, () => setImmediate(() => socket.write(bytes)));
    });
  });
  const host = await listening(server);
  stop = () => server.close();
  const { registry } = testClient();
  for (let round = 0; round < 5; round++) {
    expect((await registry.head(`${host}/p/driver`, 'latest'))?.digest).toBe(digest);
  }
});
