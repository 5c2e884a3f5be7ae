import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TriggerError } from '../../src/errors';
import { createTriggerFork, type State, type TriggerFork } from './triggerFork';

let fork: TriggerFork;
let upstream: string;

beforeEach(async () => {
  fork = await createTriggerFork();
  upstream = join(fork.folder, 'upstream.git');
  await fork.gitIn(fork.folder, 'clone', '-q', '--bare', fork.origin, upstream);
  await fork.git('remote', 'add', 'upstream', upstream);
});
afterEach(() => fork.remove());

/** What a person has lying about, which a sync must not touch. */
async function stageWork(): Promise<void> {
  await fork.stage('staged.txt', 'staged\n');
  await fork.stage('backend/driver.go', 'package driver // staged\n');
  await fork.write('backend/driver.go', 'package driver // staged, then changed\n');
  await fork.write('intended.txt', 'intended\n');
  await fork.git('add', '-N', 'intended.txt');
  await fork.write('untracked.txt', 'untracked\n');
}

const synced = { sync: true } as const;

async function expectWorkCommitted(): Promise<void> {
  expect(await fork.git('show', '--name-only', '--format=', 'HEAD')).toBe('backend/driver.go\nstaged.txt');
  expect(await fork.git('show', 'HEAD:backend/driver.go')).toBe('package driver // staged');
  expect(await fork.git('status', '--porcelain')).toBe('M backend/driver.go\n A intended.txt\n?? untracked.txt');
}

describe('the branch is brought up to date, and what is staged survives', () => {
  test('by fast-forward to the remote "upstream"', async () => {
    const there = await fork.elsewhere(upstream, 'main', { 'new/file.txt': 'from upstream\n', 'README.md': 'newer\n' });
    await stageWork();
    const result = await fork.trigger(synced);
    expect(result.synced).toEqual([`Fast-forwarded to upstream/main (${there.slice(0, 12)}).`]);
    expect(await fork.git('rev-parse', 'HEAD~1')).toBe(there);
    expect(await fork.remoteHead('main')).toBe(result.commit);
    await expectWorkCommitted();
  });

  test('by a merge commit where both have commits of their own', async () => {
    await fork.git('commit', '-q', '--allow-empty', '-m', 'ours');
    const ours = await fork.git('rev-parse', 'HEAD');
    const there = await fork.elsewhere(upstream, 'main', { 'README.md': 'newer\n' });
    await stageWork();
    await fork.trigger(synced);
    expect(await fork.git('log', '-1', '--format=%P %s', 'HEAD~1')).toBe(
      `${ours} ${there} Merge upstream/main into main`,
    );
    await expectWorkCommitted();
  });

  test('with the branch it is pushed to as well, so that the push is not refused', async () => {
    await fork.elsewhere(fork.origin, 'main', { 'colleague.txt': 'x\n' });
    await fork.elsewhere(upstream, 'main', { 'upstream.txt': 'x\n' });
    await stageWork();
    const result = await fork.trigger(synced);
    expect(result.synced).toHaveLength(2);
    expect(await fork.git('ls-files')).toContain('colleague.txt');
    expect(await fork.git('ls-files')).toContain('upstream.txt');
    expect(await fork.remoteHead('main')).toBe(result.commit);
  });

  test('a branch that upstream does not have follows its default branch', async () => {
    await fork.gitIn(upstream, 'branch', '-m', 'main', 'trunk');
    const there = await fork.elsewhere(upstream, 'trunk', { 'README.md': 'newer\n' });
    await fork.git('switch', '-q', '-c', 'feature');
    await stageWork();
    const result = await fork.trigger(synced);
    expect(result.synced).toEqual([`Fast-forwarded to upstream/trunk (${there.slice(0, 12)}).`]);
    expect(await fork.remoteHead('feature')).toBe(result.commit);
  });

  test('up to date already: nothing but the commit', async () => {
    await stageWork();
    const result = await fork.trigger(synced);
    expect(result.synced).toEqual([]);
    expect(fork.said).toContain('main contains upstream/main already.');
    await expectWorkCommitted();
  });
});

describe('what can not be synced safely is refused, and nothing has changed', () => {
  let before: State;

  async function refused(): Promise<Error> {
    before = await fork.state();
    const error = await fork.trigger(synced).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof Error)) throw new Error('it went through');
    expect(await fork.state()).toEqual(before);
    return error;
  }

  test('a conflict between the branches', async () => {
    await fork.stage('README.md', 'ours\n');
    await fork.git('commit', '-q', '-m', 'ours');
    await fork.elsewhere(upstream, 'main', { 'README.md': 'theirs\n' });
    await stageWork();
    const error = await refused();
    expect(error).toBeInstanceOf(TriggerError);
    expect(error.message).toContain('main and upstream/main conflict in "README.md". Nothing was changed');
  });

  test('a staged file that upstream changed too', async () => {
    await fork.elsewhere(upstream, 'main', { 'backend/driver.go': 'package driver // theirs\n' });
    await stageWork();
    expect((await refused()).message).toContain('it changes files that you have changed too. Nothing was changed');
  });

  test('an untracked file in the way', async () => {
    await fork.elsewhere(upstream, 'main', { 'untracked.txt': 'theirs\n' });
    await stageWork();
    expect((await refused()).message).toContain('untracked.txt');
  });

  test('a remote that is gone', async () => {
    await fork.git('remote', 'set-url', 'upstream', join(fork.folder, 'gone.git'));
    await stageWork();
    expect((await refused()).message).toContain('Could not ask upstream/main for its state');
  });

  test('nothing to sync with', async () => {
    await fork.git('remote', 'remove', 'upstream');
    await fork.git('switch', '-q', '-c', 'feature');
    await stageWork();
    expect((await refused()).message).toContain('there is no remote "upstream"');
  });

  test('the second of two: the first is taken back', async () => {
    await fork.elsewhere(fork.origin, 'main', { 'colleague.txt': 'x\n' });
    await fork.elsewhere(upstream, 'main', { 'backend/driver.go': 'package driver // theirs\n' });
    await stageWork();
    await refused();
    expect(fork.said.at(-1)).toContain('What --sync brought in was taken back');
  });

  test.each([
    ['fast-forward', false],
    ['merge', true],
  ])('after a refused push the %s is taken back too', async (_name, diverged) => {
    if (diverged) await fork.git('commit', '-q', '--allow-empty', '-m', 'ours');
    await fork.elsewhere(upstream, 'main', { 'new/file.txt': 'x\n', 'README.md': 'newer\n' });
    await stageWork();
    await fork.hook(fork.origin, 'pre-receive', 'exit 1');
    expect((await refused()).message).toContain('HEAD and the index are as before');
  });

  test('upstream has what is staged already, so nothing is left to commit', async () => {
    await fork.elsewhere(upstream, 'main', { 'same.txt': 'same\n' });
    await fork.stage('same.txt', 'same\n');
    expect((await refused()).message).toContain('Nothing is staged');
  });
});

test('work that changes during a push that fails is kept, and so is what was synced', async () => {
  const there = await fork.elsewhere(upstream, 'main', { 'README.md': 'newer\n' });
  await stageWork();
  await fork.hook(fork.clone, 'pre-push', 'echo late > late.txt && git add late.txt; exit 1');
  await expect(fork.trigger(synced)).rejects.toThrow('The index was changed by another program meanwhile');
  expect(await fork.git('rev-parse', 'HEAD')).toBe(there);
  expect(await fork.git('diff', '--cached', '--name-only')).toBe('backend/driver.go\nlate.txt\nstaged.txt');
});

test('a dry run asks the remotes and fetches nothing', async () => {
  const there = await fork.elsewhere(upstream, 'main', { 'README.md': 'newer\n' });
  await stageWork();
  const before = await fork.state();
  const { commands } = await fork.trigger({ sync: true, dryRun: true });
  expect(commands.map(({ args }) => args.slice(0, 1).concat(args.slice(-2)))).toMatchObject([
    ['fetch', 'origin', 'refs/heads/main'],
    ['merge', '--quiet', expect.any(String)],
    ['fetch', 'upstream', 'refs/heads/main'],
    ['merge', '--quiet', there],
    ['commit', '--cleanup=verbatim', '--message=Trigger image build: [driver]'],
    ['push', 'origin', 'refs/heads/main:refs/heads/main'],
  ]);
  expect(await fork.state()).toEqual(before);
  await expect(fork.git('cat-file', '-e', there)).rejects.toThrow();
});
