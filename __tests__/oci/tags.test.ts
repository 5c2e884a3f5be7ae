import { describe, expect, it } from 'vitest';
import { serversOfATest, type Reply } from '../support/httpServer';
import { testClient } from '../support/registryClient';

const start = serversOfATest();

describe('tags', () => {
  const page = (tags: unknown, link?: string): Reply => ({
    status: 200,
    headers: link === undefined ? {} : { link },
    body: JSON.stringify({ name: 'p/r', tags }),
  });

  it('are read page by page, each once, and only what is a tag', async () => {
    const server = await start(({ path }) => {
      if (path.includes('last=b')) return page(['c', 'a', 7, 'no tag', null]);
      if (path.includes('last=a')) return page(['b'], '</v2/p/r/tags/list?last=b&n=1>; rel=next');
      return page(
        ['a'],
        `<http://${server.host}/v2/p/r/tags/list?last=a,x&n=1>; title="x, y"; rel="next", </>; rel="first"`,
      );
    });
    expect(await testClient().registry.tags(`${server.host}/p/r`)).toEqual(['a', 'b', 'c']);
    expect(server.requests).toHaveLength(3);
  });

  it('are read on where a registry behind a proxy does not know by which protocol it is spoken to', async () => {
    const server = await start(({ path }) =>
      path.includes('last=a')
        ? page(['b'])
        : page(['a'], `<https://${server.host}/v2/p/r/tags/list?last=a&n=1>; rel="next"`),
    );
    expect(await testClient().registry.tags(`${server.host}/p/r`)).toEqual(['a', 'b']);
  });

  it.each<[string, Reply]>([
    ['null', page(null)],
    ['missing', { status: 200, body: '{"name":"p/r"}' }],
    ['of a repository that is not there', { status: 404, body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' }],
  ])('are none when %s', async (_, reply) => {
    const server = await start(() => reply);
    expect(await testClient().registry.tags(`${server.host}/p/r`)).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['in circles', '</v2/p/r/tags/list?n=1000>; rel="next"', 'pages without end'],
    ['to another server', '<https://evil.example.com/v2/p/r/tags/list>; rel="next"', 'has its next page elsewhere'],
  ])('that lead %s are an error', async (_, link, text) => {
    const server = await start(() => page(['a'], link));
    await expect(testClient().registry.tags(`${server.host}/p/r`)).rejects.toThrow(text);
    expect(server.requests).toHaveLength(1);
  });

  it.each(['<html>', '{}', '{"status":"ok"}', '[]', '{"name":"p/r","tags":{"a":1}}'])(
    'that are no list are an error: %s',
    async (body) => {
      const server = await start(() => ({ status: 200, body }));
      await expect(testClient().registry.tags(`${server.host}/p/r`)).rejects.toThrow('is not a list of tags');
    },
  );

  it.each([
    [404, 'NAME_UNKNOWN'],
    [400, 'PAGINATION_NUMBER_INVALID'],
  ])('are an error where a later page is answered with %d', async (status, code) => {
    const server = await start(({ path }) =>
      path.includes('last=a')
        ? { status, body: JSON.stringify({ errors: [{ code }] }) }
        : page(['a'], '</v2/p/r/tags/list?last=a>; rel="next"'),
    );
    await expect(testClient().registry.tags(`${server.host}/p/r`)).rejects.toMatchObject({ status });
  });

  it('are asked for in the pages of a registry that has smaller ones than asked for', async () => {
    const server = await start(({ path }) => {
      if (path.includes('n=1000')) return { status: 400, body: '{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}' };
      return path.includes('last=a') ? page(['b', 'a']) : page(['a', 'a'], '<list?last=a>; rel="next"');
    });
    expect(await testClient().registry.tags(`${server.host}/p/r`)).toEqual(['a', 'b']);
    expect(server.requests.map(({ path }) => path)).toEqual(
      ['?n=1000', '', '?last=a'].map((query) => `/v2/p/r/tags/list${query}`),
    );
  });

  it('are refused where both questions are', async () => {
    const server = await start(() => ({ status: 400 }));
    await expect(testClient().registry.tags(`${server.host}/p/r`)).rejects.toMatchObject({ status: 400 });
    expect(server.requests).toHaveLength(2);
  });
});
