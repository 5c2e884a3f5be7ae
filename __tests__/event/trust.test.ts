import { describe, expect, test } from 'vitest';
import { trustOf, type Origin } from '../../src/event/trust';

const here = 'prokube/pipelines';

describe('trustOf', () => {
  const trusted: readonly Origin[] = [
    { event: 'push', here, from: undefined },
    { event: 'create', here, from: undefined },
    { event: 'release', here, from: undefined },
    { event: 'schedule', here, from: undefined },
    { event: 'workflow_dispatch', here, from: undefined },
    { event: 'repository_dispatch', here, from: undefined },
    { event: 'merge_group', here, from: undefined },
    { event: 'pull_request', here, from: here },
    { event: 'pull_request', here, from: 'Prokube/Pipelines' },
    { event: 'pull_request_review', here, from: here },
    { event: 'pull_request_review_comment', here, from: here },
    { event: 'pull_request_target', here, from: here },
    { event: 'workflow_run', here, from: here },
  ];
  test.each(trusted)('trusts $event from $from', (origin) => {
    expect(trustOf(origin)).toEqual({ kind: 'trusted' });
  });

  const distrusted: readonly (readonly [Origin, RegExp])[] = [
    ...['pull_request', 'pull_request_review', 'pull_request_target', 'workflow_run'].flatMap((event) => [
      [{ event, here, from: 'stranger/pipelines' }, /the code comes from the fork "stranger\/pipelines"/] as const,
      [{ event, here, from: null }, /no longer exists/] as const,
      [{ event, here, from: undefined }, /no longer exists/] as const,
      [{ event, here: undefined, from: here }, /GITHUB_REPOSITORY/] as const,
    ]),
    [{ event: 'pull_request', here, from: 'prokube/pipelines2' }, /fork/],
    [{ event: 'pull_request', here, from: 'x\u001b[0m' }, /"x\\u\{1b\}\[0m"/],
    ...['issue_comment', 'issues', 'watch', 'fork', 'discussion', 'gollum', 'Push', ''].map(
      (event) => [{ event, here, from: undefined }, /outsiders can start such runs; use push/] as const,
    ),
  ];
  test.each(distrusted)('never trusts %j', (origin, reason) => {
    expect(trustOf(origin)).toEqual({ kind: 'plan-only', reason: expect.stringMatching(reason) as string });
  });
});
