import { generateKeyPairSync } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { useProxyFromEnvironment } from '../../src/system/proxy';
import { selfSignedCertificate } from '../support/certificate';
import { serversOfATest } from '../support/httpServer';
import { testClient } from '../support/registryClient';

const start = serversOfATest();
const undo: (() => unknown)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => server.close());
  return (server.address() as AddressInfo).port;
};

/** A proxy that tunnels whatever it is asked for to one place, and remembers the names. */
async function tunnel(to: number): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const proxy = createHttpServer((_, response) => response.writeHead(502).end());
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const onwards = connect(to, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onwards.pipe(socket).pipe(onwards);
    });
    onwards.on('error', () => socket.destroy());
    socket.on('error', () => onwards.destroy());
  });
  return { url: `http://127.0.0.1:${await listen(proxy)}`, asked };
}

it('leads requests through the proxy, TLS end to end, and those to this machine past it', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = selfSignedCertificate(privateKey, publicKey, 'registry.example.com');
  const secure = createHttpsServer({ key: privateKey.export({ type: 'sec1', format: 'pem' }), cert });
  const proxy = await tunnel(await listen(secure));
  const restore = useProxyFromEnvironment({ https_proxy: proxy.url, HTTP_PROXY: proxy.url, NO_PROXY: 'x.example.com' });
  expect(restore).toBeDefined();
  undo.push(() => restore?.());

  const client = testClient();
  const failure = client.registry.tags('registry.example.com/p/r');
  await expect(failure).rejects.toThrow('the certificate of registry.example.com is not trusted');
  await expect(failure).rejects.toThrow('NODE_EXTRA_CA_CERTS');
  expect(proxy.asked).toEqual(['registry.example.com:443']);
  expect(client.lines).toEqual([]);

  const near = await start(() => ({ status: 200, body: '{"tags":["a"]}' }));
  expect(await client.registry.tags(`${near.host}/p/r`)).toEqual(['a']);
  expect(await client.registry.tags(`${near.host.replace('127.0.0.1', 'localhost')}/p/r`)).toEqual(['a']);
  expect(proxy.asked).toHaveLength(1);
});

it.each([{}, { HTTPS_PROXY: '' }, { NO_PROXY: '*' }])('leaves everything alone without a proxy: %j', (env) => {
  expect(useProxyFromEnvironment(env)).toBeUndefined();
});
