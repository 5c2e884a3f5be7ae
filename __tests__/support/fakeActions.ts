import type { GitHub } from '@actions/github/lib/utils';
import type { FakeAnswer, FakeModel } from './fakeGitHub';

/*
 * A FAKE of GitHub Actions' part of the REST API, for fakeGitHub.ts: the runs of a commit and their jobs, in states that follow one another,
 * one with each time that the runs are listed. The compiler holds the shapes against GitHub's OpenAPI description, apart from the two
 * repositories in each run, which are left out.
 */

type Actions = InstanceType<typeof GitHub>['rest']['actions'];
type RunList = Awaited<ReturnType<Actions['listWorkflowRunsForRepo']>>['data'];
type JobList = Awaited<ReturnType<Actions['listJobsForWorkflowRun']>>['data'];
type Run = Omit<RunList['workflow_runs'][number], 'repository' | 'head_repository'>;
type Job = JobList['jobs'][number];

/** A job as a test tells it; no `conclusion`: it goes on. Steps: name → status or conclusion. */
export interface FakeJob {
  readonly name: string;
  readonly status?: Job['status'];
  readonly conclusion?: Job['conclusion'];
  readonly steps?: Readonly<Record<string, 'in_progress' | 'queued' | 'success' | 'failure' | 'cancelled' | 'skipped'>>;
}

/** A run as a test tells it; no `conclusion`: it goes on. */
export interface FakeRun {
  readonly id?: number;
  readonly file?: string;
  readonly name?: string;
  readonly event?: string;
  readonly attempt?: number;
  readonly status?: string;
  readonly conclusion?: string;
  readonly startedAt?: string;
  /** Reusable workflows that it calls. */
  readonly calls?: readonly string[];
  readonly jobs?: readonly FakeJob[];
}

const start = '2026-11-23T08:00:00Z';
const end = '2026-11-23T08:01:05Z';

/** Routes for `startFakeGitHub`: the runs of commit `sha` (undefined: of any), in one state after the other; the last one stays. */
export function fakeActions(
  sha: string | undefined,
  states: readonly (readonly FakeRun[])[],
): NonNullable<FakeModel['routes']> {
  let looks = 0;
  const current = (): readonly FakeRun[] => states[Math.min(looks, states.length) - 1] ?? [];
  return ({ method, path, query }) => {
    if (method !== 'GET') return undefined;
    if (path === '/actions/runs') {
      looks += 1;
      const asked = query['head_sha'] ?? '';
      const found = asked === (sha ?? asked) ? current() : [];
      return json({ total_count: found.length, workflow_runs: found.map((run) => runOf(run, asked)) });
    }
    const [, id] = /^\/actions\/runs\/(\d+)\/jobs$/.exec(path) ?? [];
    const run = current().find((each) => (each.id ?? 1) === Number(id));
    if (run === undefined) return undefined;
    const all = (run.jobs ?? []).map((job, index) => jobOf(job, Number(id), index, sha ?? ''));
    const size = Math.min(100, Number(query['per_page'] ?? 30));
    const from = size * (Number(query['page'] ?? 1) - 1);
    return json({ total_count: all.length, jobs: all.slice(from, from + size) } satisfies JobList);
  };
}

/** With a limit that is renewed within a minute. */
const json = (body: unknown): FakeAnswer => ({
  status: 200,
  headers: {
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': '4990',
    'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 60),
  },
  body,
});

function runOf(run: FakeRun, sha: string): Run {
  const { id = 1, file = 'build-backend-images.yaml', conclusion = null } = run;
  const startedAt = run.startedAt ?? start;
  const url = `https://api.github.com/repos/prokube/pipelines/actions/runs/${id}`;
  return {
    id,
    name: run.name ?? 'Build backend images',
    node_id: 'WFR_fake',
    head_branch: 'main',
    head_sha: sha,
    path: `.github/workflows/${file}`,
    run_number: 10 + id,
    run_attempt: run.attempt ?? 1,
    referenced_workflows: (run.calls ?? []).map((path) => ({ path, sha })),
    event: run.event ?? 'push',
    status: run.status ?? (conclusion === null ? 'in_progress' : 'completed'),
    conclusion,
    workflow_id: 7,
    url,
    html_url: `https://github.com/prokube/pipelines/actions/runs/${id}`,
    pull_requests: [],
    created_at: startedAt,
    updated_at: end,
    run_started_at: startedAt,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: url,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    workflow_url: url,
    head_commit: null,
    display_title: 'Log the pod name [driver]',
  };
}

function jobOf(job: FakeJob, run: number, index: number, sha: string): Job {
  const { conclusion = null } = job;
  const id = 100 * run + index;
  return {
    id,
    run_id: run,
    run_url: `https://api.github.com/repos/prokube/pipelines/actions/runs/${run}`,
    node_id: 'CR_fake',
    head_sha: sha,
    url: `https://api.github.com/repos/prokube/pipelines/actions/jobs/${id}`,
    html_url: `https://github.com/prokube/pipelines/actions/runs/${run}/job/${id}`,
    status: job.status ?? (conclusion === null ? 'in_progress' : 'completed'),
    conclusion,
    created_at: start,
    started_at: start,
    completed_at: conclusion === null ? null : end,
    name: job.name,
    steps: Object.entries(job.steps ?? {}).map(([name, state], number) => {
      const isOver = state !== 'in_progress' && state !== 'queued';
      return { name, number, status: isOver ? 'completed' : state, conclusion: isOver ? state : null };
    }),
    check_run_url: '',
    labels: ['ubuntu-24.04'],
    runner_id: null,
    runner_name: null,
    runner_group_id: null,
    runner_group_name: null,
    workflow_name: 'Build backend images',
    head_branch: 'main',
  };
}
