import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors';
import { noHosts } from '../../src/oci/hosts';
import { targetOf } from '../../src/oci/target';
import { serversOfATest } from '../support/httpServer';
import { testClient } from '../support/registryClient';

const start = serversOfATest();

describe('what a registry says in an error', () => {
  const secret = { username: 'me', password: 'a-very-secret-password' };
  const auth = Buffer.from(`${secret.username}:${secret.password}`).toString('base64');
  const answers: readonly { name: string; body: string; type?: string; expected: RegExp }[] = [
    {
      name: 'has no control characters',
      body: JSON.stringify({ errors: [{ code: 'DENIED', message: 'a\u001b[31m\r\n::error::b\u202ec' }] }),
      expected: /\(DENIED: a \[31m ::error::b c\)/,
    },
    { name: 'is cut', body: 'x'.repeat(10_000), expected: /\(x{500}…\)/ },
    {
      name: 'is left out when it is a page',
      body: '<!doctype html><p>hi',
      type: 'text/html',
      expected: /\(a web page/,
    },
    {
      name: 'names each of several errors',
      body: JSON.stringify({ errors: [{ code: 'A', message: 'a' }, { code: 'B' }, null, 7] }),
      expected: /\(A: a; B\)/,
    },
    {
      name: 'is found in Google’s form',
      body: '{"error":{"code":403,"message":"API has not been used in project 1","status":"PERMISSION_DENIED"}}',
      expected: /\(API has not been used in project 1\)/,
    },
    {
      name: 'has no secret',
      body: `you sent ${auth} for me:${secret.password}`,
      expected: /\(you sent \*\*\* for me:\*\*\*\)/,
    },
    { name: 'may be nothing', body: '', expected: /answered 403 Forbidden\.$/ },
    { name: 'may be an empty list', body: '{"errors":[]}', expected: /answered 403 Forbidden\.$/ },
  ];
  it.each(answers)('$name', async ({ body, type = 'application/json', expected }) => {
    const server = await start(({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'www-authenticate': 'Basic' } }
        : { status: 403, headers: { 'content-type': type }, body },
    );
    await expect(testClient({ login: secret }).registry.tags(`${server.host}/p/r`)).rejects.toThrow(expected);
  });
});

describe('names', () => {
  it.each(['', 'x', '/x', 'host/', 'ghcr.io/Me', 'ghcr.io/../x', 'a@b/x', 'ghcr.io/x?y', 'ghcr.io:1x/x'])(
    'refuses %j as a repository',
    async (repository) => {
      await expect(testClient().registry.tags(repository)).rejects.toThrow(UsageError);
    },
  );

  it.each(['', '../x', 'a b', 'sha256:x', 'x'.repeat(129)])('refuses %j as a reference', async (reference) => {
    await expect(testClient().registry.manifest('ghcr.io/me/x', reference)).rejects.toThrow(UsageError);
    await expect(testClient().registry.blob('ghcr.io/me/x', reference)).rejects.toThrow(UsageError);
  });

  it.each([
    ['ghcr.io/me/x', 'https://ghcr.io'],
    ['example.com:5000/x', 'https://example.com:5000'],
    ['localhost:5000/x', 'http://localhost:5000'],
    ['127.0.0.2:5000/x', 'http://127.0.0.2:5000'],
    ['[::1]:5000/x', 'http://[::1]:5000'],
    ['10.0.0.1:5000/x', 'https://10.0.0.1:5000'],
    ['docker.io/library/golang', 'https://registry-1.docker.io'],
  ])('%s is asked at %s', (repository, origin) => expect(targetOf(repository, noHosts).origin).toBe(origin));
});
