import { beforeEach, describe, expect, it } from 'vitest';
import { RegistryError } from '../../../src/errors';
import { clockOfATest } from '../../support/clock';
import { machineOfATest } from '../../support/machine';
import { testKey, type TestKey } from '../../support/serviceAccountKey';

const { google, restartGoogle, find, lines, masked } = machineOfATest();
const clock = clockOfATest();

let key: TestKey;
beforeEach(async () => {
  key = await testKey('kfp-demo', `http://${google().host}/token`);
  google().trust(key.clientEmail, key.privateKey);
});

/** As it is in the file, without the line end after it. */
const asPassword = (): string => key.json.trim();

describe('a service account key', () => {
  it('becomes a token for a host of Google’s, and the signature for it is masked like the token', async () => {
    const found = await find({ json: key.json });
    const login = await found.login();
    expect(login).toMatchObject({ username: 'oauth2accesstoken', password: google().issued[0] });
    expect(login?.expiresAt).toBeGreaterThan(Date.now() + 3_500_000);
    const form = new URLSearchParams(google().requests[0]?.body.toString());
    expect(masked()).toEqual(expect.arrayContaining([form.get('assertion'), ...google().issued]));
    expect(lines()).toEqual([]);
  });

  it('is asked for once while its token is good, and again when it would end', async () => {
    await restartGoogle(600);
    key = await testKey('kfp-demo', `http://${google().host}/token`);
    google().trust(key.clientEmail, key.privateKey);
    const found = await find({ json: key.json });
    const logins = await Promise.all([found.login(), found.login()]);
    expect(new Set(logins).size).toBe(1);
    clock.advance(600);
    expect((await found.login())?.password).toBe(google().issued[1]);
  });

  it('becomes one for a registry of this machine too, where its tokens come from this machine', async () => {
    const found = await find({ json: key.json, host: '127.0.0.1:5000' });
    expect(await found.login()).toMatchObject({ username: 'oauth2accesstoken' });
  });

  it('is the password of a registry that knows nothing of Google’s tokens', async () => {
    for (const [host, json] of [
      ['ghcr.io', key.json],
      ['127.0.0.1:5000', (await testKey('kfp-demo')).json],
    ] as const) {
      const found = await find({ json, host });
      expect(await found.login()).toEqual({ username: '_json_key', password: json.trim() });
    }
    expect(google().requests).toEqual([]);
  });

  it('that Google refuses is an error in Google’s words', async () => {
    google().trust(key.clientEmail, (await otherKey()).privateKey);
    const failure = (await find({ json: key.json })).login();
    await expect(failure).rejects.toThrow(RegistryError);
    await expect(failure).rejects.toThrow(`Getting an access token for ${key.clientEmail}`);
    await expect(failure).rejects.toThrow('invalid_grant: Invalid JWT Signature.');
  });
});

describe('where Google’s token service can’t be reached', () => {
  it.each([
    ['it does not answer as it should', () => google().script.push('cut', 'cut')],
    ['it is not well', () => google().script.push({ status: 503 }, { status: 503 })],
    ['something else answers', () => google().script.push({ status: 200, body: '<html>log in</html>' })],
  ])('the key is the login, with a warning: %s', async (_, prepare) => {
    prepare();
    const found = await find({ json: key.json });
    expect(await found.login()).toMatchObject({ username: '_json_key', password: asPassword() });
    expect(lines().at(-1)).toMatch(/The key itself is used instead: for docker it is written to a file/);
    expect(lines().join('\n')).not.toContain('BEGIN');
  });

  it('and nobody listens', async () => {
    const host = google().host;
    await google().close();
    const found = await find({ json: key.json });
    expect(await found.login()).toMatchObject({ username: '_json_key' });
    expect(lines().at(-1)).toContain(`Let this machine reach https://${host}`);
    await restartGoogle(60);
  });

  it('it is asked again later', async () => {
    google().script.push({ status: 503 }, { status: 503 });
    const login = await (await find({ json: key.json })).login();
    expect(login?.expiresAt).toBeLessThanOrEqual(Date.now() + 300_000);
  });
});

it('gets no token from a host that only its file names: that is asked at Google’s', async () => {
  const edited = { ...(JSON.parse(key.json) as object), token_uri: 'https://evil.example.com/token' };
  const found = await find({ json: JSON.stringify(edited), host: '127.0.0.1:5000' });
  // Not of this machine, so that nothing is asked for a registry on it.
  expect(await found.login()).toMatchObject({ username: '_json_key' });
});

/** A key of the same account that is not the one in use. */
async function otherKey(): Promise<{ readonly privateKey: string }> {
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
