import { expect, test } from 'vitest';
import { dockerTypesRefusal } from '../../src/oci/dockerTypes';
import { serversOfATest } from '../support/httpServer';
import { testClient } from '../support/registryClient';

/* Does a registry take Docker's own media types? How real ones answer: make test-registries. */

const start = serversOfATest();
const errors = (code: string, message = ''): string => JSON.stringify({ errors: [{ code, message }] });

const ask = async (put: { readonly status: number; readonly body: string }) => {
  const server = await start(({ method }) =>
    method === 'PUT' ? put : { status: 404, body: errors('MANIFEST_UNKNOWN', 'manifest unknown') },
  );
  const refusal = await dockerTypesRefusal(testClient().registry, `${server.host}/p/r`);
  return { refusal, requests: server.requests };
};

test.each([
  ['415', { status: 415, body: errors('MANIFEST_INVALID', 'manifest invalid') }, '415'],
  ['400 with words', { status: 400, body: errors('MANIFEST_INVALID', 'unsupported media type: x') }, 'media type: x'],
])('refused: %s', async (_, put, words) => {
  const { refusal } = await ask(put);
  expect(refusal).toContain(words);
});

test.each([
  ['the config is missing', { status: 400, body: errors('MANIFEST_BLOB_UNKNOWN', 'blob unknown') }],
  ['nobody knows why', { status: 400, body: errors('MANIFEST_INVALID', 'manifest invalid') }],
  ['a fault', { status: 503, body: 'media type' }],
])('not refused: %s', async (_, put) => {
  expect((await ask(put)).refusal).toBeUndefined();
});

test('what a registry stores all the same is deleted again', async () => {
  const { refusal, requests } = await ask({ status: 201, body: '' });
  expect(refusal).toBeUndefined();
  const [put, gone] = [requests.find(({ method }) => method === 'PUT'), requests.at(-1)];
  expect(put?.headers['content-type']).toBe('application/vnd.docker.distribution.manifest.v2+json');
  expect(gone).toMatchObject({ method: 'DELETE', path: put?.path });
});
