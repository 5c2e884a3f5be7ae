import { readEvent } from '../../src/event/event';
import type { EventOutcome } from '../../src/types';

/* Event files and environments as GitHub's runners give them, cut down to what matters. */

export const sha = 'a'.repeat(40);
export const other = 'b'.repeat(40);
export const zeros = '0'.repeat(40);

export interface Given {
  readonly name: string;
  readonly payload?: unknown;
  readonly ref?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly imagesGiven?: boolean;
}

export const environment = (given: Given): Record<string, string | undefined> => ({
  GITHUB_EVENT_NAME: given.name,
  GITHUB_EVENT_PATH: '/event.json',
  GITHUB_SHA: sha,
  GITHUB_REF: given.ref ?? 'refs/heads/main',
  GITHUB_REPOSITORY: 'prokube/pipelines',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_API_URL: 'https://api.github.com',
  GITHUB_RUN_ATTEMPT: '1',
  ...given.env,
});

export const read = (given: Given): Promise<EventOutcome> =>
  readEvent({
    env: environment(given),
    readFile: () => Promise.resolve(JSON.stringify(given.payload ?? {})),
    ...(given.imagesGiven === undefined ? {} : { imagesGiven: given.imagesGiven }),
  });

export const repository = { default_branch: 'main', full_name: 'prokube/pipelines' };

export const head = { id: sha, message: 'Fix [driver]' };
export const pushed = {
  ref: 'refs/heads/main',
  deleted: false,
  created: false,
  after: sha,
  head_commit: head,
  repository,
};
export const pull = (own: object, head: object = {}): object => ({
  action: 'synchronize',
  pull_request: {
    number: 7,
    head: { sha: other, ref: 'main', repo: { full_name: 'prokube/pipelines', fork: true }, ...head },
    ...own,
  },
  repository,
});
export const workflowRun = (own: object): object => ({
  action: 'completed',
  workflow_run: {
    name: 'CI',
    conclusion: 'success',
    head_sha: other,
    head_branch: 'feature/x',
    head_commit: { id: other, message: 'Fix [launcher]' },
    head_repository: { full_name: 'prokube/pipelines' },
    ...own,
  },
  repository,
});
