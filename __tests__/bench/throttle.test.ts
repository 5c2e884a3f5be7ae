import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { throttle } from '../../bench/throttle';

/** Answers with what it gets. */
async function echo(): Promise<Server> {
  const server = createServer((message, answer) => message.pipe(answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function post(host: string, body: Buffer): Promise<string> {
  const asked = request(`http://${host}/`, { method: 'POST' });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [AsyncIterable<Buffer>];
  const hash = createHash('sha256');
  for await (const chunk of answer) hash.update(chunk);
  return hash.digest('hex');
}

describe('a throttled network', () => {
  it('passes every byte on, and no more of them than it may', async () => {
    const server = await echo();
    await using slow = await throttle(`127.0.0.1:${(server.address() as AddressInfo).port}`, 4e6);
    const bodies = [randomBytes(1_000_000), randomBytes(1_000_000)];
    const start = performance.now();
    const hashes = await Promise.all(bodies.map((body) => post(slow.host, body)));
    // Two million bytes on two connections, which share what there is.
    expect(performance.now() - start).toBeGreaterThan(480);
    expect(hashes).toEqual(bodies.map((body) => createHash('sha256').update(body).digest('hex')));
    server.close();
  });

  it('breaks a connection that its server breaks', async () => {
    const server = createServer((message) => message.socket.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await using slow = await throttle(`127.0.0.1:${(server.address() as AddressInfo).port}`, 1e9);
    await expect(post(slow.host, Buffer.from('x'))).rejects.toThrow(/socket hang up|ECONNRESET/);
    server.close();
  });
});
