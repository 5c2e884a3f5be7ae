import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { message, SourceError } from '../../src/errors';
import { commitMessage, compare } from '../../src/event/github';
import type { Patience } from '../../src/event/githubAnswers';
import { startFakeGitHub, type FakeAnswer, type FakeGitHub } from '../support/fakeGitHub';

const [first, second, side, root] = ['1', '2', '3', '4'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
];
const stranger = 'f'.repeat(40);
const commits = [
  { sha: root, message: 'Begin' },
  { sha: first, message: 'Fix\n\n[driver] \u{1f680}', parents: [root] },
  { sha: second, message: '', parents: [first] },
  { sha: side, message: 'x'.repeat(1 << 20), parents: [root] },
];
const token = 'ghs_secretsecret';

let github: FakeGitHub;
let waited: number[] = [];
let reasons: string[] = [];
const patience: Patience = {
  answerWithin: 5000,
  attempts: 4,
  longestWait: 60_000,
  wait: (milliseconds, why) => {
    waited.push(milliseconds);
    reasons.push(why);
    return Promise.resolve();
  },
};
beforeEach(async () => {
  [waited, reasons] = [[], []];
  github = await startFakeGitHub({ commits, token });
});
afterEach(() => github.close());

const failure = async (promise: Promise<unknown>): Promise<string> => {
  const thrown: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(thrown).toBeInstanceOf(SourceError);
  expect(message(thrown)).not.toContain(token);
  return message(thrown);
};

describe('commitMessage', () => {
  test.each([
    ['a message', first, 'Fix\n\n[driver] \u{1f680}'],
    ['an empty message', second, ''],
    ['a megabyte', side, 'x'.repeat(1 << 20)],
    ['a commit that GitHub does not have', stranger, undefined],
  ])('%s', async (_, sha, text) => {
    expect(await commitMessage(github.repository, sha, token, patience)).toBe(text);
    expect(github.requests).toEqual([
      {
        method: 'GET',
        path: `/repos/prokube/pipelines/git/commits/${sha}`,
        query: {},
        authorization: `token ${token}`,
        body: '',
      },
    ]);
  });

  test('of a public repository without a token', async () => {
    await using open = await startFakeGitHub({ commits });
    expect(await commitMessage(open.repository, first, '', patience)).toMatch(/^Fix/);
    expect(open.requests[0]?.authorization).toBeUndefined();
  });

  test('a private repository without a token is not to be seen', async () => {
    expect(await commitMessage(github.repository, first, '', patience)).toBeUndefined();
  });

  test('below the path of a GitHub Enterprise server', async () => {
    const { repository } = github;
    expect(
      await commitMessage({ ...repository, apiUrl: `${repository.apiUrl}/api/v3` }, first, token, patience),
    ).toBeUndefined();
    expect(github.requests[0]?.path).toBe(`/api/v3/repos/prokube/pipelines/git/commits/${first}`);
  });
});

describe('compare', () => {
  test.each([
    ['ahead', first, second],
    ['behind', second, first],
    ['identical', first, first],
    ['diverged', first, side],
    ['unknown', first, stranger],
    ['unknown', stranger, first],
  ])('%s', async (status, base, head) => {
    expect(await compare(github.repository, base, head, token, patience)).toBe(status);
    expect(github.requests).toMatchObject([
      { path: `/repos/prokube/pipelines/compare/${base}...${head}`, query: { per_page: '1', page: '2' } },
    ]);
  });
});

const soon = (): string => String(Math.ceil(Date.now() / 1000) + 30);
const late = (): string => String(Math.ceil(Date.now() / 1000) + 3000);

describe('what can heal is asked again', () => {
  const healing: readonly (readonly [string, () => readonly FakeAnswer[], readonly unknown[]])[] = [
    [
      'server errors, with growing pauses',
      () => [{ status: 502 }, { status: 500 }, { status: 503 }],
      [1000, 2000, 4000],
    ],
    ['a server that says when', () => [{ status: 503, headers: { 'retry-after': '7' } }], [7000]],
    ['429 with a time', () => [{ status: 429, headers: { 'retry-after': '3' } }], [3000]],
    [
      'the secondary limit',
      () => [
        { status: 403, headers: { 'retry-after': '9' }, body: { message: 'You have exceeded a secondary rate limit' } },
      ],
      [9000],
    ],
    [
      'the secondary limit without a time',
      () => [{ status: 403, body: { message: 'You have exceeded a secondary rate limit.' } }],
      [60_000],
    ],
    [
      'the primary limit, soon over',
      () => [
        {
          status: 403,
          headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon() },
          body: { message: 'API rate limit exceeded' },
        },
      ],
      [expect.any(Number)],
    ],
    ['a broken connection', () => ['reset'], [1000]],
    ['an answer that is not JSON', () => [{ status: 200, body: '<html>captive portal</html>' }], [1000]],
    [
      'an answer that is cut off',
      () => [{ status: 200, headers: { 'content-length': '900' }, body: { message: 'x' } }],
      [1000],
    ],
    ['JSON of another shape', () => [{ status: 200, body: { message: 7 } }], [1000]],
  ];
  test.each(healing)('%s', async (_, answers, pauses) => {
    github.answerNext(...answers());
    expect(await commitMessage(github.repository, first, token, { ...patience, answerWithin: 1000 })).toMatch(/^Fix/);
    expect(waited).toEqual(pauses);
    expect(github.requests).toHaveLength(answers().length + 1);
  });

  test('who waits is told what for', async () => {
    github.answerNext('reset', { status: 429, headers: { 'retry-after': '3' } }, { status: 502 });
    await commitMessage(github.repository, first, token, patience);
    expect(reasons).toEqual([
      expect.stringMatching(/^GitHub gives no answer that makes sense \(/),
      "GitHub's rate limit is used up (429)",
      'GitHub answers 502',
    ]);
  });

  test('a server that does not answer', async () => {
    github.answerNext('hang');
    expect(await commitMessage(github.repository, first, token, { ...patience, answerWithin: 300 })).toMatch(/^Fix/);
  });
});

describe('what can not heal is explained', () => {
  const refused: readonly (readonly [string, () => FakeAnswer, number, RegExp])[] = [
    ['a server that stays down', () => ({ status: 502 }), 4, /GitHub answers 502 .*; run again later/],
    [
      '403',
      () => ({ status: 403, body: { message: 'Resource not accessible by integration' } }),
      1,
      /refuses \(403, "Resource not accessible.*permission "contents: read"/,
    ],
    [
      'a limit that lasts',
      () => ({
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': late() },
        body: { message: 'API rate limit exceeded' },
      }),
      1,
      /rate limit of the token is used up until 20\d\d-.*run again later/,
    ],
    ['a limit that asks for an hour', () => ({ status: 429, headers: { 'retry-after': '3600' } }), 1, /rate limit/],
    [
      'a text with control characters',
      () => ({ status: 400, body: { message: 'a\u001b[31m\nb' } }),
      1,
      /GitHub answers 400 \("a\\u\{1b\}\[31m\\nb/,
    ],
  ];
  test.each(refused)('%s', async (_, answer, requests, text) => {
    github.answerNext(...Array.from({ length: 4 }, answer));
    const said = await failure(commitMessage(github.repository, first, token, patience));
    expect(said).toMatch(
      new RegExp(`^can't read commit ${first} of prokube/pipelines at http://127\\.0\\.0\\.1:\\d+: `),
    );
    expect(said).toMatch(text);
    expect(github.requests).toHaveLength(requests);
  });

  test('a token that is not accepted', async () => {
    const said = await failure(compare(github.repository, first, second, 'ghs_other', patience));
    expect(said).toMatch(
      /can't compare .*: GitHub does not accept the token \(401, "Bad credentials.*give a valid github-token/,
    );
    expect(said).not.toContain('ghs_other');
    expect(waited).toEqual([]);
  });

  test('a server that is not there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const repository = { ...github.repository, apiUrl: `http://127.0.0.1:${port}` };
    expect(await failure(commitMessage(repository, first, token, patience))).toMatch(
      /no answer that makes sense: .*ECONNREFUSED.*check the network, the proxy and GITHUB_API_URL/,
    );
    expect(waited).toEqual([1000, 2000, 4000]);
  });
});
