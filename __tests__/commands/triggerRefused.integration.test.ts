import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TriggerError } from '../../src/errors';
import { createTriggerFork, failing, stageAllKinds, type State, type TriggerFork } from './triggerFork';

let fork: TriggerFork;
let before: State;

beforeEach(async () => {
  fork = await createTriggerFork();
  before = await stageAllKinds(fork);
});
afterEach(() => fork.remove());

test('an index in which a commit leaves traces: git notes in it which trees it wrote', async () => {
  await fork.git('rm', '-q', '--cached', 'intended.txt');
  before = await fork.state();
  await fork.git('commit', '-q', '-m', 'x');
  await fork.git('reset', '-q', '--soft', 'HEAD~1');
  expect((await fork.state()).indexSha256).not.toBe(before.indexSha256);

  await fork.git('add', 'changed.txt', 'new.txt');
  before = await fork.state();
  await fork.hook(fork.origin, 'pre-receive', 'exit 1');
  await failing(fork.trigger());
  expect(await fork.state()).toEqual(before);
});

describe('after a refused push HEAD, index and files are what they were, byte by byte', () => {
  const cases: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    [
      'somebody else pushed first',
      () => fork.elsewhere(fork.origin, 'main', { 'other.txt': 'other\n' }),
      'origin/main has commits that your branch does not have',
    ],
    [
      'a hook of the server says no',
      () => fork.hook(fork.origin, 'pre-receive', 'echo "no builds on Friday" >&2; exit 1'),
      'a hook of the server refused it (pre-receive hook declined)',
    ],
    [
      'a protected branch',
      () =>
        fork.hook(
          fork.origin,
          'update',
          'echo "error: GH006: Protected branch update failed for refs/heads/main." >&2; exit 1',
        ),
      'origin/main is protected',
    ],
    [
      'a hook of this repository says no',
      () => fork.hook(fork.clone, 'pre-push', 'echo "tests fail" >&2; exit 1'),
      'pre-push hook',
    ],
    [
      'the remote is gone',
      () => fork.git('remote', 'set-url', 'origin', join(fork.folder, 'gone.git')),
      'there is no such repository',
    ],
    [
      'nobody answers',
      () => fork.git('remote', 'set-url', 'origin', 'http://127.0.0.1:9/fork.git'),
      'could not be reached',
    ],
    [
      'the server has no room for refs',
      () =>
        fork
          .gitIn(fork.origin, 'config', 'receive.denyUpdates', 'x')
          .then(() => fork.gitIn(fork.origin, 'config', 'transfer.hideRefs', 'refs/heads/main')),
      'the server refused it (deny updating a hidden ref)',
    ],
  ];
  test.each(cases)('%s', async (_name, arrange, text) => {
    await arrange();
    const there = await fork.remoteHead('main');
    const error = await failing(fork.trigger());
    expect(error).toBeInstanceOf(TriggerError);
    expect(error.message).toContain(text);
    expect(error.message).toContain('HEAD and the index are as before');
    expect(await fork.state()).toEqual(before);
    expect(await fork.remoteHead('main')).toBe(there);
    expect(existsSync(join(fork.clone, '.git', 'index.lock'))).toBe(false);
  });

  test('the words of the server and of hooks are shown', async () => {
    await fork.hook(fork.origin, 'pre-receive', 'printf "no \\033[31mbuilds\\007 on Friday\\n" >&2; exit 1');
    expect((await failing(fork.trigger())).message).toContain('remote: no builds on Friday');
  });

  test.each([
    [401, 'the server does not accept your login'],
    [403, 'you may read but not write there'],
    [404, 'there is no such repository'],
  ])('a server that answers %i; no password in the error', async (status, text) => {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
    });
    const port = await listen(server);
    await fork.git('remote', 'set-url', 'origin', `http://dana:s3cret-t0ken@127.0.0.1:${port}/fork.git`);
    const error = await failing(fork.trigger());
    server.close();
    expect(error.message).toContain(text);
    expect(error.message + fork.said.join()).not.toContain('s3cret');
    expect(await fork.state()).toEqual(before);
  });

  test('a branch without upstream does not get one', async () => {
    await fork.git('branch', '--unset-upstream');
    await fork.hook(fork.origin, 'pre-receive', 'exit 1');
    before = await fork.state();
    await failing(fork.trigger());
    expect(await fork.state()).toEqual(before);
    await expect(fork.git('rev-parse', '@{upstream}')).rejects.toThrow('no upstream');
  });

  test('a pre-commit hook that staged more leaves no trace in the index', async () => {
    await fork.hook(fork.clone, 'pre-commit', 'echo x > hooked.txt && git add hooked.txt');
    await fork.hook(fork.origin, 'pre-receive', 'exit 1');
    await failing(fork.trigger());
    const after = await fork.state();
    expect(after.indexSha256).toBe(before.indexSha256);
    expect(after.head).toBe(before.head);
  });

  test('the next try goes through, with exactly what was staged', async () => {
    await fork.hook(fork.origin, 'pre-receive', 'exit 1');
    await failing(fork.trigger());
    await fork.hook(fork.origin, 'pre-receive', 'exit 0');
    const result = await fork.trigger();
    expect(await fork.remoteHead('main')).toBe(result.commit);
    expect(await fork.git('show', '--name-status', '--format=', 'HEAD')).toBe(
      'M\tboth.txt\nM\tchanged.txt\nM\tmode.txt\nA\tnew.txt\nD\tremoved.txt',
    );
    expect(await fork.git('diff', '--name-only')).toBe('both.txt\ndirty.txt\nintended.txt\nmode.txt');
  });
});

describe('a commit that is refused', () => {
  test('by a hook', async () => {
    await fork.hook(fork.clone, 'pre-commit', 'echo "not formatted" >&2; exit 1');
    const error = await failing(fork.trigger());
    expect(error.message).toContain('a hook of this repository may have refused it. Nothing was committed');
    expect(error.message).toContain('not formatted');
    expect({ ...(await fork.state()), indexSha256: '' }).toEqual({ ...before, indexSha256: '' });
  });

  test('because it can not be signed', async () => {
    await fork.git('config', 'commit.gpgSign', 'true');
    await fork.git('config', 'gpg.program', '/bin/false');
    expect((await failing(fork.trigger())).message).toContain('could not be signed');
    expect((await fork.state()).head).toBe(before.head);
  });

  test('because another git holds the index', async () => {
    const lock = join(fork.clone, '.git', 'index.lock');
    await writeFile(lock, '');
    expect((await failing(fork.trigger())).message).toContain('Another git process works in this repository');
    expect((await stat(lock)).size).toBe(0);
  });

  test('because a hook took the keywords out of the message', async () => {
    await fork.hook(fork.clone, 'commit-msg', 'sed -i "s/ \\[driver\\]//" "$1"');
    const error = await failing(fork.trigger());
    expect(error.message).toContain('it does not name driver any more');
    expect(await fork.state()).toEqual(before);
    expect(await fork.remoteHead('main')).toBe(before.head);
  });
});

describe('what others do meanwhile is not lost', () => {
  // pre-push runs between the commit and the push, which makes it another terminal.
  test('a file staged during the push stays staged', async () => {
    await fork.hook(fork.clone, 'pre-push', 'echo late > late.txt && git add late.txt; exit 1');
    const error = await failing(fork.trigger());
    expect(error.message).toContain('The index was changed by another program meanwhile, so it was left as it is');
    const after = await fork.state();
    expect(after.head).toBe(before.head);
    expect(await fork.git('diff', '--cached', '--name-only')).toBe(
      'both.txt\nchanged.txt\nlate.txt\nmode.txt\nnew.txt\nremoved.txt',
    );
  });

  test('a commit made during the push stays', async () => {
    await fork.hook(fork.clone, 'pre-push', 'git commit -q --allow-empty -m "somebody else" --no-verify; exit 1');
    const error = await failing(fork.trigger());
    expect(error.message).toMatch(/The commit [0-9a-f]{12} was left on main, because main has moved on meanwhile/);
    expect(await fork.git('log', '--format=%s', '-2')).toBe('somebody else\nTrigger image build: [driver]');
  });

  test('a branch switched during the push keeps the commit', async () => {
    await fork.git('stash', '-q', '--include-untracked').catch(() => undefined);
    await fork.git('reset', '-q', '--hard');
    await fork.stage('a.txt', 'a\n');
    await fork.hook(fork.clone, 'pre-push', 'git switch -q -c elsewhere; exit 1');
    expect((await failing(fork.trigger())).message).toContain('another branch than main is checked out by now');
    expect(await fork.git('log', '-1', '--format=%s', 'main')).toBe('Trigger image build: [driver]');
  });
});

test('a push that is cut off after it arrived is not taken back', async () => {
  // The server takes the commit and then dies before it reports.
  await fork.hook(fork.origin, 'post-receive', 'kill -9 $PPID');
  const result = await fork.trigger();
  expect(await fork.remoteHead('main')).toBe(result.commit);
  expect(await readFile(join(fork.clone, '.git', 'refs', 'heads', 'main'), 'utf8')).toBe(`${result.commit ?? ''}\n`);
});

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve(address.port);
    });
  });
}
