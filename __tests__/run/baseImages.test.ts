import { expect, test } from 'vitest';
import { EnvironmentError } from '../../src/errors';
import { createBaseImages } from '../../src/run/baseImages';
import type { Log } from '../../src/types';
import { serversOfATest } from '../support/httpServer';
import { testClient } from '../support/registryClient';

const start = serversOfATest();

/** Looks a base image up in a registry that answers so, and gives the warnings. */
async function warnings(status: number, login?: () => Promise<never>): Promise<string> {
  const asks = { 'www-authenticate': 'Basic realm="x"' };
  const server = await start(() => ({ status, headers: status === 401 ? asks : {} }));
  const said: string[] = [];
  const log: Log = {
    ...{ debug: () => undefined, info: () => undefined, error: () => undefined },
    warning: (text) => void said.push(text),
  };
  const known = login ?? { username: 'me', password: 'a password' };
  const { registry } = testClient({ login: known, limits: { attempts: 1 } });
  expect(await createBaseImages(registry, log).digest(`${server.host}/no/such/base:1`)).toBeUndefined();
  return said.join('\n');
}

test.each([
  [401, /answered 401.*docker login/],
  [403, /answered 403/],
  [429, /answered 429/],
])('a registry’s %d is told, with what is done instead', async (status, says) => {
  const said = await warnings(status);
  expect(said).toMatch(says);
  expect(said).toMatch(/images built on it are rebuilt/);
});

test('so is a credential helper that refuses, with the file that names it', async () => {
  const refused = new EnvironmentError(
    'docker-credential-x gives no login. Fix it, or take it out of /home/me/config.json.',
  );
  expect(await warnings(401, () => Promise.reject(refused))).toMatch(/docker-credential-x .*config\.json/);
});

test('an image that is just not there is no refusal', async () => {
  expect(await warnings(404)).toMatch(/rebuilt\.$/);
});
