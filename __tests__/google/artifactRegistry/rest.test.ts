import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RegistryError } from '../../../src/errors';
import { authClientOf } from '../../../src/google/artifactRegistry/authClient';
import { createApiClient } from '../../../src/google/artifactRegistry/client';
import { createRepository } from '../../../src/google/artifactRegistry/createRepository';
import { preflight } from '../../../src/google/artifactRegistry/preflight';
import type { Preflight } from '../../../src/google/artifactRegistry/preflightDecision';
import { apiRemover } from '../../../src/google/artifactRegistry/remove';
import { bounds } from '../../../src/system/bounds';
import type { FakeArtifactRegistry } from '../../support/fakeGoogle/artifactRegistryApi';
import { google, json } from '../../support/fakeGoogle/identity';
import type { FakeWorld } from '../../support/fakeGoogle/world';
import type { Reply } from '../../support/httpServer';
import { account, at, openFakeRegistry, patient } from './fakeRegistry';

/* What comes back from Google, or from something on the way to it, against the FAKE of its API. */

let world: FakeWorld;
let api: FakeArtifactRegistry;

beforeEach(async () => {
  ({ world, api } = await openFakeRegistry('admin'));
});
afterEach(() => api.close());

const path = at('europe-west3-docker.pkg.dev/my-project/new');
const requests = () => api.server.requests.length;

async function auth(seconds = 600) {
  const client = await authClientOf({ username: 'oauth2accesstoken', password: world.issue(account, seconds) });
  if (client === undefined) throw new Error('no credentials');
  return client;
}

async function create(timeoutMs = patient.timeoutMs): Promise<'created' | 'there'> {
  return createRepository(path, await auth(), { endpoint: api.endpoint, timeoutMs });
}

async function look(): Promise<Preflight> {
  const kfp = at('europe-west3-docker.pkg.dev/my-project/kfp');
  return preflight(kfp, await auth(), { endpoint: api.endpoint, account, ...patient });
}

const operation = (more: object): Reply =>
  json(200, { name: 'projects/my-project/locations/europe-west3/operations/1', ...more });
const page = (status: number): Reply => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: '<html><body>private_key denied: 403 Forbidden</body></html>',
});

describe('an operation', () => {
  test('that failed is not started again, and its reason is reported', async () => {
    const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'IAM_PERMISSION_DENIED', metadata: {} };
    const error = { code: 7, message: 'Permission denied on the key.', details: [info] };
    api.answerNext(operation({ done: false }), operation({ done: true, error }));
    const failure = create();
    await expect(failure).rejects.toThrow(RegistryError);
    await expect(failure).rejects.toThrow(/Permission denied on the key.*\n.*roles\/artifactregistry\.admin/s);
    expect(requests()).toBe(2);
  });

  test('is asked about again where the answer was 503 or a proxy’s 502', async () => {
    api.answerNext(operation({}), google(503, 'UNAVAILABLE', 'later'), page(502), operation({ done: true }));
    expect(await create()).toBe('created');
    expect(requests()).toBe(4);
  });

  test('that does not end is given up in time, and nothing is asked after that', async () => {
    api.answerNext(...Array.from({ length: 50 }, () => operation({ done: false })));
    await expect(create(1500)).rejects.toThrow(/did not answer in time/);
    // What was on its way when the time was over still arrives.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const asked = requests();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(requests()).toBe(asked);
  });

  test('of a deletion is waited for in the same way', async () => {
    const done = { done: true, error: { code: 9, message: 'It is in use.' } };
    api.answerNext(operation({ done: false }), google(503, 'UNAVAILABLE', 'later'), operation(done));
    const remover = apiRemover(path, () => auth(), { endpoint: api.endpoint, ...patient });
    const deletion = remover.deleteVersion(`${path.full}/driver`, `sha256:${'a'.repeat(64)}`);
    await expect(deletion).rejects.toThrow(/can't be deleted: It is in use\./);
  });
});

test('an answer that never comes ends with its time', async () => {
  api.answerNext('stall');
  await expect(create(1000)).rejects.toThrow(/did not answer in time|sent nothing/);
});

describe('a page that is not Google’s', () => {
  test.each([200, 403, 404])(
    'with status %d is reported as what it is, and is not a verdict on key or role',
    async (status) => {
      api.answerNext(page(status), page(status));
      const found = await look();
      expect(found.errors).toEqual([]);
      const told = JSON.stringify(found.warnings);
      expect(told).toMatch(/a proxy or firewall on the way/);
      expect(told).not.toMatch(/roles\/|key-|credentials/);
    },
  );

  test('ends the making of a repository with just that', async () => {
    api.answerNext(page(403));
    await expect(create()).rejects.toThrow(
      /answered 403 with something that is not JSON: that is not Google, but a proxy/,
    );
  });
});

test('a token that has less than five minutes left is good until its end', async () => {
  expect(await createRepository(path, await auth(290), { endpoint: api.endpoint, ...patient })).toBe('created');
});

describe('an answer', () => {
  const name = 'projects/my-project/locations/europe-west3/repositories/kfp';
  const start = `{"name":"${name}"`;
  const { answer: size } = bounds.google;
  const ask = async (reply: Reply): Promise<unknown> => {
    const client = await createApiClient(await auth(), api.endpoint);
    api.answerNext(reply);
    const [repository] = await client.getRepository({ name });
    return repository.name;
  };

  test('as large as may be is read', async () => {
    expect(await ask({ ...json(200, {}), body: `${start}${' '.repeat(size - start.length - 1)}}` })).toBe(name);
  });

  test('without end is given up', async () => {
    const block = Buffer.alloc(2 ** 16, ' ');
    let sent = 0;
    const endless: Reply = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write(start);
      const more = (): void => {
        while (!response.destroyed && response.write(block)) sent += block.length;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    await expect(ask(endless)).rejects.toThrow(`over limit: ${String(size)}`);
    // What the system holds between two programs comes on top.
    expect(sent).toBeLessThan(4 * size);
  });
});
