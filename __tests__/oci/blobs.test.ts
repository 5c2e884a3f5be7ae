import { describe, expect, it } from 'vitest';
import { serversOfATest, type TestServer } from '../support/httpServer';
import { sha256, testClient } from '../support/registryClient';

const start = serversOfATest();
const methods = (server: TestServer): readonly string[] => server.requests.map(({ method }) => method);

describe('blobs', () => {
  const blob = Buffer.from('a blob');
  const blobDigest = sha256(blob);

  it('throws when a blob is not there', async () => {
    const server = await start(() => ({ status: 404, body: '{"errors":[{"code":"BLOB_UNKNOWN"}]}' }));
    const failure = testClient().registry.blob(`${server.host}/p/r`, blobDigest);
    await expect(failure).rejects.toMatchObject({ status: 404, codes: ['BLOB_UNKNOWN'] });
  });

  it('gives no bytes of another digest', async () => {
    const server = await start((_, count) => ({ status: 200, body: count < 3 ? 'a blub' : blob }));
    const { registry, lines } = testClient();
    expect(Buffer.from(await registry.blob(`${server.host}/p/r`, blobDigest))).toEqual(blob);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('gave bytes of another digest');
  });

  it.each([403, 405])('are there where the storage they are sent for refuses HEAD (%d)', async (status) => {
    const storage = await start(({ method }) => (method === 'HEAD' ? { status } : { status: 200, body: blob }));
    const server = await start(() => ({ status: 307, headers: { location: `http://${storage.host}/signed?for=GET` } }));
    const { registry } = testClient();
    expect(await registry.hasBlob(`${server.host}/p/r`, blobDigest)).toBe(true);
    expect(Buffer.from(await registry.blob(`${server.host}/p/r`, blobDigest))).toEqual(blob);
  });

  it('uploads nothing that is there', async () => {
    const server = await start(() => ({ status: 200 }));
    await testClient().registry.putBlob(`${server.host}/p/r`, 'text/plain', blob);
    expect(methods(server)).toEqual(['HEAD']);
  });

  it('a login that only reads is found though all blobs are there, and an upload that was opened is cancelled', async () => {
    const reading = await start(({ method }) => ({ status: method === 'HEAD' ? 200 : 403, body: 'denied' }));
    const refused = testClient().registry.checkPush(`${reading.host}/p/r`);
    await expect(refused).rejects.toMatchObject({ status: 403 });
    const writing = await start(({ method }) =>
      method === 'POST' ? { status: 202, headers: { location: '/v2/p/r/blobs/uploads/1?state=x' } } : { status: 405 },
    );
    await testClient().registry.checkPush(`${writing.host}/p/r`);
    expect(writing.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v2/p/r/blobs/uploads/',
      'DELETE /v2/p/r/blobs/uploads/1?state=x',
    ]);
  });

  it('starts the upload again when its place has ended', async () => {
    const server = await start(({ method }, count) => {
      if (method === 'HEAD') return { status: 404 };
      if (method === 'POST') return { status: 202, headers: { location: `/up/${count}` } };
      return count < 4 ? { status: 404, body: '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}' } : { status: 201 };
    });
    await testClient().registry.putBlob(`${server.host}/p/r`, 'text/plain', blob);
    expect(methods(server)).toEqual(['HEAD', 'POST', 'PUT', 'HEAD', 'POST', 'PUT']);
  });

  it('does not upload twice when only the answer got lost', async () => {
    const server = await start(({ method }, count) => {
      if (method === 'HEAD') return { status: count === 1 ? 404 : 200 };
      return method === 'POST' ? { status: 202, headers: { location: '/up' } } : 'cut';
    });
    await testClient().registry.putBlob(`${server.host}/p/r`, 'text/plain', blob);
    expect(methods(server)).toEqual(['HEAD', 'POST', 'PUT', 'HEAD']);
  });

  it.each([
    [201, true],
    [202, false],
    [403, false],
    [404, false],
    [405, false],
  ])('mounting: %d means %s', async (status, expected) => {
    const server = await start(() => ({ status }));
    const { registry } = testClient();
    expect(await registry.mountBlob(`${server.host}/p/r`, blobDigest, `${server.host}/p/base`)).toBe(expected);
    const query = new URLSearchParams({ mount: blobDigest, from: 'p/base' }).toString();
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: `/v2/p/r/blobs/uploads/?${query}` });
  });

  it('does not ask one registry for another’s blob', async () => {
    const server = await start(() => ({ status: 201 }));
    expect(await testClient().registry.mountBlob(`${server.host}/p/r`, blobDigest, 'ghcr.io/p/base')).toBe(false);
    expect(server.requests).toEqual([]);
  });
});
