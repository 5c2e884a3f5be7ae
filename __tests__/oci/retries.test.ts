import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RegistryError } from '../../src/errors';
import { serversOfATest, type Reply } from '../support/httpServer';
import { manifestType, sha256, someManifest, testClient } from '../support/registryClient';

const start = serversOfATest();

const { bytes, digest } = someManifest();
const good: Reply = {
  status: 200,
  headers: { 'content-type': manifestType, 'docker-content-digest': digest },
  body: bytes,
};
const unknown: Reply = { status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}' };
const half: Reply = (response) => {
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, 10));
  setTimeout(() => response.destroy(), 20);
};

describe('what may heal is tried again, with one line of the log each time', () => {
  const cases: readonly { name: string; reply: Reply; why: RegExp }[] = [
    { name: 'a cut connection', reply: 'cut', why: /cut the connection/ },
    {
      name: 'a connection cut within the answer',
      reply: half,
      why: /cut the connection|talked to/,
    },
    { name: 'bytes of another digest', reply: { status: 200, body: 'x' }, why: /do not belong together/ },
    {
      name: 'a wrong digest header',
      reply: { ...good, headers: { 'docker-content-digest': sha256('x') } },
      why: /do not belong/,
    },
    { name: '404 that is not the registry’s', reply: { status: 404, body: '<html>' }, why: /answered 404/ },
    ...[408, 425, 429, 500, 502, 503, 504, 599].map((status) => ({
      name: String(status),
      reply: { status },
      why: new RegExp(`answered ${status}`),
    })),
  ];
  it.each(cases)('$name', async ({ reply, why }) => {
    const server = await start((_, count) => (count <= 2 ? reply : good));
    const { registry, lines } = testClient();
    const manifest = await registry.manifest(`${server.host}/p/r`, digest);
    expect(manifest).toMatchObject({ mediaType: manifestType, digest, size: bytes.length });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(why);
    expect(lines[0]).toMatch(
      /^Reading 127\.0\.0\.1:\d+\/p\/r@sha256:\w+ failed: .*\. Trying again in \d\.\d s \(2 of \d\)\.$/,
    );
    expect(lines[1]).toContain('(3 of ');
  });

  const slow: readonly { name: string; reply: (timers: NodeJS.Timeout[]) => Reply; limits: object; why: string }[] = [
    { name: 'silence', reply: () => 'stall', limits: { stallMs: 500 }, why: 'sent nothing within 0.5 s' },
    {
      name: 'a trickle that never ends',
      reply: (timers) => (response) => {
        response.writeHead(200);
        timers.push(setInterval(() => response.write(' '), 20));
      },
      limits: { exchangeMs: 800 },
      why: 'did not finish its answer within 0.8 s',
    },
  ];
  it.each(slow)('$name', async ({ reply, limits, why }) => {
    const timers: NodeJS.Timeout[] = [];
    const server = await start((_, count) => (count === 1 ? reply(timers) : good));
    const { registry, lines } = testClient({ limits });
    expect(await registry.manifest(`${server.host}/p/r`, digest)).toMatchObject({ digest });
    expect(lines[0]).toContain(why);
    timers.forEach((timer) => clearInterval(timer));
  });

  it('is bounded in number, and the error says how often', async () => {
    const server = await start(() => ({ status: 503, body: 'come back later' }));
    const { registry, lines } = testClient({ limits: { attempts: 4 } });
    const failure = registry.manifest(`${server.host}/p/r`, 'latest');
    await expect(failure).rejects.toThrow(RegistryError);
    await expect(failure).rejects.toThrow(/503 Service Unavailable \(come back later\)\. Given up after 4 attempts\.$/);
    await expect(failure).rejects.toMatchObject({ status: 503, host: server.host });
    expect(server.requests).toHaveLength(4);
    expect(lines).toHaveLength(3);
  });
});

describe('Retry-After', () => {
  const cases: readonly { name: string; header: () => string; limits?: object; line: RegExp }[] = [
    { name: 'in seconds', header: () => '1', line: /Trying again in 1\.0 s/ },
    {
      name: 'as a date',
      // In whole seconds; what is left of it when it is read depends on the machine.
      header: () => new Date(Date.now() + 60_000).toUTCString(),
      limits: { longestRetryAfterMs: 300 },
      line: /Trying again in 0\.3 s/,
    },
    { name: 'capped', header: () => '86400', limits: { longestRetryAfterMs: 300 }, line: /Trying again in 0\.3 s/ },
    { name: 'in the past', header: () => 'Fri, 01 Jan 2021 00:00:00 GMT', line: /Trying again in 0\.0 s/ },
    { name: 'unreadable', header: () => 'soon', line: /Trying again in 0\.0 s/ },
  ];
  it.each(cases)('$name', async ({ header, limits = {}, line }) => {
    const server = await start((_, count) =>
      count === 1 ? { status: 429, headers: { 'retry-after': header() } } : good,
    );
    const { registry, lines } = testClient({ limits });
    await registry.manifest(`${server.host}/p/r`, digest);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(line);
  });

  it('longer than a call may take is an error at once', async () => {
    const server = await start(() => ({ status: 429, headers: { 'retry-after': '60' } }));
    const { registry } = testClient({ limits: { callMs: 50_000 } });
    await expect(registry.manifest(`${server.host}/p/r`, digest)).rejects.toThrow('429 Too Many Requests');
    expect(server.requests).toHaveLength(1);
  });
});

describe('what will not heal is said at once', () => {
  it.each([400, 403, 405, 406, 409, 410, 413, 422, 451, 501])('%d', async (status) => {
    const server = await start(() => ({ status, body: '{"errors":[{"code":"DENIED","message":"no"}]}' }));
    const { registry, lines } = testClient();
    await expect(registry.manifest(`${server.host}/p/r`, digest)).rejects.toMatchObject({ status, codes: ['DENIED'] });
    expect(server.requests).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  it('404 with a registry’s code is an answer', async () => {
    const server = await start(() => unknown);
    expect(await testClient().registry.manifest(`${server.host}/p/r`, digest)).toBeUndefined();
    expect(server.requests).toHaveLength(1);
  });

  it('an answer that is too large', async () => {
    const server = await start(() => ({ status: 200, body: Buffer.alloc(2000) }));
    const { registry } = testClient({ limits: { manifestBytes: 1000 } });
    await expect(registry.manifest(`${server.host}/p/r`, digest)).rejects.toThrow('more than 1000 bytes');
    expect(server.requests).toHaveLength(1);
  });

  it('a registry that never answered is not tried for long', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const { registry } = testClient();
    await expect(registry.tags(`127.0.0.1:${port}/p/r`)).rejects.toThrow(
      `Listing the tags of 127.0.0.1:${port}/p/r failed: 127.0.0.1:${port} refuses the connection. Given up after 3 attempts.`,
    );
  });

  it('a server that speaks no https', async () => {
    const server = await start(() => good);
    const { registry } = testClient();
    // 0.0.0.0 leads to the same server, but is not the name of this machine: https is spoken.
    await expect(registry.tags(`0.0.0.0:${server.host.split(':')[1] ?? ''}/p/r`)).rejects.toThrow(
      'does not speak https',
    );
    expect(server.requests).toEqual([]);
  });
});

describe('cancelling', () => {
  it.each<{ name: string; reply: Reply }>([
    { name: 'an exchange', reply: 'stall' },
    { name: 'a wait', reply: { status: 429, headers: { 'retry-after': '60' } } },
  ])('ends $name with the reason', async ({ reply }) => {
    const controller = new AbortController();
    const server = await start(() => reply);
    const { registry } = testClient({ signal: controller.signal });
    const calls = Promise.allSettled(Array.from({ length: 12 }, () => registry.tags(`${server.host}/p/r`)));
    while (server.requests.length < 8) await new Promise((resolve) => setTimeout(resolve, 5));
    const reason = new Error('enough');
    controller.abort(reason);
    const asked = server.requests.length;
    expect((await calls).map((call) => (call.status === 'rejected' ? (call.reason as unknown) : call))).toEqual(
      Array.from({ length: 12 }, () => reason),
    );
    await expect(registry.tags(`${server.host}/p/r`)).rejects.toBe(reason);
    expect(server.requests.length).toBe(asked);
  });
});

it('has at most so many requests to a host under way', async () => {
  let now = 0;
  let most = 0;
  const server = await start(() => (response) => {
    now += 1;
    most = Math.max(most, now);
    setTimeout(() => {
      now -= 1;
      response.writeHead(200).end('{"tags":[]}');
    }, 10);
  });
  const { registry } = testClient({ limits: { concurrency: 3 } });
  await Promise.all(Array.from({ length: 30 }, () => registry.tags(`${server.host}/p/r`)));
  expect([most, server.requests.length]).toEqual([3, 30]);
});
