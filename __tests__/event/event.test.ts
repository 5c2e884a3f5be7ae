import { describe, expect, test } from 'vitest';
import type { Event, EventOutcome } from '../../src/types';
import { head, other, pull, pushed, read, repository, sha, workflowRun, zeros, type Given } from '../support/events';

const event = (own: Partial<Event>): EventOutcome => ({
  kind: 'run',
  event: {
    name: 'push',
    commit: sha,
    messageCommit: undefined,
    message: undefined,
    branch: 'main',
    defaultBranch: 'main',
    repository: {
      owner: 'prokube',
      name: 'pipelines',
      serverUrl: 'https://github.com',
      apiUrl: 'https://api.github.com',
    },
    trust: { kind: 'trusted' },
    ...own,
  },
});
const nothing = (reason: RegExp): unknown => ({ kind: 'nothing', reason: expect.stringMatching(reason) as string });
const planOnly = (reason: RegExp): Event['trust'] => ({
  kind: 'plan-only',
  reason: expect.stringMatching(reason) as string,
});

describe('readEvent', () => {
  const table: readonly (readonly [string, Given, unknown])[] = [
    ['a push', { name: 'push', payload: pushed }, event({ message: 'Fix [driver]' })],
    [
      'a push to a branch with slashes',
      { name: 'push', ref: 'refs/heads/feat/a/b', payload: { ...pushed, ref: 'refs/heads/feat/a/b' } },
      event({ message: 'Fix [driver]', branch: 'feat/a/b' }),
    ],
    [
      'a created branch',
      { name: 'push', payload: { ...pushed, created: true, before: zeros } },
      event({ message: 'Fix [driver]' }),
    ],
    [
      'a re-run of a push',
      { name: 'push', payload: pushed, env: { GITHUB_RUN_ATTEMPT: '3' } },
      event({ message: 'Fix [driver]', isRepeated: true }),
    ],
    [
      'a push whose message is of another commit',
      { name: 'push', payload: { ...pushed, head_commit: { id: other, message: '[driver]' } } },
      event({ message: undefined }),
    ],
    [
      'a deleted branch',
      { name: 'push', payload: { ...pushed, deleted: true, after: zeros, head_commit: null } },
      nothing(/"refs\/heads\/main" was deleted/),
    ],
    ['an empty push', { name: 'push', payload: { ...pushed, head_commit: null } }, nothing(/brought no commit/)],
    [
      'an empty push with images given',
      { name: 'push', payload: { ...pushed, head_commit: null }, imagesGiven: true },
      event({ message: undefined }),
    ],
    [
      'a tag',
      { name: 'push', ref: 'refs/tags/v1', payload: { ...pushed, ref: 'refs/tags/v1' } },
      nothing(/"refs\/tags\/v1" is a tag: .* give the images input/),
    ],
    [
      'an annotated tag with images given: the commit it points to',
      {
        name: 'push',
        ref: 'refs/tags/v1',
        payload: { ...pushed, ref: 'refs/tags/v1', head_commit: { id: other, message: 'm' } },
        imagesGiven: true,
      },
      event({ branch: undefined, tag: 'v1', commit: other, message: 'm' }),
    ],
    [
      'a deleted tag',
      { name: 'push', payload: { ref: 'refs/tags/v1', deleted: true, head_commit: null } },
      nothing(/deleted/),
    ],
    ['a release', { name: 'release', ref: 'refs/tags/v1', payload: { repository } }, nothing(/is a tag/)],
    [
      'a release with images given',
      { name: 'release', ref: 'refs/tags/v1', payload: { repository }, imagesGiven: true },
      event({ name: 'release', branch: undefined, tag: 'v1' }),
    ],
    ['create of a tag', { name: 'create', ref: 'refs/tags/v1', payload: { repository } }, nothing(/is a tag/)],
    ['create of a branch', { name: 'create', payload: { repository } }, event({ name: 'create' })],
    ['delete', { name: 'delete', payload: { repository } }, nothing(/deleted/)],
    [
      'a dispatch',
      { name: 'workflow_dispatch', payload: { inputs: { images: 'all' }, repository } },
      event({ name: 'workflow_dispatch' }),
    ],
    [
      'a dispatch on a tag',
      { name: 'workflow_dispatch', ref: 'refs/tags/v1', payload: { repository } },
      event({ name: 'workflow_dispatch', branch: undefined, tag: 'v1' }),
    ],
    [
      'a schedule, whose payload may hold nothing',
      { name: 'schedule', payload: { schedule: '0 3 * * *' } },
      event({ name: 'schedule', defaultBranch: undefined }),
    ],
    [
      'a repository_dispatch',
      { name: 'repository_dispatch', payload: { repository } },
      event({ name: 'repository_dispatch' }),
    ],
    [
      'a merge group',
      {
        name: 'merge_group',
        ref: 'refs/heads/gh-readonly-queue/main/pr-7-x',
        payload: { action: 'checks_requested', merge_group: { head_commit: head }, repository },
      },
      event({ name: 'merge_group', branch: 'gh-readonly-queue/main/pr-7-x', message: 'Fix [driver]' }),
    ],
    [
      'a destroyed merge group',
      { name: 'merge_group', payload: { action: 'destroyed', merge_group: {}, repository } },
      nothing(/out of the queue/),
    ],
    [
      'a pull request of the same repository, even when that is a fork of another and the branch has the default name',
      { name: 'pull_request', ref: 'refs/pull/7/merge', payload: pull({}) },
      event({ name: 'pull_request', messageCommit: other, branch: 'pr-7', pullRequest: 7 }),
    ],
    [
      "a fork's pull request",
      {
        name: 'pull_request',
        ref: 'refs/pull/7/merge',
        payload: pull({}, { repo: { full_name: 'stranger/pipelines' } }),
      },
      event({
        name: 'pull_request',
        messageCommit: other,
        branch: 'pr-7',
        pullRequest: 7,
        trust: planOnly(/fork "stranger\/pipelines"/),
      }),
    ],
    [
      'a pull request of a fork that is gone',
      { name: 'pull_request', ref: 'refs/pull/7/merge', payload: pull({}, { repo: null }) },
      event({
        name: 'pull_request',
        messageCommit: other,
        branch: 'pr-7',
        pullRequest: 7,
        trust: planOnly(/no longer exists/),
      }),
    ],
    [
      'a closed pull request',
      { name: 'pull_request', payload: { ...pull({ merged: false }), action: 'closed' } },
      nothing(/pull request 7 was closed without being merged/),
    ],
    [
      'a merged pull request',
      { name: 'pull_request', payload: { ...pull({ merged: true }), action: 'closed' } },
      event({ name: 'pull_request', messageCommit: other, branch: 'pr-7', pullRequest: 7 }),
    ],
    [
      "pull_request_target: the base's own tip",
      { name: 'pull_request_target', payload: pull({}) },
      event({ name: 'pull_request_target', branch: 'pr-7', pullRequest: 7 }),
    ],
    [
      'pull_request_target of a fork',
      { name: 'pull_request_target', payload: pull({}, { repo: { full_name: 'stranger/pipelines' } }) },
      event({ name: 'pull_request_target', branch: 'pr-7', pullRequest: 7, trust: planOnly(/fork/) }),
    ],
    [
      'workflow_run: the commit that the other workflow ran on',
      { name: 'workflow_run', payload: workflowRun({}) },
      event({ name: 'workflow_run', commit: other, message: 'Fix [launcher]', branch: 'feature/x' }),
    ],
    [
      'workflow_run of a fork',
      { name: 'workflow_run', payload: workflowRun({ head_repository: { full_name: 'stranger/pipelines' } }) },
      nothing(/the code comes from the fork "stranger\/pipelines"/),
    ],
    [
      'workflow_run of a fork that is gone',
      { name: 'workflow_run', payload: workflowRun({ head_repository: null }) },
      nothing(/no longer exists/),
    ],
    [
      'workflow_run after a failure',
      { name: 'workflow_run', payload: workflowRun({ conclusion: 'failure' }) },
      nothing(/"CI" .* "failure"/),
    ],
    [
      'workflow_run, requested',
      { name: 'workflow_run', payload: workflowRun({ conclusion: null, head_commit: null }) },
      event({ name: 'workflow_run', commit: other, branch: 'feature/x' }),
    ],
    [
      'a comment',
      { name: 'issue_comment', payload: { repository } },
      event({ name: 'issue_comment', trust: planOnly(/outsiders/) }),
    ],
    [
      'GitHub Enterprise',
      {
        name: 'push',
        payload: pushed,
        env: {
          GITHUB_SERVER_URL: 'https://ghe.example/',
          GITHUB_API_URL: 'https://ghe.example/api/v3/',
          GITHUB_SHA: 'A'.repeat(40),
        },
      },
      event({
        message: 'Fix [driver]',
        repository: {
          owner: 'prokube',
          name: 'pipelines',
          serverUrl: 'https://ghe.example',
          apiUrl: 'https://ghe.example/api/v3',
        },
      }),
    ],
    [
      'no repository',
      { name: 'push', payload: pushed, env: { GITHUB_REPOSITORY: undefined } },
      event({ message: 'Fix [driver]', repository: undefined }),
    ],
  ];
  test.each(table)('%s', async (_, given, outcome) => {
    expect(await read(given)).toEqual(outcome);
  });
});
