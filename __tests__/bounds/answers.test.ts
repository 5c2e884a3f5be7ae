import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bounds } from '../../src/system/bounds';
import { before, kfpImages, programs, type Ended } from '../run/world';
import { tempDir, type TempDir } from '../support/engine';
import { serversOfATest, type Reply } from '../support/httpServer';
import { expectCheap, expectWords, git, meter, repositoryOf } from './measured';

/* What registries, GitHub and clusters can answer, at the bounds of `src/system/bounds.ts` and above them, through the bundle. */

const serve = serversOfATest();
let folder: TempDir;
let home: TempDir;
let sha: string;
beforeEach(async () => {
  [folder, home] = await Promise.all([tempDir(), tempDir()]);
  sha = await repositoryOf(folder.path, { 'backend/Dockerfile.driver': 'FROM scratch\n' });
});
afterEach(async () => {
  await Promise.all([folder.remove(), home.remove()]);
});

async function command(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const measured = await meter(home.path);
  const own = { HOME: home.path, DOCKER_CONFIG: home.path, ...env, ...measured.env };
  const ended = await kfpImages(folder.path, args, { env: own });
  expectWords(ended);
  expectCheap(await measured.cost());
  return ended;
}

const block = Buffer.alloc(2 ** 20, ' ');

/** An answer that never ends: a beginning, and then blanks, which JSON takes anywhere. */
function endless(begin: string): Reply {
  return (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write(begin);
    const more = (): void => {
      while (!response.destroyed && response.write(block));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
}

const json = (body: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...headers },
  body,
});

describe('a list of tags', () => {
  /** `set` looks for a commit of HEAD's history that has a set, so it lists the tags. */
  const tags = async (
    page: (number: number) => { readonly tags: readonly string[]; readonly isLast: boolean } | Reply,
  ): Promise<Ended> => {
    const { host } = await serve(({ path }) => {
      const number = Number(/last=(\d+)/.exec(path)?.[1] ?? 0);
      const found = page(number);
      if (typeof found !== 'object' || !('isLast' in found)) return found;
      const link = `</v2/p/kfp-images-set/tags/list?last=${String(number + 1)}>; rel="next"`;
      return json(JSON.stringify({ tags: found.tags }), found.isLast ? {} : { link });
    });
    return command(['set', '--registry-path', `${host}/p`]);
  };
  const names = (page: number, count: number, length: number): readonly string[] =>
    Array.from({ length: count }, (_, at) => `${String(page)}-${String(at)}`.padEnd(length, 'x'));

  it('as long as may be, in one page, is read', async () => {
    const { tags: most, tagBytes } = bounds.registry;
    const all = names(0, most, Math.floor(tagBytes / most) - 4);
    expect((await tags(() => ({ tags: all, isLast: true }))).stderr).toContain('No commit of HEAD');
  });

  it('as long as may be, in pages, is read', async () => {
    const { tags: most, tagBytes } = bounds.registry;
    const page = (number: number) => ({
      tags: names(number, most / 100, Math.floor(tagBytes / most) - 5),
      isLast: number === 99,
    });
    expect((await tags(page)).stderr).toContain('No commit of HEAD');
  });

  it('in as many pages as may be is read', async () => {
    const page = (number: number) => ({
      tags: [`t${String(number)}`],
      isLast: number === bounds.registry.tagPages - 1,
    });
    expect((await tags(page)).stderr).toContain('No commit of HEAD');
  });

  it.each([
    [
      'pages',
      (number: number) => ({ tags: [`t${String(number)}`], isLast: false }),
      'gives more than 1000 pages, a list without end',
    ],
    [
      'tags',
      (number: number) => ({ tags: names(number, 10_000, 12), isLast: false }),
      'gives more than 250000 tags, a list without end',
    ],
    ['bytes', (number: number) => ({ tags: names(number, 10_000, 128), isLast: false }), 'the answer has more than'],
    ['one page', () => endless('{"tags":["a"'), `the answer has more than ${String(bounds.registry.tagBytes)} bytes`],
    [
      'one page of lists',
      () => json(`{"tags":[${'[],'.repeat(bounds.json.values)}1]}`),
      'the answer has more than 1000000 values',
    ],
  ] as const)('that goes on (%s) is refused', async (_, page, words) => {
    const ended = await tags(page);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(words);
  });
});

describe('of a registry', () => {
  const set = async (answer: (path: string, host: string) => Reply): Promise<Ended> => {
    let host = '';
    const server = await serve(({ path }) => answer(path, host));
    host = server.host;
    return command(['set', '--registry-path', `${host}/p`, '--commit', sha]);
  };
  const challenge = (host: string): Reply => ({
    status: 401,
    headers: { 'www-authenticate': `Bearer realm="http://${host}/token",service="x"` },
    body: '',
  });
  const filled = (begin: string, size: number): string => `${begin}${' '.repeat(size - begin.length - 1)}}`;
  const lists = `"x":[${'{},'.repeat(bounds.json.values / 2 - 10)}1]`;

  it('a manifest as large and as full as may be is read', async () => {
    const ended = await set(() => json(filled(`{"schemaVersion":2,${lists}`, bounds.registry.manifest)));
    expect(ended.stderr).toMatch(/is (?:no|not a) release set/);
  });
  it('a token as large as may be is read', async () => {
    const token = filled('{"token":"t"', bounds.registry.token);
    const ended = await set((path, host) => (path.startsWith('/token') ? json(token) : challenge(host)));
    expect(ended.stderr).not.toContain('more than');
    expect(ended.stderr).toMatch(/answered 401/);
  });
  it.each([
    ['a manifest', () => endless('{'), `the answer has more than ${String(bounds.registry.manifest)} bytes`],
    [
      'a token',
      (path: string, host: string) => (path.startsWith('/token') ? endless('{') : challenge(host)),
      `the answer has more than ${String(bounds.registry.token)} bytes`,
    ],
    [
      'redirects',
      (path: string) => ({ status: 307, headers: { location: `${path}x` } }),
      'redirects more than 5 times',
    ],
    [
      'an error',
      () => (response: ServerResponse) => void response.writeHead(403).write(Buffer.alloc(2 ** 24, 'x')),
      'answered 403',
    ],
    [
      'challenges',
      () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="x",'.repeat(900) } }),
      'asks for a login (401)',
    ],
  ] as const)('%s without end is refused', async (_, answer, words) => {
    const ended = await set(answer);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(words);
  });
});

describe('of GitHub', () => {
  const watch = async (answer: () => Reply): Promise<Ended> => {
    const { host } = await serve(answer);
    const url = `http://${host}`;
    await git(folder.path, ['remote', 'add', 'origin', `${url}/prokube/pipelines.git`]);
    const env = { GITHUB_SERVER_URL: url, GITHUB_API_URL: url, GITHUB_TOKEN: 'ghp_x', KFP_IMAGES_POLL_MS: '20' };
    return command(['watch', '--appear', '1s'], env);
  };
  it('an answer as large as may be is read', async () => {
    const runs = '{"message":"x","total_count":0,"workflow_runs":[]';
    const size = bounds.github.answer;
    const ended = await watch(() => json(`${runs}${' '.repeat(size - runs.length - 1)}}`));
    expect(ended.stderr).not.toContain('more than');
    expect(ended.exitCode).toBe(1);
  });
  it.each([
    ['without end', () => endless('{'), 'answers with more than 16 MiB, which is too much to be one'],
    [
      'of many values',
      () => json(`{"x":[${'[],'.repeat(bounds.json.values)}1]}`),
      'has more than 1000000 values, which is too much',
    ],
  ] as const)('an answer %s is refused', async (_, answer, words) => {
    const ended = await watch(answer);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(words);
  });
});

describe('of a cluster', () => {
  const list = '{"apiVersion":"v1","kind":"List","items":[';
  /** A kubectl that says a beginning, so many blanks, and an end. */
  const status = async (begin: string, blanks: number, end: string): Promise<Ended> => {
    const script = `case "$*" in *current-context*) echo c; exit;; *deployments*) ;; *--raw*) echo 'Error from server (NotFound): not found' >&2; exit 1;; *) echo '${list}]}'; exit;; esac; printf '%s' '${begin}'; head -c ${String(blanks)} /dev/zero | tr '\\0' ' '; printf '%s' '${end}'`;
    const bin = await programs(home.path, { kubectl: script });
    return command(['status'], { PATH: before(bin), KUBECONFIG: join(home.path, 'none') });
  };
  it('an answer as large as may be is read', async () => {
    const ended = await status(list, bounds.cluster.answer - list.length - 2, ']}');
    expect(ended.stderr).not.toMatch(/more than|can't be read/);
  });
  it('a larger one is refused', async () => {
    const ended = await status(list, 2 ** 36, ']}');
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('answered more than 32 MiB');
  });
});
