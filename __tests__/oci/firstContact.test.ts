import { describe, expect, it } from 'vitest';
import { nothingLearned } from '../../src/oci/session';
import { serversOfATest, type Reply } from '../support/httpServer';
import { testClient, type TestClient } from '../support/registryClient';

const start = serversOfATest();
const login = { username: '_json_key', password: 'secret' };
const basic = `Basic ${Buffer.from('_json_key:secret').toString('base64')}`;
const tags: Reply = { status: 200, body: '{"tags":["latest"]}' };

describe('the first request to a registry', () => {
  it('alone is refused of many that come at once, and none of another client that shares what was learned', async () => {
    const server = await start(({ headers }) =>
      headers.authorization === basic ? tags : { status: 401, headers: { 'www-authenticate': 'Basic realm="kfp"' } },
    );
    const learned = nothingLearned();
    const [one, other] = [testClient({ login, learned }), testClient({ login, learned })];
    const ask = ({ registry }: TestClient): Promise<unknown> =>
      Promise.all(['a', 'b', 'c'].map((name) => registry.tags(`${server.host}/p/${name}`)));
    expect(await ask(one)).toEqual([['latest'], ['latest'], ['latest']]);
    expect(await ask(other)).toEqual([['latest'], ['latest'], ['latest']]);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      ...Array.from({ length: 6 }, () => basic),
    ]);
  });

  it('does not hold up the others when the first that comes fails', async () => {
    let failed = 0;
    const server = await start(({ path }) => (path.includes('/p/a/') ? ((failed += 1), 'cut') : tags));
    const { registry } = testClient({ limits: { attemptsUnreached: 1, attempts: 1 } });
    const ended = await Promise.allSettled(['a', 'b', 'c'].map((name) => registry.tags(`${server.host}/p/${name}`)));
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(failed).toBe(1);
  });

  it('keeps nobody waiting when it is not answered', async () => {
    const server = await start(({ path }) => (path.includes('/p/a/') ? 'stall' : tags));
    const { registry } = testClient();
    const first = registry.tags(`${server.host}/p/a`).catch(() => []);
    expect(await registry.tags(`${server.host}/p/b`)).toEqual(['latest']);
    await server.close();
    await first;
  });
});
