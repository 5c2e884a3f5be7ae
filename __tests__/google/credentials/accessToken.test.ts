import { describe, expect, it } from 'vitest';
import { RegistryError } from '../../../src/errors';
import { clockOfATest } from '../../support/clock';
import { account, authorizedUser, externalAccount, impersonatedAccount } from '../../support/googleTokens';
import { machineOfATest } from '../../support/machine';
import { testKey } from '../../support/serviceAccountKey';

const { google, restartGoogle, find, file, lines, masked } = machineOfATest();
const clock = clockOfATest();

describe('Google credentials', () => {
  const env = (): Record<string, string> => ({ GOOGLE_APPLICATION_CREDENTIALS: file('adc.json') });

  it('are kept from registries that are not Google’s', async () => {
    const files = {
      'adc.json': (await testKey()).json,
      'docker/config.json': { auths: { 'ghcr.io': { auth: 'bWU6cGFzcw==' } } },
    };
    expect((await find({ host: 'ghcr.io', env: env(), files })).describe).toBe('docker login (me)');
    expect((await find({ host: 'localhost:5000', env: env() })).describe).toBe('no login for localhost:5000');
    expect(
      (await find({ host: 'localhost:5000', env: { GOOGLE_APPLICATION_CREDENTIALS: '/none' } })).describe,
    ).toContain('no login');
  });

  it('of an emulator on this machine are for registries on it, and no others', async () => {
    const files = { 'adc.json': externalAccount(google().host) };
    expect((await find({ host: 'localhost:5000', env: env(), files })).describe).toContain('workload identity');
    expect((await find({ host: 'ghcr.io', env: env(), files })).describe).toBe('no login for ghcr.io');
  });

  const kinds: readonly {
    name: string;
    content: (host: string) => object;
    describe: string;
    issues: readonly string[];
  }[] = [
    {
      name: 'a federated identity',
      content: (host) => externalAccount(host),
      describe: 'workload identity as workload identity pool github',
      issues: ['outside', 'federated'],
    },
    {
      name: 'a federated identity of a service account',
      content: (host) => externalAccount(host, { impersonates: true }),
      describe: `workload identity as ${account}`,
      issues: ['outside', 'federated', 'account'],
    },
    { name: 'a person', content: authorizedUser, describe: 'login of dana@example.com', issues: ['user'] },
    {
      name: 'a person as a service account',
      content: impersonatedAccount,
      describe: `impersonation of ${account}`,
      issues: ['user', 'account'],
    },
  ];
  it.each(kinds)('of $name become a token, all of it masked', async ({ content, describe: text, issues }) => {
    const found = await find({ env: env(), files: { 'adc.json': content(google().host) } });
    expect(found.describe).toBe(`${text} (GOOGLE_APPLICATION_CREDENTIALS)`);
    expect(google().requests).toEqual([]);
    const login = await found.login();
    expect(login).toMatchObject({ username: 'oauth2accesstoken', password: google().issued.at(-1) });
    expect(google().isGood(login?.password ?? '')).toBe(true);
    expect(google().issued.map((token) => /ya29\.(\w+)-/.exec(token)?.[1])).toEqual(issues);
    expect(masked()).toEqual(expect.arrayContaining([...google().issued]));
    expect(masked()).toContain(Buffer.from(`oauth2accesstoken:${login?.password ?? ''}`).toString('base64'));
    expect(found.secrets()).toEqual(masked());
  });

  it('are asked for once, and again when they would end', async () => {
    const found = await find({ env: env(), files: { 'adc.json': authorizedUser(google().host) } });
    const logins = await Promise.all([found.login(), found.login(), found.login()]);
    expect(new Set(logins).size).toBe(1);
    expect(await found.login()).toBe(logins[0]);
    expect(google().requests).toHaveLength(1);

    await restartGoogle(600);
    const short = await find({ env: env(), files: { 'adc.json': authorizedUser(google().host) } });
    await short.login();
    clock.advance(600);
    expect((await short.login())?.password).toBe(google().issued[1]);
  });

  it('by federation alone are taken to end after five minutes', async () => {
    const login = await (await find({ json: JSON.stringify(externalAccount(google().host)) })).login();
    expect(login?.expiresAt).toBe(Date.now() + 300_000);
  });

  it('are waited for while Google is not well, with a line each time', async () => {
    const found = await find({ env: env(), files: { 'adc.json': authorizedUser(google().host) } });
    google().script.push({ status: 503 }, 'cut', { status: 429 });
    expect((await found.login())?.password).toBe(google().issued[0]);
    expect(lines()).toHaveLength(3);
    expect(lines()[0]).toMatch(
      /^Getting an access token for dana@example\.com \(renewing the login of gcloud\) failed: .*503/,
    );
  });

  it('that Google refuses are named once, in Google’s words, without a secret', async () => {
    const found = await find({ env: env(), files: { 'adc.json': authorizedUser(google().host) } });
    google().script.push({
      status: 400,
      body: '{"error":"invalid_grant","error_description":"Bad 1//the-refresh-token"}',
    });
    const failure = found.login();
    await expect(failure).rejects.toThrow(RegistryError);
    await expect(failure).rejects.toThrow('answered 400 Bad Request (invalid_grant: Bad ***)');
    expect(google().requests).toHaveLength(1);
    expect((await found.login())?.password).toBe(google().issued[0]);
  });

  it.each([
    ['no JSON', 'x', 'something that is not JSON'],
    ['no token', '{}', 'without a usable access_token'],
    ['a token of several lines', '{"access_token":"a\\nb"}', 'without a usable access_token'],
  ])('answered with %s are an error', async (_, body, text) => {
    const found = await find({ env: env(), files: { 'adc.json': authorizedUser(google().host) } });
    google().script.push({ status: 200, body });
    await expect(found.login()).rejects.toThrow(text);
  });

  it('are not sent on to where the token service redirects', async () => {
    const found = await find({ env: env(), files: { 'adc.json': authorizedUser(google().host) } });
    google().script.push({ status: 307, headers: { location: 'http://127.0.0.1:9/token' } });
    await expect(found.login()).rejects.toThrow('redirects a login to 127.0.0.1:9');
  });
});

describe('the outside token', () => {
  it.each<[string, string, object]>([
    ['as text', ' the-token\n', {}],
    ['in JSON', '{"value":"the-token"}', { format: { type: 'json', subject_token_field_name: 'value' } }],
  ])('may lie in a file, %s', async (_, content, format) => {
    const source = { ...externalAccount(google().host), credential_source: { file: file('token'), ...format } };
    const found = await find({ json: JSON.stringify(source), files: { token: content } });
    await expect(found.login()).rejects.toThrow('(invalid_grant: The given credential is rejected.)');
    expect(new URLSearchParams(google().requests[0]?.body.toString()).get('subject_token')).toBe('the-token');
    expect(masked()).toContain('the-token');
  });

  it('may be missing', async () => {
    const source = { ...externalAccount(google().host), credential_source: { file: file('token') } };
    await expect((await find({ json: JSON.stringify(source) })).login()).rejects.toThrow(
      `${file('token')} that the credentials name can't be read`,
    );
  });
});
