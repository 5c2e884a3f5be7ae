import { expect, test } from 'vitest';
import { EnvironmentError } from '../../src/errors';
import { createBaseImages } from '../../src/run/baseImages';
import type { Log } from '../../src/types';
import { serversOfATest } from '../support/httpServer';
import { testClient } from '../support/registryClient';

const start = serversOfATest();

/** Looks a base image up in a registry that answers so, and gives the warnings. */
async function warnings(status: number | 'stall' | 'gone', login?: () => Promise<never>): Promise<string> {
  const asks = { 'www-authenticate': 'Basic realm="x"' };
  const server = await start(() =>
    typeof status === 'number' ? { status, headers: status === 401 ? asks : {} } : ('stall' as const),
  );
  if (status === 'gone') await server.close();
  const said: string[] = [];
  const log: Log = {
    ...{ debug: () => undefined, info: () => undefined, error: () => undefined },
    warning: (text) => void said.push(text),
  };
  const known = login ?? { username: 'me', password: 'a password' };
  const { registry } = testClient({ login: known, limits: { attempts: 1, stallMs: 200 } });
  expect(await createBaseImages(registry, log).digest(`${server.host}/no/such/base:1`)).toBeUndefined();
  return said.join('\n');
}

test.each([
  [401, /answered 401.*docker login/],
  [403, /answered 403/],
  [429, /answered 429/],
])('a registry’s %d is reported, with what is done instead', async (status, says) => {
  const said = await warnings(status);
  expect(said).toMatch(says);
  expect(said).toMatch(/images built on it are rebuilt/);
});

test.each([
  [500, /answered 500/],
  ['stall' as const, /sent nothing within/],
])('a registry that is there and does not tell (%s) is named: another key comes of it', async (how, says) => {
  const said = await warnings(how);
  expect(said).toMatch(says);
  expect(said).toContain('The content keys are others than those of a run that gets an answer.');
});

test('without a network that is no news', async () => {
  expect(await warnings('gone')).toMatch(/rebuilt\.$/);
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
