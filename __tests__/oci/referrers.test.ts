import { describe, expect, it } from 'vitest';
import { serversOfATest, type Reply } from '../support/httpServer';
import { sha256, testClient } from '../support/registryClient';

const start = serversOfATest();
const subject = sha256('the image');
const indexType = 'application/vnd.oci.image.index.v1+json';

const page = (names: readonly string[] | null, link?: string): Reply => ({
  status: 200,
  headers: { 'content-type': indexType, ...(link === undefined ? {} : { link }) },
  body: JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: names?.map((name) => ({ mediaType: 'x/y', digest: sha256(name), size: 1 })) ?? null,
  }),
});

const ask = async (host: string) => {
  const found = await testClient().registry.referrers(`${host}/p/r`, subject);
  return found?.map(({ digest }) => digest);
};

describe('what is attached', () => {
  it('is read page by page', async () => {
    const server = await start(({ path }) => {
      if (path.includes('page=3')) return page([]);
      if (path.includes('page=2'))
        return page(['b', 'c'], `<http://${server.host}/v2/p/r/referrers/${subject}?page=3>; rel="next"`);
      return page(['a'], `</v2/p/r/referrers/${subject}?page=2>; rel="next"`);
    });
    expect(await ask(server.host)).toEqual(['a', 'b', 'c'].map(sha256));
    expect(server.requests).toHaveLength(3);
  });

  it.each([
    ['null', page(null)],
    ['an empty list', page([])],
  ])('is nothing when the list is %s', async (_, reply) => {
    const server = await start(() => reply);
    expect(await ask(server.host)).toEqual([]);
  });

  it.each<[string, Reply]>([
    ['404', { status: 404, body: '404 page not found' }],
    ['405', { status: 405 }],
    ['a page for people', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' }],
  ])('is not known when the answer is %s', async (_, reply) => {
    const server = await start(() => reply);
    expect(await ask(server.host)).toBeUndefined();
  });

  it.each<[string, Reply, string]>([
    ['turns in circles', page(['b'], '<?page=2>; rel="next"'), 'pages without end'],
    ['goes on elsewhere', page(['b'], '<https://evil.example.com/>; rel="next"'), 'has its next page elsewhere'],
    ['ends with something else', { status: 404 }, 'gave a page that is not a list'],
  ])('is never half a list: one that %s is an error', async (_, second, text) => {
    const server = await start(({ path }) => (path.includes('page=2') ? second : page(['a'], '<?page=2>; rel="next"')));
    await expect(ask(server.host)).rejects.toThrow(text);
  });
});
