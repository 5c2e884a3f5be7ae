import { describe, expect, it } from 'vitest';
import { RegistryError } from '../../src/errors';
import { clockOfATest } from '../support/clock';
import { serversOfATest, type Reply, type TestServer } from '../support/httpServer';
import { testClient } from '../support/registryClient';

const start = serversOfATest();
const clock = clockOfATest();

const login = { username: '_json_key', password: '{"private_key":"s3cret-key"}' };
const basic = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
const tags: Reply = { status: 200, body: '{"tags":["latest"]}' };
const denied = (challenge: string): Reply => ({ status: 401, headers: { 'www-authenticate': challenge } });

describe('a registry that asks for Basic', () => {
  const guarded = (): Promise<TestServer> =>
    start(({ headers }) => (headers.authorization === basic ? tags : denied('Basic realm="kfp"')));

  it('gets the login once it asked, and from then on at once', async () => {
    const server = await guarded();
    const { registry, secrets } = testClient({ login });
    expect(await registry.tags(`${server.host}/p/r`)).toEqual(['latest']);
    expect(await registry.tags(`${server.host}/p/r`)).toEqual(['latest']);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, basic, basic]);
    expect(secrets).toContain(login.password);
    expect(secrets).toContain(basic.slice('Basic '.length));
  });

  it('is distinguished from one that refuses the login, in one request more and no repetition', async () => {
    const server = await guarded();
    const { registry, lines } = testClient({ login: { ...login, password: 'another' } });
    const failure = registry.tags(`${server.host}/p/r`);
    await expect(failure).rejects.toThrow(RegistryError);
    await expect(failure).rejects.toThrow(
      `${server.host} answered 401 Unauthorized. The login for ${server.host} was refused: check credentials-json`,
    );
    await expect(failure).rejects.toMatchObject({ status: 401, host: server.host, repository: `${server.host}/p/r` });
    expect(server.requests).toHaveLength(2);
    expect(lines).toEqual([]);
  });

  it('is named when there is no login for it', async () => {
    const server = await guarded();
    await expect(testClient().registry.tags(`${server.host}/p/r`)).rejects.toThrow(
      `asks for a login (401), and there is none. Give credentials-json, or run "docker login ${server.host}" before.`,
    );
    expect(server.requests).toHaveLength(1);
  });

  it('gets a renewed login when the one before has ended', async () => {
    let current = 'first';
    const server = await start(({ headers }) => {
      const good = `Basic ${Buffer.from(`oauth2accesstoken:${current}`).toString('base64')}`;
      return headers.authorization === good ? tags : denied('Basic realm="kfp"');
    });
    const { registry } = testClient({
      login: () => Promise.resolve({ username: 'oauth2accesstoken', password: current }),
    });
    await registry.tags(`${server.host}/p/r`);
    current = 'second';
    expect(await registry.tags(`${server.host}/p/r`)).toEqual(['latest']);
  });
});

describe('a registry that asks for a token', () => {
  interface Asked {
    readonly query: Record<string, string[]>;
    readonly authorization: string | undefined;
  }

  interface TokenRegistry {
    readonly registry: TestServer;
    readonly tokens: TestServer;
    /** What the token server was asked for, and with what. */
    readonly asked: () => readonly Asked[];
  }

  /** Tokens are `token-1`, `token-2` …; good unless `accept` says otherwise. */
  async function tokenRegistry(
    options: {
      accept?: (token: string) => boolean | Promise<boolean>;
      answer?: (count: number) => Reply | undefined;
      more?: object;
      challenge?: (realm: string) => string;
    } = {},
  ): Promise<TokenRegistry> {
    let count = 0;
    const tokens = await start(() => {
      count += 1;
      const token = `token-${count}`;
      return options.answer?.(count) ?? { status: 200, body: JSON.stringify({ token, ...options.more }) };
    });
    const realm = `http://${tokens.host}/token`;
    const challenge = options.challenge?.(realm) ?? `Bearer realm="${realm}",service="kfp",scope="repository:p/r:pull"`;
    const registry = await start(async ({ headers }) => {
      const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
      return token !== undefined && ((await options.accept?.(token)) ?? true) ? tags : denied(challenge);
    });
    const asked = (): readonly Asked[] =>
      tokens.requests.map(({ path, headers }) => {
        const query = new URL(path, 'http://x').searchParams;
        const all = Object.fromEntries([...query.keys()].map((key) => [key, query.getAll(key)]));
        return { query: all, authorization: headers.authorization };
      });
    return { registry, tokens, asked };
  }

  it('is answered with one that the token server gives for the login, as Docker asks for it', async () => {
    const { registry, asked } = await tokenRegistry();
    const client = testClient({ login });
    expect(await client.registry.tags(`${registry.host}/p/r`)).toEqual(['latest']);
    expect(asked()).toEqual([{ query: { service: ['kfp'], scope: ['repository:p/r:pull'] }, authorization: basic }]);
    expect(registry.requests[1]?.headers.authorization).toBe('Bearer token-1');
    expect(client.secrets).toContain('token-1');
  });

  it('is answered without a login when there is none', async () => {
    const { registry, asked } = await tokenRegistry();
    expect(await testClient().registry.tags(`${registry.host}/p/r`)).toEqual(['latest']);
    expect(asked()[0]?.authorization).toBeUndefined();
  });

  it('gets the same token for the same rights, another one for others, and never asks for it twice', async () => {
    const { registry, asked } = await tokenRegistry();
    const client = testClient({ login }).registry;
    await Promise.all(Array.from({ length: 10 }, () => client.tags(`${registry.host}/p/r`)));
    expect(asked()).toHaveLength(1);
    await client.tags(`${registry.host}/p/other`);
    expect(asked().map(({ query }) => query['scope'])).toEqual([['repository:p/r:pull'], ['repository:p/other:pull']]);
  });

  it('keeps the realm’s own query, and sends several scopes one by one', async () => {
    const { registry, asked } = await tokenRegistry({
      challenge: (realm) => `Bearer realm="${realm}?a=1",scope="repository:p/r:pull,push repository:x:pull"`,
    });
    await testClient({ login }).registry.tags(`${registry.host}/p/r`);
    expect(asked()[0]?.query).toEqual({ a: ['1'], scope: ['repository:p/r:pull,push', 'repository:x:pull'] });
  });

  it('gets a new token before the old one ends', async () => {
    const { registry, asked } = await tokenRegistry({ more: { expires_in: 1 } });
    const client = testClient({ login }).registry;
    await client.tags(`${registry.host}/p/r`);
    clock.advance(0.85);
    await client.tags(`${registry.host}/p/r`);
    expect(asked()).toHaveLength(2);
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  it('gets a new token when it no longer takes the old one', async () => {
    const revoked = new Set<string>();
    const { registry, asked } = await tokenRegistry({ accept: (token) => !revoked.has(token) });
    const client = testClient({ login }).registry;
    await client.tags(`${registry.host}/p/r`);
    revoked.add('token-1');
    expect(await client.tags(`${registry.host}/p/r`)).toEqual(['latest']);
    expect(asked()).toHaveLength(2);
  });

  it('has the last word when it takes no fresh token either', async () => {
    const { registry, asked } = await tokenRegistry({ accept: () => false });
    const client = testClient({ login });
    await expect(client.registry.tags(`${registry.host}/p/r`)).rejects.toMatchObject({ status: 401 });
    expect([registry.requests.length, asked().length]).toEqual([2, 1]);
    expect(client.lines).toEqual([]);
  });

  it('is asked again when the token ended on its way', async () => {
    const { registry } = await tokenRegistry({
      more: { expires_in: 0.001 },
      accept: (token) => {
        clock.advance(0.005);
        return token === 'token-3';
      },
    });
    const client = testClient({ login });
    expect(await client.registry.tags(`${registry.host}/p/r`)).toEqual(['latest']);
    expect(client.lines.length).toBeGreaterThan(0);
  });

  it.each<{ name: string; reply: Reply }>([
    { name: '404', reply: { status: 404 } },
    { name: '503', reply: { status: 503 } },
    { name: 'a cut connection', reply: 'cut' },
  ])('survives a token server that answers $name at first', async ({ reply }) => {
    const { registry } = await tokenRegistry({ answer: (count) => (count === 1 ? reply : undefined) });
    const client = testClient({ login });
    expect(await client.registry.tags(`${registry.host}/p/r`)).toEqual(['latest']);
    expect(client.lines).toHaveLength(1);
    expect(client.lines[0]).toMatch(/^Getting a token for .* as _json_key failed: .* Trying again in /);
  });

  it('passes on the token server’s refusal, once', async () => {
    const { registry, asked } = await tokenRegistry({
      answer: () => ({ status: 401, body: '{"errors":[{"code":"UNAUTHORIZED","message":"authentication failed"}]}' }),
    });
    await expect(testClient({ login }).registry.tags(`${registry.host}/p/r`)).rejects.toThrow(
      /^Getting a token for \S+ as _json_key failed: \S+ answered 401 Unauthorized \(UNAUTHORIZED: authentication failed\)/,
    );
    expect(asked()).toHaveLength(1);
  });

  it.each([
    ['no JSON', 'token'],
    ['no object', '"token"'],
    ['no token', '{}'],
    ['a token with a line end', '{"token":"a\\r\\nx: y"}'],
    ['a token that is none', '{"token":{"a":1}}'],
  ])('fails when the token server gives %s', async (_, body) => {
    const { registry } = await tokenRegistry({ answer: () => ({ status: 200, body }) });
    await expect(testClient({ login }).registry.tags(`${registry.host}/p/r`)).rejects.toThrow(
      'something that is not a token',
    );
  });

  it('gets the token by OAuth2 where the login is an identity token', async () => {
    const { registry, tokens } = await tokenRegistry({ more: { token: undefined, access_token: 'access-1' } });
    const client = testClient({ login: { username: '<token>', password: 'identity-token' } });
    expect(await client.registry.tags(`${registry.host}/p/r`)).toEqual(['latest']);
    const [request] = tokens.requests;
    expect(request?.method).toBe('POST');
    expect(Object.fromEntries(new URLSearchParams(request?.body.toString()))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'kfp-images',
      service: 'kfp',
      scope: 'repository:p/r:pull',
      refresh_token: 'identity-token',
    });
    expect(registry.requests[1]?.headers.authorization).toBe('Bearer access-1');
  });

  it('does not hand an identity token to where its realm redirects to', async () => {
    const elsewhere = await start(() => ({ status: 200, body: '{"token":"x"}' }));
    const { registry } = await tokenRegistry({
      answer: () => ({ status: 307, headers: { location: `http://${elsewhere.host}/` } }),
    });
    const client = testClient({ login: { username: '<token>', password: 'identity-token' } });
    await expect(client.registry.tags(`${registry.host}/p/r`)).rejects.toThrow('redirects a login to');
    expect(elsewhere.requests).toEqual([]);
  });

  it.each(['http://registry.example.com/token', 'ftp://127.0.0.1/token', 'token', 'https://me:you@127.0.0.1/token'])(
    'gets no login when its realm is %s',
    async (realm) => {
      const server = await start(() => denied(`Bearer realm="${realm}"`));
      await expect(testClient({ login }).registry.tags(`${server.host}/p/r`)).rejects.toThrow(
        "names a token server that a login can't be sent to",
      );
      expect(server.requests).toHaveLength(1);
    },
  );
});

it('says so when a registry asks for a login in a way that is not known', async () => {
  const server = await start(() => denied('Negotiate'));
  await expect(testClient({ login }).registry.tags(`${server.host}/p/r`)).rejects.toThrow(
    'asks for a login by negotiate, which is not known here',
  );
});
