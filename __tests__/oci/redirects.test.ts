import { describe, expect, it } from 'vitest';
import { serversOfATest, type Received, type Reply, type TestServer } from '../support/httpServer';
import { manifestType, sha256, someManifest, testClient } from '../support/registryClient';

const start = serversOfATest();

const login = { username: 'me', password: 's3cret' };
const asksForLogin: Reply = { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
const blob = Buffer.from('a blob');
const digest = sha256(blob);
const to = (location: string, status = 307): Reply => ({ status, headers: { location } });

/** A registry that wants a login, and then does as told. */
const guarded = (answer: (request: Received) => Reply): Promise<TestServer> =>
  start((request) => (request.headers.authorization === undefined ? asksForLogin : answer(request)));

describe('a redirect', () => {
  it('to another origin is followed without the login', async () => {
    const storage = await start(() => ({ status: 200, body: blob }));
    const registry = await guarded(() => to(`http://${storage.host}/blob?sig=1`));
    const bytes = await testClient({ login }).registry.blob(`${registry.host}/p/r`, digest);
    expect(Buffer.from(bytes)).toEqual(blob);
    expect(registry.requests.at(-1)?.headers.authorization).toBeDefined();
    expect(storage.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/blob?sig=1', undefined],
    ]);
  });

  it('back from there does not bring the login back', async () => {
    const seen: (string | undefined)[] = [];
    const storage = await start(() => to(`http://${registry.host}/trap`));
    const registry = await start(({ path, headers }) => {
      if (path === '/trap') {
        seen.push(headers.authorization);
        return { status: 200, body: blob };
      }
      return headers.authorization === undefined ? asksForLogin : to(`http://${storage.host}/`);
    });
    await testClient({ login }).registry.blob(`${registry.host}/p/r`, digest);
    expect(seen).toEqual([undefined]);
  });

  it('on the same origin keeps the login', async () => {
    const registry = await guarded(({ path }) =>
      path === '/elsewhere' ? { status: 200, body: blob } : to('/elsewhere'),
    );
    await testClient({ login }).registry.blob(`${registry.host}/p/r`, digest);
    expect(registry.requests.at(-1)).toMatchObject({ path: '/elsewhere' });
    expect(registry.requests.at(-1)?.headers.authorization).toBeDefined();
  });

  it.each([
    ['the login', () => 'Basic realm="x"'],
    ['a token of its own server', (thief: TestServer) => `Bearer realm="http://${thief.host}/token"`],
  ])('to a server that asks for %s does not give it one', async (_, challenge) => {
    const thief = await start(() => ({ status: 401, headers: { 'www-authenticate': challenge(thief) } }));
    const registry = await guarded(() => to(`http://${thief.host}/`));
    const client = testClient({ login });
    // The second time the registry is known, and the redirect is the first thing that is met.
    for (let time = 1; time <= 2; time++) {
      await expect(client.registry.blob(`${registry.host}/p/r`, digest)).rejects.toMatchObject({ status: 401 });
    }
    const got = thief.requests.map(({ path, headers }) => [path, headers.authorization]);
    expect(got).toEqual([
      ['/', undefined],
      ['/', undefined],
    ]);
    expect(client.lines).toEqual([]);
  });

  it.each([5, 6])('chain of %d', async (length) => {
    const registry = await start(({ path }) => {
      const step = Number(new URL(path, 'http://x').searchParams.get('step'));
      return step === length ? { status: 200, body: blob } : to(`/?step=${step + 1}`);
    });
    const read = testClient().registry.blob(`${registry.host}/p/r`, digest);
    if (length === 5) expect(Buffer.from(await read)).toEqual(blob);
    else await expect(read).rejects.toThrow('redirects more than 5 times');
    expect(registry.requests).toHaveLength(6);
  });

  const refused: readonly { name: string; reply: Reply }[] = [
    { name: 'to plain http elsewhere', reply: to('http://storage.example.com/x') },
    { name: 'to a file', reply: to('file:///etc/passwd') },
    { name: 'that carries a login', reply: to('http://a:b@127.0.0.1/') },
    { name: 'without a place', reply: { status: 302 } },
    { name: 'to something unreadable', reply: to('http://[') },
  ];
  it.each(refused)('$name is an error, at once', async ({ reply }) => {
    const registry = await start(() => reply);
    await expect(testClient().registry.blob(`${registry.host}/p/r`, digest)).rejects.toThrow(/redirect/);
    expect(registry.requests).toHaveLength(1);
  });
});

describe('a redirected PUT', () => {
  const { bytes, digest: manifest } = someManifest();

  it('keeps method and body by 307', async () => {
    const registry = await start(({ path }) => (path === '/there' ? { status: 201 } : to('/there')));
    await testClient().registry.putManifest(`${registry.host}/p/r`, 'x', manifestType, bytes);
    expect(registry.requests.at(-1)).toMatchObject({ method: 'PUT', path: '/there', body: bytes });
  });

  it.each([301, 302, 303])('is not turned into a GET by %d', async (status) => {
    const registry = await start(({ method }) =>
      method === 'PUT' ? to('/there', status) : { status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' },
    );
    await expect(
      testClient().registry.putManifest(`${registry.host}/p/r`, manifest, manifestType, bytes),
    ).rejects.toThrow(`answered ${status} with a redirect that can't be followed`);
  });
});

describe('an upload', () => {
  const places: readonly { name: string; location: (host: string) => string; expected: string }[] = [
    { name: 'a path', location: () => '/up/1', expected: `/up/1?digest=${encodeURIComponent(digest)}` },
    {
      name: 'a URL with a query of its own',
      location: (host) => `http://${host}/up/1?_state=a%2Fb+c%3D&x`,
      expected: `/up/1?_state=a%2Fb+c%3D&x&digest=${encodeURIComponent(digest)}`,
    },
    {
      name: 'https of the same host',
      location: (host) => `https://${host}/up/1`,
      expected: `/up/1?digest=${encodeURIComponent(digest)}`,
    },
  ];
  it.each(places)('goes where the registry says: $name', async ({ location, expected }) => {
    const registry = await guarded(({ method }) => {
      if (method === 'HEAD') return { status: 404 };
      return method === 'POST'
        ? { status: 202, headers: { location: location(registry.host) } }
        : { status: 201, headers: { 'docker-content-digest': digest } };
    });
    const put = await testClient({ login }).registry.putBlob(`${registry.host}/p/r`, 'text/plain', blob);
    expect(put).toEqual({ mediaType: 'text/plain', digest, size: blob.length });
    expect(registry.requests.at(-1)).toMatchObject({ method: 'PUT', path: expected, body: blob });
    expect(registry.requests.at(-1)?.headers.authorization).toBeDefined();
  });

  it('to another origin goes without the login', async () => {
    const storage = await start(() => ({ status: 201 }));
    const registry = await guarded(({ method }) =>
      method === 'HEAD' ? { status: 404 } : { status: 202, headers: { location: `http://${storage.host}/up` } },
    );
    await testClient({ login }).registry.putBlob(`${registry.host}/p/r`, 'text/plain', blob);
    expect(storage.requests.map(({ body, headers }) => [body.toString(), headers.authorization])).toEqual([
      ['a blob', undefined],
    ]);
  });

  it.each([
    ['plain http elsewhere', 'http://storage.example.com/up', 'which is not https'],
    ['no place', '', 'gave no place to upload to'],
  ])('to %s is an error', async (_, location, text) => {
    const registry = await start(({ method }) =>
      method === 'HEAD' ? { status: 404 } : { status: 202, headers: { location } },
    );
    await expect(testClient().registry.putBlob(`${registry.host}/p/r`, 'text/plain', blob)).rejects.toThrow(text);
  });
});
