import { expect, test } from 'vitest';
import { EnvironmentError } from '../../src/errors';
import { createBaseImages, type BaseImages } from '../../src/run/baseImages';
import type { Log } from '../../src/types';
import { serversOfATest } from '../support/httpServer';
import { testClient } from '../support/registryClient';

const start = serversOfATest();

type Answer = number | 'stall' | 'gone';

/** Asks for a base image in a registry that answers so, and gives the warnings. */
async function warningsOf(
  status: Answer,
  ask: (bases: BaseImages, host: string) => Promise<unknown>,
  login?: () => Promise<never>,
): Promise<string> {
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
  expect(await ask(createBaseImages(registry, log), server.host)).toBeUndefined();
  return said.join('\n');
}

/** The same for its digest. */
function warnings(status: Answer, login?: () => Promise<never>): Promise<string> {
  return warningsOf(status, (bases, host) => bases.digest(`${host}/no/such/base:1`), login);
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

/** What a base image that is named by its digest has in it: which it is, nobody has to be asked. */
const configOf = (status: Answer): Promise<string> =>
  warningsOf(status, async (bases, host) => bases.config?.(`${host}/no/such/base@sha256:${'a'.repeat(64)}`, undefined));

test.each([
  [500, /answered 500/],
  ['stall' as const, /sent nothing within/],
])('a configuration that a registry does not tell (%s) is named: another key comes of it', async (how, says) => {
  const said = await configOf(how);
  expect(said).toMatch(/^The configuration of base image \S+ can't be read: /);
  expect(said).toMatch(says);
  expect(said).toContain('The content keys are others than those of a run that gets an answer.');
});

test('a configuration that is not to be had without a network is no news', async () => {
  expect(await configOf('gone')).toBe('');
});
