import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kfpCatalog } from '../../../src/catalog/kfp';
import { publish, type GitOpsOutcome, type GitOpsRequest } from '../../../src/deploy/gitops/publish';
import { ownClone, temporaryClone } from '../../../src/deploy/gitops/repository';
import { wantedImages } from '../../../src/deploy/gitops/wanted';
import { run } from '../../../src/system/exec';
import type { LockFile } from '../../../src/types';
import { tempDir } from '../../support/engine';
import { lockOf, referenceOf } from '../lockOf';
import { startGitServer } from './gitServer';

/* Real repositories, over files and over HTTP. */

let folder: string;
let origin: string;

const git = async (cwd: string, ...args: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await run({ command: 'git', args, cwd });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kfp-images-gitops-test-'));
  await writeFile(
    join(folder, 'gitconfig'),
    '[user]\n\tname = Dana\n\temail = dana@example.com\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[receive]\n\tautogc = false\n',
  );
  process.env['GIT_CONFIG_GLOBAL'] = join(folder, 'gitconfig');
  process.env['GIT_CONFIG_NOSYSTEM'] = '1';
  origin = join(folder, 'origin.git');
  await git(folder, 'init', '--quiet', '--bare', 'origin.git');
  await git(origin, 'config', 'http.receivepack', 'true');
  const seed = join(folder, 'seed');
  await git(folder, 'clone', '--quiet', origin, 'seed');
  await mkdir(join(seed, 'apps'));
  for (let app = 0; app < 20; app++)
    await writeFile(join(seed, 'apps', `${app}.yaml`), `# app ${app}\r\nimage: "PLACE:TAG"   # keep\r\n`);
  await git(seed, 'add', '.');
  await git(seed, 'commit', '--quiet', '--message', 'Start');
  await git(seed, 'push', '--quiet', 'origin', 'HEAD:main');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

function request(lock: LockFile, files: readonly string[], more: Partial<GitOpsRequest> = {}): GitOpsRequest {
  return {
    rules: {
      images: wantedImages(kfpCatalog, lock, ['cacheserver']),
      placeholders: [{ placeholder: 'PLACE:TAG', image: 'cacheserver' }],
      paths: [],
    },
    files,
    branch: 'main',
    mergeRequest: undefined,
    message: `Deploy ${lock.commit}\n`,
    dryRun: false,
    signal: new AbortController().signal,
    onRace: () => undefined,
    ...more,
  };
}

async function push(url: string, asked: GitOpsRequest): Promise<GitOpsOutcome> {
  await using clone = await temporaryClone(url);
  return await publish(clone, asked);
}

const head = (path: string, branch = 'main'): Promise<string> => git(origin, 'show', `${branch}:${path}`);

describe.each(['file', 'http'])('over %s', (protocol) => {
  test('twenty who push at once: all sets arrive, no commit is lost', async () => {
    await using server = await startGitServer(folder);
    const url = protocol === 'http' ? `${server.url}/origin.git` : `file://${origin}`;
    const locks = Array.from({ length: 20 }, (_, index) => lockOf(`set ${index}`));
    const outcomes = await Promise.all(locks.map((lock, index) => push(url, request(lock, [`apps/${index}.yaml`]))));
    expect(outcomes.map(({ kind }) => kind)).toEqual(locks.map(() => 'pushed'));
    for (const [index, lock] of locks.entries()) {
      expect(await head(`apps/${index}.yaml`)).toBe(
        `# app ${index}\r\nimage: "${referenceOf(lock, 'cacheserver')}"   # keep`,
      );
    }
    const subjects = (await git(origin, 'log', '--format=%s', 'main')).split('\n');
    expect(subjects.toSorted()).toEqual(['Start', ...locks.map(({ commit }) => `Deploy ${commit}`)].toSorted());
  });

  test('the same set again: nothing to change', async () => {
    await using server = await startGitServer(folder);
    const url = protocol === 'http' ? `${server.url}/origin.git` : `file://${origin}`;
    const asked = request(lockOf('a'), ['apps/0.yaml', 'apps/1.yaml']);
    expect((await push(url, asked)).kind).toBe('pushed');
    expect((await push(url, asked)).kind).toBe('unchanged');
    expect(await git(origin, 'rev-list', '--count', 'main')).toBe('2');
  });
});

test('a dry run shows the diff and pushes nothing', async () => {
  const outcome = await push(`file://${origin}`, request(lockOf('a'), ['apps/0.yaml'], { dryRun: true }));
  expect(outcome.kind).toBe('dry-run');
  expect(outcome.diff).toContain(`+image: "${referenceOf(lockOf('a'), 'cacheserver')}"   # keep`);
  expect(await git(origin, 'rev-list', '--count', 'main')).toBe('1');
});

// `git ls-remote origin refs/heads/main` lists it too, and first.
test('a branch that somebody calls as if it ended in another branch is not taken for that', async () => {
  await git(origin, 'branch', 'a/refs/heads/main', 'main');
  await git(origin, 'branch', 'a/refs/heads/kfp-images/set-b', 'main');
  const url = `file://${origin}`;
  expect((await push(url, request(lockOf('a'), ['apps/0.yaml']))).kind).toBe('pushed');
  expect((await push(url, request(lockOf('b'), ['apps/0.yaml']))).kind).toBe('pushed');
  expect(await head('apps/0.yaml')).toContain(referenceOf(lockOf('b'), 'cacheserver'));
  const mergeRequest = { branch: 'kfp-images/set-b', title: 'Deploy a' };
  const asked = request(lockOf('a'), ['apps/1.yaml'], { mergeRequest });
  expect(await push(url, asked)).toMatchObject({ kind: 'pushed', branch: 'kfp-images/set-b' });
  expect(await git(origin, 'rev-parse', 'kfp-images/set-b^')).toBe(await git(origin, 'rev-parse', 'main'));
});

test('a merge request is a branch of its own, and a repeat makes no second one', async () => {
  const asked = request(lockOf('a'), ['apps/0.yaml'], {
    mergeRequest: { branch: 'kfp-images/set-a', title: 'Deploy a' },
  });
  const first = await push(`file://${origin}`, asked);
  expect(first).toMatchObject({ kind: 'pushed', branch: 'kfp-images/set-a' });
  expect(await push(`file://${origin}`, asked)).toMatchObject({ kind: 'exists' });
  expect(await git(origin, 'rev-list', '--count', 'main')).toBe('1');
  expect(await git(origin, 'for-each-ref', '--format=%(refname)', 'refs/heads')).toBe(
    'refs/heads/kfp-images/set-a\nrefs/heads/main',
  );
});

describe('a branch of a merge request on which a reviewer has committed', () => {
  const lock = lockOf('a');
  const asked = request(lock, ['apps/0.yaml', 'apps/1.yaml'], { mergeRequest: { branch: 'set', title: 'Deploy a' } });

  /** Commits as somebody else would: on the branch of the merge request, and on main. */
  async function commitBeside(branch: string, path: string, change: (text: string) => string): Promise<void> {
    await using clone = await tempDir();
    await git(clone.path, 'clone', '--quiet', '--branch', branch, origin, '.');
    const before = await readFile(join(clone.path, path), 'utf8').catch(() => '');
    await writeFile(join(clone.path, path), change(before));
    await git(clone.path, 'add', '--all');
    await git(clone.path, 'commit', '--quiet', '--message', `Change ${path} beside`);
    await git(clone.path, 'push', '--quiet', 'origin', branch);
  }

  test('keeps their commit when the target moves on', async () => {
    await push(`file://${origin}`, asked);
    await commitBeside('set', 'apps/2.yaml', (text) => `${text}\n# more memory`);
    await commitBeside('main', 'other', () => 'other');
    expect(await push(`file://${origin}`, asked)).toMatchObject({ kind: 'exists' });
    expect(await head('apps/2.yaml', 'set')).toContain('# more memory');
  });

  test('gets ours on top of theirs where theirs changed an image', async () => {
    await push(`file://${origin}`, asked);
    await commitBeside('set', 'apps/0.yaml', (text) => `${text.replace(/@sha256:[0-9a-f]*/, ':hotfix')}\n# theirs`);
    await commitBeside('main', 'other', () => 'other');
    expect(await push(`file://${origin}`, asked)).toMatchObject({ kind: 'pushed', branch: 'set' });
    const text = await head('apps/0.yaml', 'set');
    expect(text).toContain('# theirs');
    expect(text).toContain(referenceOf(lock, 'cacheserver'));
    expect(await git(origin, 'log', '--format=%s', 'main..set')).toContain('Change apps/0.yaml beside');
  });

  test('is recreated where all on it is ours', async () => {
    await push(`file://${origin}`, asked);
    await commitBeside('main', 'other', () => 'other');
    expect(await push(`file://${origin}`, asked)).toMatchObject({ kind: 'pushed', branch: 'set' });
    expect(await git(origin, 'rev-list', '--count', 'main..set')).toBe('1');
    expect(await git(origin, 'merge-base', 'main', 'set')).toBe(await git(origin, 'rev-parse', 'main'));
  });
});

test('a protected branch: the refusal names --merge-request', async () => {
  await writeFile(
    join(origin, 'hooks', 'pre-receive'),
    '#!/bin/sh\necho "GitLab: You are not allowed to push code to protected branches on this project." >&2; exit 1\n',
    { mode: 0o755 },
  );
  await expect(push(`file://${origin}`, request(lockOf('a'), ['apps/0.yaml']))).rejects.toThrow(/--merge-request/);
});

test('a commit is signed where the configuration of git asks for it', async () => {
  const key = join(folder, 'signing-key');
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const own = join(folder, 'signed');
  await git(folder, 'clone', '--quiet', origin, 'signed');
  for (const [name, value] of [
    ['commit.gpgSign', 'true'],
    ['gpg.format', 'ssh'],
    ['user.signingKey', key],
  ] as const)
    await git(own, 'config', name, value);
  await using clone = await ownClone(own, 'origin');
  await publish(clone, request(lockOf('a'), ['apps/0.yaml']));
  expect(await git(origin, 'cat-file', 'commit', 'main')).toContain('-----BEGIN SSH SIGNATURE-----');
  await git(own, 'config', 'user.signingKey', join(folder, 'no-such-key'));
  await expect(publish(clone, request(lockOf('b'), ['apps/0.yaml']))).rejects.toThrow(
    /Could not sign the commit, as commit\.gpgSign asks/,
  );
});

test('a merge request is asked for by push options where the server takes them', async () => {
  await git(origin, 'config', 'receive.advertisePushOptions', 'true');
  await writeFile(join(origin, 'hooks', 'pre-receive'), '#!/bin/sh\nenv | grep ^GIT_PUSH_OPTION_ | sort > options\n', {
    mode: 0o755,
  });
  await push(
    `file://${origin}`,
    request(lockOf('a'), ['apps/0.yaml'], { mergeRequest: { branch: 'set', title: 'Deploy a b' } }),
  );
  expect((await readFile(join(origin, 'options'), 'utf8')).split('\n')).toEqual(
    expect.arrayContaining([
      'GIT_PUSH_OPTION_0=merge_request.create',
      'GIT_PUSH_OPTION_1=merge_request.target=main',
      'GIT_PUSH_OPTION_2=merge_request.title=Deploy a b',
    ]),
  );
});

test("the user's own clone: neither files nor index are touched", async () => {
  const own = join(folder, 'own');
  await git(folder, 'clone', '--quiet', origin, 'own');
  await writeFile(join(own, 'apps', '0.yaml'), 'half a thought\n');
  await writeFile(join(own, 'new'), 'staged\n');
  await git(own, 'add', 'new');
  const before = await git(own, 'status', '--porcelain');
  await using clone = await ownClone(join(own, 'apps'), 'origin');
  expect((await publish(clone, request(lockOf('a'), ['apps/0.yaml']))).kind).toBe('pushed');
  expect(await git(own, 'status', '--porcelain')).toBe(before);
  expect(await readFile(join(own, 'apps', '0.yaml'), 'utf8')).toBe('half a thought\n');
  expect(await head('apps/0.yaml')).toContain('cacheserver@sha256:');
});

test('a push that the server refuses is explained, and one bad file stops all', async () => {
  await expect(push(`file://${origin}`, request(lockOf('a'), ['apps/0.yaml', 'apps/none.yaml']))).rejects.toThrow(
    /no file "apps\/none.yaml"/,
  );
  await expect(push(`file://${origin}`, request(lockOf('a'), ['apps/0.yaml'], { branch: 'nowhere' }))).rejects.toThrow(
    /no branch nowhere/,
  );
  await writeFile(join(origin, 'hooks', 'pre-receive'), '#!/bin/sh\necho "only on Mondays" >&2\nexit 1\n', {
    mode: 0o755,
  });
  await expect(push(`file://${origin}`, request(lockOf('a'), ['apps/0.yaml']))).rejects.toThrow(/only on Mondays/);
  expect(await git(origin, 'rev-list', '--count', 'main')).toBe('1');
});
