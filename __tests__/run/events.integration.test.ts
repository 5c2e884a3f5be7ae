import { afterAll, beforeAll, expect, it } from 'vitest';
import { readProvenance } from '../../src/publish/attest/readStatement';
import { attachedIn } from './attached';
import { before, createWorld, json, lockIn, manifestOf, noDocker, step, tagsOf, type World } from './world';

/* What each event that can start a workflow makes of one commit, whose message says [apiserver] and whose images are published. */

let world: World;
let commit: string;

const images = ['apiserver', 'driver', 'launcher'];

beforeAll(async () => {
  world = await createWorld();
  commit = await world.fork.commit('Speak up [apiserver]', { 'docs/notes.md': 'Spoken.\n' });
  const published = await step(world);
  expect(published.exitCode).toBe(0);
});
afterAll(() => world[Symbol.asyncDispose]());

const pull = (from: string): object => ({
  action: 'synchronize',
  pull_request: { number: 7, head: { sha: commit, ref: 'main', repo: { full_name: from, fork: true } } },
  repository: { full_name: 'dana/pipelines', default_branch: 'main' },
});
const repository = { full_name: 'dana/pipelines', default_branch: 'main' };
const nothing = [
  {
    title: 'a branch that was deleted',
    own: { payload: { ref: 'refs/heads/old', deleted: true, after: '0'.repeat(40), head_commit: null, repository } },
    says: /^Nothing to do: "?refs\/heads\/old"? was deleted\.$/,
  },
  {
    title: 'a tag',
    own: {
      ref: 'refs/tags/v1',
      payload: {
        ref: 'refs/tags/v1',
        deleted: false,
        head_commit: { id: 'a'.repeat(40), message: '[driver]' },
        repository,
      },
    },
    says: /is a tag: .* give the images input/,
  },
  {
    title: 'a message without a keyword',
    own: {
      payload: {
        ref: 'refs/heads/main',
        deleted: false,
        repository,
        head_commit: { id: 'a'.repeat(40), message: 'Fix it' },
      },
      sha: 'a'.repeat(40),
    },
    says: /^Nothing to do: no keyword in the commit message/,
  },
  {
    title: 'other brackets',
    own: {
      payload: {
        ref: 'refs/heads/main',
        deleted: false,
        repository,
        head_commit: { id: 'a'.repeat(40), message: '[WIP] x [skip ci]' },
      },
      sha: 'a'.repeat(40),
    },
    says: /^Nothing to do: no keyword in the commit message/,
  },
];

it.each(nothing)('$title: one line, no docker, no registry', async ({ own, says }) => {
  const fake = await noDocker(world);
  const log = world.registry.logs();
  const ended = await step(world, { ...own, env: { PATH: before(fake.bin) } });
  expect(ended.exitCode).toBe(0);
  const lines = ended.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('::add-mask::'));
  expect(lines).toEqual([expect.stringMatching(says)]);
  expect(ended.stderr).toBe('');
  expect(await fake.calls()).toBe('');
  expect(world.registry.logs()).toBe(log);
  expect(json(ended, 'built')).toEqual([]);
  expect(ended.summary).toBe('');
});

it('a near miss: a warning that names the right word', async () => {
  const ended = await step(world, { inputs: { 'commit-message': 'Fix [apisever]' } });
  expect(ended.exitCode).toBe(0);
  expect(ended.stdout).toMatch(/^::warning::.*apisever.*apiserver/m);
  expect(json(ended, 'built')).toEqual([]);
});

it('a pull request from a fork: a plan and the reason, and the registry is not even asked', async () => {
  const log = world.registry.logs();
  const ended = await step(world, {
    event: 'pull_request',
    ref: 'refs/pull/7/merge',
    payload: pull('stranger/pipelines'),
  });
  expect(ended.exitCode).toBe(0);
  expect(json(ended, 'plan')).toMatchObject({ commit, keywords: ['apiserver'] });
  expect(json(ended, 'images')).toEqual({});
  const why = 'nothing is built or pushed: the code comes from the fork "stranger/pipelines"';
  expect(ended.stdout).toContain(`Plan only: ${why}`);
  expect(ended.summary).toMatch(/the code comes from the fork .*stranger\/pipelines/);
  expect(world.registry.logs()).toBe(log);
});

it('a pull request of the same repository publishes, and leaves latest where it is', async () => {
  const ended = await step(world, {
    event: 'pull_request',
    ref: 'refs/pull/7/merge',
    payload: pull('dana/pipelines'),
    inputs: { images: 'driver', tags: '{{branch}}-{{short_sha}}', provenance: 'true' },
  });
  expect(ended.exitCode).toBe(0);
  expect(json(ended, 'reused')).toEqual(['driver']);
  expect(await tagsOf(world.registry, 'driver')).toContain(`pr-7-${commit.slice(0, 7)}`);
  expect(ended.stdout).toMatch(/latest stays where it is: this is branch pr-7; main moves it/);
  const { digest = '' } = (await lockIn(world.fork)).images['driver'] ?? {};
  const [attached] = await attachedIn(world, 'driver', digest);
  const provenance = readProvenance(Buffer.from(attached?.file ?? ''));
  expect(provenance).toMatchObject({ ref: 'refs/pull/7/merge', branch: 'pr-7' });
});

it.each([
  { event: 'workflow_dispatch', payload: { inputs: { images: 'driver' }, repository } },
  { event: 'repository_dispatch', payload: { action: 'build', repository } },
])('$event takes the images from the input', async ({ event, payload }) => {
  const ended = await step(world, { event, payload, inputs: { images: 'driver\nlauncher' } });
  expect(ended.exitCode).toBe(0);
  expect([...(json(ended, 'reused') as string[])].sort()).toEqual(['driver', 'launcher']);
});

it('a merge group takes the keyword from its head commit, and is not a default branch', async () => {
  const ref = 'refs/heads/gh-readonly-queue/main/pr-7';
  const group = { head_sha: commit, head_ref: ref, head_commit: { id: commit, message: '[launcher]' } };
  const payload = { action: 'checks_requested', merge_group: group, repository };
  const ended = await step(world, { event: 'merge_group', ref, payload });
  expect(ended.exitCode).toBe(0);
  expect(json(ended, 'reused')).toEqual(['launcher']);
  expect(ended.stdout).toMatch(/latest stays where it is/);
});

it('a scheduled run reads the keyword from git, and rebuilds only where it is asked to', async () => {
  const scheduled = { event: 'schedule', payload: { schedule: '0 4 * * *', repository } };
  const plain = await step(world, scheduled);
  expect(plain.exitCode).toBe(0);
  expect([...(json(plain, 'reused') as string[])].sort()).toEqual(images);
  expect(plain.stdout).not.toContain('replaces what is published');

  const ended = await step(world, { ...scheduled, inputs: { rebuild: 'all' } });
  expect(ended.stdout).toMatch(
    new RegExp(`^::warning::rebuild: all replaces what is published for commit ${commit}: `, 'm'),
  );
  expect(ended.exitCode).toBe(0);
  expect([...(json(ended, 'built') as string[])].sort()).toEqual(images);
});

it('a re-run publishes nothing again', async () => {
  const set = await manifestOf(world.registry, 'kfp-images-set', `commit-${commit}`);
  const ended = await step(world, { env: { GITHUB_RUN_ATTEMPT: '2' } });
  expect(ended.exitCode).toBe(0);
  expect([...(json(ended, 'reused') as string[])].sort()).toEqual(images);
  expect((await manifestOf(world.registry, 'kfp-images-set', `commit-${commit}`)).digest).toBe(set.digest);
});
