import { createServer } from 'node:http';
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
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

test('requests of every kind go over one connection, which fetch would end with each HEAD', async () => {
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
  expect(connections).toBe(1);
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
    // Over the same connection, in which that body may still be.
    expect((await registry.manifest(`${host}/p/driver`, digest))?.digest).toBe(digest);
  }
});

test('a connection that the server ends as it is used again is replaced at once, and nothing is sent twice but questions', async () => {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(incoming.method ?? '');
    incoming.resume();
    incoming.on('end', () => {
      if (served.has(incoming.socket)) return void incoming.socket.resetAndDestroy();
      served.add(incoming.socket);
      response.writeHead(200, headers).end(incoming.method === 'GET' ? bytes : undefined);
    });
  });
  const served = new WeakSet<object>();
  server.keepAliveTimeout = 0;
  const host = await listening(server);
  stop = () => {
    server.close();
    server.closeAllConnections();
  };
  const { registry, lines } = testClient();
  for (let round = 0; round < 3; round++) {
    expect((await registry.manifest(`${host}/p/driver`, digest))?.digest).toBe(digest);
  }
  expect(asked).toEqual(['GET', 'GET', 'GET', 'GET', 'GET']);
  expect(lines).toEqual([]);
  await registry.putManifest(`${host}/p/driver`, digest, manifestType, bytes);
  // What changes something is repeated by who knows how to look first.
  expect(lines).not.toEqual([]);
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
] as const)('what a proxy packs by %s on its way is unpacked', async (encoding, pack) => {
  const packed = pack(bytes);
  const server = createServer((_, response) => {
    response.writeHead(200, { ...headers, 'content-length': packed.length, 'content-encoding': encoding }).end(packed);
  });
  const host = await listening(server);
  stop = () => {
    server.close();
    server.closeAllConnections();
  };
  const { registry } = testClient();
  expect((await registry.manifest(`${host}/p/driver`, digest))?.bytes).toEqual(bytes);
});
