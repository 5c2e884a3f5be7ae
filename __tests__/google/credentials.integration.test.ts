import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loginsFor } from '../../src/google/credentials';
import { clockOfATest } from '../support/clock';
import { tempDir, type TempDir } from '../support/engine';
import { authorizedUser, externalAccount, impersonatedAccount } from '../support/googleTokens';
import { machineOfATest, type Machine } from '../support/machine';
import { startRegistry, type TestRegistry } from '../support/registry';
import { testClient } from '../support/registryClient';
import { startTokenServer, type TokenServer } from '../support/tokenServer';

const { google, restartGoogle, find, file, log, masked } = machineOfATest();
const clock = clockOfATest();

/** A registry as Artifact Registry is one: its token server takes Google's access tokens, and only while they are good. */
const seconds = 600;
let folder: TempDir;
let tokens: TokenServer;
let registry: TestRegistry;
beforeEach(async () => {
  folder = await tempDir();
  const password = (given: string): boolean => google().isGood(given);
  tokens = await startTokenServer({ folder: folder.path, username: 'oauth2accesstoken', password, seconds });
  registry = await startRegistry({ auth: { token: tokens.token } });
});
afterEach(async () => {
  await registry.stop();
  await tokens.close();
  await folder.remove();
});

const kinds: readonly { name: string; machine: (host: string) => Machine }[] = [
  { name: 'a federated identity', machine: (host) => ({ json: JSON.stringify(externalAccount(host)) }) },
  {
    name: 'a federated identity of a service account',
    machine: (host) => ({ json: JSON.stringify(externalAccount(host, { impersonates: true })) }),
  },
  {
    name: 'what google-github-actions/auth left',
    machine: (host) => ({
      env: { GOOGLE_GHA_CREDS_PATH: file('gha.json') },
      files: { 'gha.json': externalAccount(host) },
    }),
  },
  {
    name: 'a person',
    machine: (host) => ({ files: { '.config/gcloud/application_default_credentials.json': authorizedUser(host) } }),
  },
  {
    name: 'a person as a service account',
    machine: (host) => ({
      files: { '.config/gcloud/application_default_credentials.json': impersonatedAccount(host) },
    }),
  },
];

/** Writes something; then so often again, each time when every token so far has ended. */
async function push(machine: Machine, again = 0): Promise<void> {
  const credentials = await find({ ...machine, host: registry.host });
  const { registry: client, lines, secrets } = testClient({ login: loginsFor(registry.host, credentials, log) });
  for (let step = 0; step <= again; step++) {
    await client.putBlob(`${registry.path}/driver`, 'text/plain', Buffer.from(`blob ${step}`));
    clock.advance(seconds + 1);
  }
  expect(lines).toEqual([]);
  expect([...masked(), ...secrets]).toEqual(expect.arrayContaining([...google().issued, ...tokens.issued]));
}

describe('the registry is written to', () => {
  it.each(kinds)('as $name', async ({ machine }) => {
    await push(machine(google().host));
  });

  it('for longer than any token lives', async () => {
    await restartGoogle(seconds);
    await push({ json: JSON.stringify(externalAccount(google().host, { impersonates: true })) }, 3);
    // Each time an outside, a federated and an access token.
    expect(google().issued).toHaveLength(12);
    // And one to look, one to write.
    expect(tokens.issued).toHaveLength(8);
  });
});
