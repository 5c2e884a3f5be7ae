import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { compare } from '../../src/event/github';
import { usual } from '../../src/event/githubAnswers';
import { useProxyFromEnvironment } from '../../src/system/proxy';
import { serversOfATest, type TestServer } from '../support/httpServer';

/*
 * Which way a question to a GitHub server goes that GITHUB_API_URL does not name. 0.0.0.0 leads to this machine, and no list has it as
 * loopback.
 */

const start = serversOfATest();
const undo: (() => unknown)[] = [];
let server: TestServer;
let proxy: string;
let asked: number;

beforeEach(async () => {
  server = await start(() => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ status: 'ahead' }),
  }));
  asked = 0;
  const refusing = createServer((_, response) => {
    asked += 1;
    response.writeHead(502).end();
  });
  refusing.on('connect', (_, socket) => {
    asked += 1;
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  proxy = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
  undo.push(() => refusing.close());
});

afterEach(() => {
  for (const step of undo.splice(0)) step();
  vi.unstubAllEnvs();
});

function ask(noProxy: string): Promise<string> {
  vi.stubEnv('GITHUB_API_URL', undefined);
  for (const [name, value] of Object.entries({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: noProxy })) {
    vi.stubEnv(name, value);
    vi.stubEnv(name.toLowerCase(), value);
  }
  undo.push(useProxyFromEnvironment() ?? (() => undefined));
  const host = server.host.replace('127.0.0.1', '0.0.0.0');
  const repository = { owner: 'o', name: 'r', serverUrl: `http://${host}`, apiUrl: `http://${host}/api/v3` };
  return compare(repository, 'a'.repeat(40), 'b'.repeat(40), '', { ...usual, attempts: 1 });
}

test('past the proxy where NO_PROXY names the server', async () => {
  expect(await ask('0.0.0.0')).toBe('ahead');
  expect(server.requests).toHaveLength(1);
  expect(asked).toBe(0);
});

test('through the proxy where NO_PROXY names only api.github.com', async () => {
  await expect(ask('api.github.com')).rejects.toThrow();
  expect(server.requests).toEqual([]);
  expect(asked).toBeGreaterThan(0);
});
