import { describe, expect, it } from 'vitest';
import { serversOfATest, type Reply, type TestServer } from '../support/httpServer';
import { manifestType, sha256, someManifest, testClient } from '../support/registryClient';

const start = serversOfATest();

const { bytes, digest } = someManifest();
const good: Reply = {
  status: 200,
  headers: { 'content-type': `${manifestType}; charset=utf-8`, 'docker-content-digest': digest },
  body: bytes,
};
const unknown: Reply = { status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' };
const methods = (server: TestServer): readonly string[] => server.requests.map(({ method }) => method);

describe('head', () => {
  it('gives type, digest and size without the body', async () => {
    const server = await start(() => ({
      ...good,
      headers: { ...good.headers, 'content-length': String(bytes.length) },
    }));
    const found = await testClient().registry.head(`${server.host}/p/r`, 'latest');
    expect(found).toEqual({ mediaType: manifestType, digest, size: bytes.length });
    expect(methods(server)).toEqual(['HEAD']);
    const accepted = server.requests[0]?.headers.accept?.split(', ');
    expect(accepted).toEqual([
      'application/vnd.oci.image.index.v1+json',
      'application/vnd.oci.image.manifest.v1+json',
      'application/vnd.docker.distribution.manifest.list.v2+json',
      'application/vnd.docker.distribution.manifest.v2+json',
      'application/vnd.oci.artifact.manifest.v1+json',
    ]);
  });

  it.each([
    ['digest', { 'content-type': manifestType, 'content-length': '5' }],
    ['size', { 'content-type': manifestType, 'docker-content-digest': digest }],
    ['readable digest', { 'content-type': manifestType, 'content-length': '5', 'docker-content-digest': 'md5:x' }],
    [
      'size of what was not packed on its way',
      {
        'content-type': manifestType,
        'content-length': '5',
        'content-encoding': 'gzip',
        'docker-content-digest': digest,
      },
    ],
  ])('reads the manifest where the answer has no %s', async (_, headers) => {
    const server = await start(({ method }) => (method === 'HEAD' ? { status: 200, headers } : good));
    expect(await testClient().registry.head(`${server.host}/p/r`, 'latest')).toMatchObject({
      digest,
      size: bytes.length,
    });
    expect(methods(server)).toEqual(['HEAD', 'GET']);
  });

  it.each([405, 501])('reads the manifest where HEAD is answered with %d', async (status) => {
    const server = await start(({ method }) => (method === 'HEAD' ? { status } : good));
    expect(await testClient().registry.head(`${server.host}/p/r`, 'latest')).toMatchObject({ digest });
    expect(methods(server)).toEqual(['HEAD', 'GET']);
  });

  it('gives undefined for what is not there', async () => {
    const server = await start(() => ({ status: 404 }));
    expect(await testClient().registry.head(`${server.host}/p/r`, 'latest')).toBeUndefined();
  });

  it('does not believe another digest than it asked for', async () => {
    const headers = { 'content-type': manifestType, 'content-length': '5', 'docker-content-digest': sha256('other') };
    const server = await start(() => ({ status: 200, headers }));
    await expect(testClient().registry.head(`${server.host}/p/r`, digest)).rejects.toThrow('do not belong together');
  });
});

describe('manifest', () => {
  it('takes the type from the manifest itself, and works the digest out when the registry names none', async () => {
    const server = await start(() => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: bytes }));
    expect(await testClient().registry.manifest(`${server.host}/p/r`, 'latest')).toMatchObject({
      mediaType: manifestType,
      digest,
    });
  });

  it('checks sha512 digests too', async () => {
    const server = await start(() => good);
    const reference = `sha512:${'0'.repeat(128)}`;
    await expect(testClient().registry.manifest(`${server.host}/p/r`, reference)).rejects.toThrow(
      'do not belong together',
    );
  });
});

describe('putManifest', () => {
  const put = (server: TestServer, reference = 'latest', beforeRepeat?: () => Promise<void>): Promise<unknown> =>
    testClient().registry.putManifest(`${server.host}/p/r`, reference, manifestType, bytes, beforeRepeat);

  it('sends type and bytes once', async () => {
    const server = await start(() => ({ status: 201, headers: { 'docker-content-digest': digest } }));
    expect(await put(server)).toEqual({ mediaType: manifestType, digest, size: bytes.length });
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ method: 'PUT', path: '/v2/p/r/manifests/latest', body: bytes });
    expect(server.requests[0]?.headers['content-type']).toBe(manifestType);
  });

  it('does not repeat a put whose answer got lost, when it was carried out', async () => {
    const server = await start(({ method }) => (method === 'PUT' ? 'cut' : good));
    const asked: string[] = [];
    await put(server, 'latest', () => Promise.resolve(void asked.push('asked')));
    expect(methods(server)).toEqual(['PUT', 'GET']);
    expect(asked).toEqual([]);
  });

  it('asks before it repeats one that was not carried out, and goes on', async () => {
    const server = await start(({ method }, count) =>
      method === 'GET' ? unknown : count === 1 ? 'cut' : { status: 201 },
    );
    const asked: number[] = [];
    await put(server, 'latest', () => Promise.resolve(void asked.push(server.requests.length)));
    expect(methods(server)).toEqual(['PUT', 'GET', 'PUT']);
    expect(asked).toEqual([2]);
  });

  it('stops when asked to, with that error', async () => {
    const newer = { ...good, body: 'newer', headers: { 'docker-content-digest': sha256('newer') } };
    const server = await start(({ method }) => (method === 'GET' ? newer : 'cut'));
    const reason = new Error('latest is at a newer commit');
    await expect(put(server, 'latest', () => Promise.reject(reason))).rejects.toBe(reason);
    expect(methods(server)).toEqual(['PUT', 'GET']);
  });

  const immutable: Reply = {
    status: 400,
    body: '{"errors":[{"code":"MANIFEST_INVALID","message":"cannot update tag latest. The repository has enabled tag immutability"}]}',
  };

  it('is content when an immutable tag is right already', async () => {
    const server = await start(({ method }) => (method === 'GET' ? good : immutable));
    expect(await put(server)).toMatchObject({ digest });
  });

  it('passes on the refusal when an immutable tag is elsewhere', async () => {
    const server = await start(({ method }) => (method === 'GET' ? { status: 200, body: 'other' } : immutable));
    await expect(put(server)).rejects.toThrow('MANIFEST_INVALID: cannot update tag latest. The repository has enabled');
  });

  it('looks again when the registry names another digest', async () => {
    const server = await start(({ method }) =>
      method === 'GET' ? good : { status: 201, headers: { 'docker-content-digest': sha256('other') } },
    );
    expect(await put(server)).toMatchObject({ digest });
    expect(methods(server)).toEqual(['PUT', 'GET']);
  });

  it('sends nothing when the bytes have not the digest they are put under', async () => {
    const server = await start(() => good);
    await expect(put(server, sha256('other'))).rejects.toThrow(`the manifest's digest is ${digest}`);
    expect(server.requests).toEqual([]);
  });
});

describe('deleteManifest', () => {
  it.each([
    [202, true],
    [404, false],
  ])('%d means %s', async (status, expected) => {
    const server = await start(() => ({ status }));
    expect(await testClient().registry.deleteManifest(`${server.host}/p/r`, digest)).toBe(expected);
  });

  it('takes 404 to a repetition for its own work', async () => {
    const server = await start((_, count) => (count === 1 ? 'cut' : { status: 404 }));
    expect(await testClient().registry.deleteManifest(`${server.host}/p/r`, digest)).toBe(true);
  });
});
