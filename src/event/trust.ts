import { quoted } from '../system/quoted';
import type { Trust } from '../types';

/** Where a run's code comes from and who could start it. */
export interface Origin {
  /** GitHub's event name. */
  readonly event: string;
  /** `owner/name` of the repository the run takes place in, whose secrets it may hold. */
  readonly here: string | undefined;
  /** `owner/name` of the repository that the code comes from; null: that repository is gone; undefined: the event brings no code along. */
  readonly from: string | null | undefined;
}

/**
 * The events that only people who may write to the repository can start, or that run on code they put there. All others (a comment, an
 * issue, a star, a fork …) can be started by anyone, and what a workflow checks out for them can't be seen from here.
 * https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
 */
const writers = new Set([
  'push',
  'create',
  'release',
  'schedule',
  'workflow_dispatch',
  'repository_dispatch',
  'merge_group',
]);

/**
 * The events whose runs are named after the code that they build: by the branch or tag, or by their pull request (`refs/pull/7/merge`). The
 * others run under the name of the default branch, whoever's code their workflow checks out.
 */
export const namingEvents: ReadonlySet<string> = new Set([
  ...writers,
  'pull_request',
  'pull_request_review',
  'pull_request_review_comment',
]);

/** The events that bring along code of a repository which may be another one. */
const carriers = new Set([
  'pull_request',
  'pull_request_review',
  'pull_request_review_comment',
  'pull_request_target',
  'workflow_run',
]);

/**
 * May this run push? Code of a fork never may, not even where the run holds secrets (`pull_request_target`, `workflow_run`:
 * https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/). That a repository is a fork says nothing, for a
 * Kubeflow Pipelines fork is one itself: what counts is whether the code comes from another repository than the run's own.
 */
export function trustOf(origin: Origin): Trust {
  if (writers.has(origin.event)) return { kind: 'trusted' };
  if (!carriers.has(origin.event)) {
    return planOnly(
      `a run started by ${quoted(origin.event)} never pushes, for outsiders can start such runs; use push or workflow_dispatch`,
    );
  }
  if (origin.from === null || origin.from === undefined) {
    return planOnly('the repository that the code comes from no longer exists');
  }
  if (origin.here === undefined) return planOnly('GITHUB_REPOSITORY does not say which repository this run belongs to');
  if (origin.here.toLowerCase() !== origin.from.toLowerCase()) {
    return planOnly(`the code comes from the fork ${quoted(origin.from)}; once merged, a push builds and pushes it`);
  }
  return { kind: 'trusted' };
}

function planOnly(why: string): Trust {
  return { kind: 'plan-only', reason: `nothing is built or pushed: ${why}` };
}
