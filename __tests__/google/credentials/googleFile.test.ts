import { describe, expect, it } from 'vitest';
import { EnvironmentError, UsageError } from '../../../src/errors';
import { authorizedUser, externalAccount } from '../../support/googleTokens';
import { machineOfATest } from '../../support/machine';

const { find, file } = machineOfATest();

describe('a credentials file is refused', () => {
  const given = (change: object): string =>
    JSON.stringify({ ...externalAccount('127.0.0.1:1', { impersonates: true }), ...change });
  const cases: readonly { name: string; json: () => string; env?: Record<string, string>; says: string }[] = [
    {
      name: 'that sends tokens elsewhere',
      json: () => given({ token_url: 'https://evil.example.com/v1/token' }),
      says: "its token_url is not one of Google's (evil.example.com)",
    },
    {
      name: 'with a host that only ends alike',
      json: () => given({ token_url: 'https://evilgoogleapis.com/' }),
      says: "not one of Google's",
    },
    {
      name: 'that names its own universe',
      json: () => given({ token_url: 'https://sts.evil.com/', universe_domain: 'evil.com' }),
      says: "not one of Google's",
    },
    {
      name: 'that impersonates elsewhere',
      json: () => given({ service_account_impersonation_url: 'https://evil.example.com/' }),
      says: 'its service_account_impersonation_url is not',
    },
    {
      name: 'without TLS',
      json: () => given({ token_url: 'http://sts.googleapis.com/' }),
      says: 'its token_url is not an https URL',
    },
    {
      name: 'that asks without TLS',
      json: () => given({ credential_source: { url: 'http://example.com/' } }),
      says: 'its credential_source.url is not an https URL',
    },
    {
      name: 'that runs a program',
      json: () => given({ credential_source: { executable: { command: 'rm' } } }),
      says: 'neither a file nor a URL',
    },
    { name: 'without an audience', json: () => given({ audience: 1 }), says: 'it has no audience' },
    {
      name: 'of a person, as an input',
      json: () => JSON.stringify(authorizedUser('127.0.0.1:1')),
      says: 'it is the login of a person',
    },
  ];
  it.each(cases)('$name', async ({ json, says }) => {
    await expect(find({ json: json() })).rejects.toThrow(UsageError);
    await expect(find({ json: json() })).rejects.toThrow(says);
  });

  it('but not when GOOGLE_CLOUD_UNIVERSE_DOMAIN names its hosts', async () => {
    const json = given({ token_url: 'https://sts.example.goog/', service_account_impersonation_url: undefined });
    const found = await find({ json, env: { GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'example.goog' } });
    expect(found.describe).toContain('workload identity');
  });

  it('that is named and gone, with the usual reason', async () => {
    const failure = find({ env: { GOOGLE_GHA_CREDS_PATH: file('gha-creds-1.json') } });
    await expect(failure).rejects.toThrow(EnvironmentError);
    await expect(failure).rejects.toThrow(
      'a later actions/checkout removed it: put the step with auth behind the one with checkout',
    );
  });

  it('that is broken, under its own name', async () => {
    const failure = find({ env: { GOOGLE_APPLICATION_CREDENTIALS: file('adc.json') }, files: { 'adc.json': '{' } });
    await expect(failure).rejects.toThrow("GOOGLE_APPLICATION_CREDENTIALS can't be used: it is cut off");
  });
});
