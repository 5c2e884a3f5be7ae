import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SourceError } from '../../src/errors';
import { createTriggerFork, refused, type TriggerFork } from './triggerFork';

let fork: TriggerFork;
beforeEach(async () => {
  fork = await createTriggerFork();
});
afterEach(() => fork.remove());

describe('what is staged goes out as one commit', () => {
  test('with the keywords at the end of the message, and nothing else in it', async () => {
    await fork.stage('backend/driver.go', 'package driver // new\n');
    await fork.write('README.md', 'not staged\n');
    await fork.write('untracked.txt', 'not staged either\n');
    const result = await fork.trigger({ images: 'driver,apiserver', commitMessage: 'Log the pod name' });
    expect(result).toMatchObject({
      kind: 'pushed',
      message: 'Log the pod name [driver, apiserver]',
      keywords: ['driver', 'apiserver'],
      branch: 'main',
      remote: 'origin',
      remoteBranch: 'main',
      setUpstream: false,
    });
    expect(await fork.remoteHead('main')).toBe(result.commit);
    expect(await fork.git('log', '-1', '--format=%B')).toBe('Log the pod name [driver, apiserver]');
    expect(await fork.git('show', '--name-only', '--format=', 'HEAD')).toBe('backend/driver.go');
    expect(await fork.git('status', '--porcelain')).toBe('M README.md\n?? untracked.txt');
  });

  test.each([
    ['all', '[backend-all]'],
    ['ALL', '[backend-all]'],
    ['driver-launcher', '[driver-launcher]'],
    ['controller', '[controller]'],
    ['driver\nlauncher', '[driver, launcher]'],
  ])('--images %j is written as %s behind the usual words', async (images, keywords) => {
    await fork.stage('a.txt', 'a\n');
    await fork.trigger({ images });
    expect(await fork.git('log', '-1', '--format=%B')).toBe(`Trigger image build: ${keywords}`);
  });

  test.each([
    ['-x starts with a dash'],
    ['$(touch pwned) `touch pwned`; "quotes" \'too\''],
    ['Grüße, 世界 🚀'],
    ['# not a comment'],
  ])('the message %j arrives as it is', async (commitMessage) => {
    await fork.git('config', 'commit.cleanup', 'strip');
    await fork.stage('a.txt', 'a\n');
    await fork.trigger({ commitMessage });
    expect(await fork.git('log', '-1', '--format=%B')).toBe(`${commitMessage} [driver]`);
    expect(await fork.git('status', '--porcelain')).toBe('');
  });

  test('--allow-empty builds what is committed already', async () => {
    const result = await fork.trigger({ allowEmpty: true });
    expect(await fork.remoteHead('main')).toBe(result.commit);
    expect(await fork.git('show', '--name-only', '--format=', 'HEAD')).toBe('');
  });

  test('from a folder inside the repository too', async () => {
    await fork.stage('a.txt', 'a\n');
    await fork.trigger({ cwd: join(fork.clone, 'backend') });
    expect(await fork.git('show', '--name-only', '--format=', 'HEAD')).toBe('a.txt');
  });

  test('the plan is shown before anything is done, and a missing Dockerfile stops it', async () => {
    await fork.git('rm', '-q', 'backend/Dockerfile.driver');
    const error = await refused(fork, () => fork.trigger());
    expect(error).toBeInstanceOf(SourceError);
    expect(error.message).toContain('The image "driver" has no Dockerfile at backend/Dockerfile.driver');
  });

  test('the plan is of what is staged: its tree, and its catalog', async () => {
    await fork.stage('kfp-images.yaml', 'version: 1\nimages:\n  mine: { dockerfile: Dockerfile }\n');
    await fork.stage('Dockerfile', 'FROM scratch\n');
    await fork.write('kfp-images.yaml', 'not staged: at all\n');
    const { commit } = await fork.trigger({ images: 'mine' });
    expect(fork.plans).toHaveLength(1);
    expect(fork.plans[0]).toMatchObject({
      commit: await fork.git('rev-parse', `${commit ?? ''}^{tree}`),
      images: [{ name: 'mine', action: 'build', requested: true }],
    });
  });

  test('a message that names more images than asked for says so', async () => {
    await fork.stage('a.txt', 'a\n');
    await fork.trigger({ commitMessage: 'Undo [cacheserver]' });
    expect(fork.said).toContain(
      'warning: The commit message itself names more images, which are built too: cacheserver.',
    );
  });

  test('the hooks of the user run, and what they add is in the commit', async () => {
    await fork.hook(fork.clone, 'pre-commit', 'echo generated > generated.txt && git add generated.txt');
    await fork.stage('a.txt', 'a\n');
    await fork.trigger();
    expect(await fork.git('show', '--name-only', '--format=', 'HEAD')).toBe('a.txt\ngenerated.txt');
  });
});

describe('where it goes', () => {
  test('a branch without an upstream gets one of its own name, slashes and all', async () => {
    await fork.git('switch', '-q', '-c', 'feature/log-pod-name');
    await fork.stage('a.txt', 'a\n');
    const result = await fork.trigger();
    expect(result).toMatchObject({ remoteBranch: 'feature/log-pod-name', setUpstream: true });
    expect(await fork.remoteHead('feature/log-pod-name')).toBe(result.commit);
    expect(await fork.git('rev-parse', '--abbrev-ref', '@{upstream}')).toBe('origin/feature/log-pod-name');
  });

  test('an upstream of another name is where it goes, whatever push.default says', async () => {
    await fork.git('switch', '-q', '-c', 'mine');
    await fork.git('push', '-q', '-u', 'origin', 'mine:team/mine');
    for (const value of ['nothing', 'matching', 'simple', 'current', 'upstream']) {
      await fork.git('config', 'push.default', value);
      await fork.stage('a.txt', `${value}\n`);
      const result = await fork.trigger();
      expect(await fork.remoteHead('team/mine')).toBe(result.commit);
    }
    expect(await fork.remoteHead('mine')).toBeUndefined();
  });

  test('only this branch goes: no other branch, no tag', async () => {
    await fork.git('config', 'push.followTags', 'true');
    await fork.git('branch', 'other');
    await fork.git('tag', '-a', 'v1', '-m', 'v1');
    await fork.stage('a.txt', 'a\n');
    await fork.trigger();
    expect(await fork.gitIn(fork.origin, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  test('a fork that pulls from upstream and pushes to origin', async () => {
    const upstream = join(fork.folder, 'upstream.git');
    await fork.gitIn(fork.folder, 'clone', '-q', '--bare', fork.origin, upstream);
    await fork.git('remote', 'add', 'upstream', upstream);
    await fork.git('fetch', '-q', 'upstream');
    await fork.git('branch', '--set-upstream-to=upstream/main');
    await fork.git('config', 'remote.pushDefault', 'origin');
    await fork.stage('a.txt', 'a\n');
    const result = await fork.trigger();
    expect(await fork.remoteHead('main')).toBe(result.commit);
    expect(await fork.remoteHead('main', upstream)).not.toBe(result.commit);
    expect(await fork.git('rev-parse', '--abbrev-ref', '@{upstream}')).toBe('upstream/main');
  });

  test('a branch that was made from origin/main does not go straight to main', async () => {
    await fork.git('switch', '-q', '-c', 'fix', 'origin/main');
    await fork.stage('a.txt', 'a\n');
    const error = await refused(fork, () => fork.trigger());
    expect(error.message).toContain('The upstream of fix is origin/main, the default branch');
    await fork.git('branch', '--unset-upstream');
    await fork.trigger();
    expect(await fork.remoteHead('fix')).toBe(await fork.git('rev-parse', 'HEAD'));
  });

  test('in a linked work tree, its own index and branch', async () => {
    const tree = join(fork.folder, 'tree');
    await fork.git('worktree', 'add', '-q', '-b', 'side', tree);
    await writeFile(join(tree, 'a.txt'), 'a\n');
    await fork.gitIn(tree, 'add', 'a.txt');
    const result = await fork.trigger({ cwd: tree });
    expect(await fork.remoteHead('side')).toBe(result.commit);
  });
});

test('a dry run gives the commands of a real run, and does nothing', async () => {
  await fork.git('switch', '-q', '-c', 'feature');
  await fork.stage('a.txt', 'a\n');
  const before = await fork.state();
  const dry = await fork.trigger({ dryRun: true, commitMessage: "Don't" });
  expect(await fork.state()).toEqual(before);
  expect(await fork.remoteHead('feature')).toBeUndefined();
  expect(dry.commands).toEqual([
    { command: 'git', args: ['commit', '--quiet', '--cleanup=verbatim', "--message=Don't [driver]"] },
    {
      command: 'git',
      args: [
        'push',
        '--porcelain',
        '--no-follow-tags',
        '--set-upstream',
        'origin',
        'refs/heads/feature:refs/heads/feature',
      ],
    },
  ]);
  const real = await fork.trigger({ commitMessage: "Don't" });
  expect(real.commands).toEqual(dry.commands);
});

test('a password in the address of a remote is in nothing that is printed', async () => {
  await fork.git('config', 'branch.main.remote', 'https://dana:s3cret@example.com/fork.git');
  await fork.stage('a.txt', 'a\n');
  const dry = await fork.trigger({ dryRun: true });
  expect(dry.remote).toBe('https://example.com/fork.git');
  expect(JSON.stringify([dry, fork.said])).not.toContain('s3cret');
});

test('a base image that may be the catalog’s own is said to be built before, though the plan can’t know it', async () => {
  await fork.stage(
    'kfp-images.yaml',
    'version: 1\nimages:\n  base: { dockerfile: base/Dockerfile }\n  web: { dockerfile: web/Dockerfile }\n',
  );
  await fork.stage('base/Dockerfile', 'FROM scratch\nCOPY base/Dockerfile /\n');
  await fork.stage('web/Dockerfile', 'FROM registry.example/p/r/base\nCOPY web/Dockerfile /\n');
  await fork.trigger({ images: 'web' });
  expect(fork.plans[0]?.images.map(({ name }) => name)).toEqual(['web']);
  expect(fork.said).toContain(
    "warning: web is built on registry.example/p/r/base. If that is this catalog's own base, the workflow, which knows the registry " +
      'path, builds base before it where it has changed; this plan does not show that.',
  );
  await fork.stage('base/Dockerfile', 'FROM scratch\nCOPY base /\n');
  fork.said.length = 0;
  await fork.trigger({ images: 'base' });
  expect(fork.said.join('\n')).not.toContain('is built on');
});
