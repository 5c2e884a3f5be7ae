import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors';
import { loginsFor } from '../../src/google/credentials';
import { account, authorizedUser, externalAccount } from '../support/googleTokens';
import { garHost, machineOfATest } from '../support/machine';
import { testKey } from '../support/serviceAccountKey';

const { google, find, file, log, lines, masked } = machineOfATest();

describe('findCredentials takes, in this order', () => {
  it('the key of the input', async () => {
    const key = await testKey();
    const found = await find({ json: key.json, env: { GOOGLE_APPLICATION_CREDENTIALS: file('none') } });
    expect(found.describe).toBe(`service account key of ${key.clientEmail} (credentials-json)`);
    expect(masked()).toEqual(found.secrets());
    expect(masked().length).toBeGreaterThan(10);
  });

  it('what google-github-actions/auth left', async () => {
    const files = { 'gha.json': externalAccount(google().host), 'adc.json': authorizedUser(google().host) };
    const env = { GOOGLE_GHA_CREDS_PATH: file('gha.json'), GOOGLE_APPLICATION_CREDENTIALS: file('adc.json') };
    expect((await find({ env, files })).describe).toBe(
      'workload identity as workload identity pool github (GOOGLE_GHA_CREDS_PATH)',
    );
  });

  it('the file of the environment', async () => {
    const files = {
      'adc.json': (await testKey('kfp-demo')).json,
      '.config/gcloud/application_default_credentials.json': {},
    };
    const found = await find({ env: { GOOGLE_APPLICATION_CREDENTIALS: file('adc.json') }, files });
    expect(found.describe).toBe(`service account key of ${account} (GOOGLE_APPLICATION_CREDENTIALS)`);
  });

  it('gcloud’s login', async () => {
    const files = { '.config/gcloud/application_default_credentials.json': authorizedUser(google().host) };
    const docker = { 'docker/config.json': { auths: { [garHost]: { auth: 'YTpi' } } } };
    expect((await find({ files: { ...files, ...docker } })).describe).toBe('login of dana@example.com (gcloud)');
  });

  it('the machine’s service account', async () => {
    const env = { METADATA_SERVER_DETECTION: '', GCE_METADATA_HOST: google().host };
    const found = await find({ env });
    expect(found.describe).toBe(`this machine’s service account ${account} (metadata server)`);
    expect(await found.login()).toMatchObject({ username: 'oauth2accesstoken', password: google().issued[0] });
  });

  it('the machine’s service account, also where its server is busy', async () => {
    const headers = { 'metadata-flavor': 'Google' };
    google().script.push((response) => {
      setTimeout(() => response.writeHead(200, headers).end(account), 1500);
    });
    const env = { METADATA_SERVER_DETECTION: '', GCE_METADATA_HOST: google().host };
    expect((await find({ env })).describe).toContain('(metadata server)');
  });

  it('the docker login', async () => {
    const found = await find({ files: { 'docker/config.json': { auths: { [garHost]: { auth: 'bWU6cGFzcw==' } } } } });
    expect(found.describe).toBe('docker login (me)');
    expect(await found.login()).toMatchObject({ username: 'me', password: 'pass' });
    expect(masked()).toEqual(['pass', 'bWU6cGFzcw==']);
  });

  it('nothing, which for a host of Google’s is an error and for another one not', async () => {
    const failure = find({ json: ' \n' });
    await expect(failure).rejects.toThrow(UsageError);
    await expect(failure).rejects.toThrow(
      `There are no credentials for ${garHost}: credentials-json is empty (as is a secret that is not set`,
    );
    const found = await find({ host: 'ghcr.io' });
    expect([found.describe, await found.login()]).toEqual(['no login for ghcr.io', undefined]);
  });
});

it('does not take another cloud’s metadata server for Google’s', async () => {
  google().script.push({ status: 200, body: 'x@y' });
  await expect(find({ env: { METADATA_SERVER_DETECTION: '', GCE_METADATA_HOST: google().host } })).rejects.toThrow(
    'There are no credentials',
  );
  expect(google().requests).toHaveLength(1);
});

describe('loginsFor', () => {
  it('gives the run’s host its credentials, and others what docker has', async () => {
    const key = await testKey('kfp-demo', `http://${google().host}/token`);
    google().trust(key.clientEmail, key.privateKey);
    const files = {
      'docker/config.json': {
        auths: { 'ghcr.io': { auth: 'bWU6cGFzcw==' }, [garHost]: { auth: 'YTpi' } },
        credHelpers: { 'x.io': 'missing' },
      },
    };
    const credentials = await find({ json: key.json, files });
    const logins = loginsFor(garHost, credentials, log, { DOCKER_CONFIG: file('docker') });
    expect(await logins(garHost)).toMatchObject({ username: 'oauth2accesstoken', password: google().issued[0] });
    expect(await logins('ghcr.io')).toMatchObject({ username: 'me', password: 'pass' });
    expect(await logins('docker.io')).toBeUndefined();
    expect(await logins('x.io')).toBeUndefined();
    expect(await logins('x.io')).toBeUndefined();
    expect(lines()).toEqual([
      expect.stringMatching(
        / names docker-credential-missing for .* is not installed.* x\.io is used without a login\.$/,
      ),
    ]);
  });
});
