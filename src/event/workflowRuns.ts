import { bounds } from '../system/bounds';
import * as v from 'valibot';
import type { Repository } from '../types';
import { client } from './github';
import { ask, type Patience } from './githubAnswers';

/** A run of a workflow, as GitHub has it. Times: RFC 3339, `''` where GitHub gives none. Names are foreign text. */
export interface WorkflowRun {
  readonly id: number;
  readonly number: number;
  readonly attempt: number;
  readonly workflow: string;
  /** `.github/workflows/FILE`, sometimes with `@REF`. */
  readonly path: string;
  /** Reusable workflows that it calls: `OWNER/NAME/.github/workflows/FILE@REF`. */
  readonly calls: readonly string[];
  readonly event: string;
  readonly branch: string;
  /** `completed`, or one of several words for not yet. */
  readonly status: string;
  /** `success`, `failure`, `cancelled` …; undefined until it is completed. */
  readonly conclusion: string | undefined;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly url: string;
}

/** A step of a job. */
interface WorkflowStep {
  readonly name: string;
  readonly status: string;
  readonly conclusion: string | undefined;
}

/** A job of a run's latest attempt. */
export interface WorkflowJob {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly conclusion: string | undefined;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly url: string;
  readonly steps: readonly WorkflowStep[];
}

/** How often GitHub may still be asked: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export interface Budget {
  readonly remaining: number | undefined;
  /** Milliseconds since 1970. */
  readonly resetAt: number | undefined;
}

/** What a watch asks GitHub. Each throws SourceError when GitHub refuses or can't be reached. */
export interface Actions {
  /** The runs of a commit, newest first; undefined: there is no such repository, or the token may not see it. */
  runs(sha: string): Promise<readonly WorkflowRun[] | undefined>;
  /** The jobs of a run's latest attempt. */
  jobs(run: number): Promise<readonly WorkflowJob[]>;
  /** As the last answer said. */
  budget(): Budget;
}

const text = v.nullish(v.string(), '');

const runs = v.object({
  workflow_runs: v.array(
    v.pipe(
      v.object({
        id: v.number(),
        run_number: v.number(),
        run_attempt: v.optional(v.number(), 1),
        name: text,
        path: text,
        referenced_workflows: v.nullish(v.array(v.object({ path: v.string() }))),
        event: text,
        head_branch: text,
        status: text,
        conclusion: v.nullish(v.string()),
        created_at: text,
        run_started_at: text,
        updated_at: text,
        html_url: text,
      }),
      v.transform((run): WorkflowRun => ({
        id: run.id,
        number: run.run_number,
        attempt: run.run_attempt,
        workflow: run.name,
        path: run.path,
        calls: (run.referenced_workflows ?? []).map(({ path }) => path),
        event: run.event,
        branch: run.head_branch,
        status: run.status,
        conclusion: run.conclusion ?? undefined,
        startedAt: run.run_started_at === '' ? run.created_at : run.run_started_at,
        updatedAt: run.updated_at,
        url: run.html_url,
      })),
    ),
  ),
});

const step = v.pipe(
  v.object({ name: text, status: text, conclusion: v.nullish(v.string()) }),
  v.transform((given): WorkflowStep => ({ ...given, conclusion: given.conclusion ?? undefined })),
);
const jobs = v.object({
  jobs: v.array(
    v.pipe(
      v.object({
        id: v.number(),
        name: text,
        status: text,
        conclusion: v.nullish(v.string()),
        started_at: text,
        completed_at: text,
        html_url: text,
        steps: v.optional(v.array(step), []),
      }),
      v.transform(({ started_at, completed_at, html_url, conclusion, ...job }): WorkflowJob => ({
        ...job,
        conclusion: conclusion ?? undefined,
        startedAt: started_at,
        completedAt: completed_at,
        url: html_url,
      })),
    ),
  ),
});

/** GitHub Actions of a repository. `token` may be empty for a public one; `signal` cuts off what is being asked. */
export function actionsOf(repository: Repository, token: string, patience: Patience, signal: AbortSignal): Actions {
  let budget: Budget = { remaining: undefined, resetAt: undefined };
  const { owner, name: repo } = repository;
  const request = async <Schema extends v.GenericSchema>(
    purpose: string,
    schema: Schema,
    route: string,
    own: Readonly<Record<string, string | number>>,
  ): Promise<v.InferOutput<Schema> | undefined> => {
    const octokit = await client(repository, token);
    return ask(purpose, repository, schema, patience, async (within) => {
      signal.throwIfAborted();
      const both = AbortSignal.any([within, signal]);
      const answer = await octokit.request(route, { owner, repo, ...own, request: { signal: both } });
      budget = budgetIn(answer.headers);
      return answer;
    });
  };
  return {
    // https://docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
    runs: (sha) =>
      allPages(async (page) => {
        const route = 'GET /repos/{owner}/{repo}/actions/runs';
        const given = await request(`list the runs of commit ${sha}`, runs, route, { head_sha: sha, ...page });
        return given?.workflow_runs;
      }),
    // https://docs.github.com/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run
    jobs: async (run) =>
      (await allPages(async (page) => {
        const route = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs';
        return (await request(`list the jobs of run ${run}`, jobs, route, { run_id: run, ...page }))?.jobs;
      })) ?? [],
    budget: () => budget,
  };
}

/** Lists come in pages of at most this many: https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api */
export const PAGE = 100;
/** GitHub lists no more than 1000 runs, and a run has fewer jobs than this allows; whoever gives more pages does not speak the API. */
const MOST_PAGES = bounds.github.pages;

/** Page after page until one is not full; undefined: there is no such list. */
async function allPages<Entry>(
  get: (page: { readonly per_page: number; readonly page: number }) => Promise<readonly Entry[] | undefined>,
): Promise<readonly Entry[] | undefined> {
  const first = await get({ per_page: PAGE, page: 1 });
  const all = [...(first ?? [])];
  for (let page = 2, last = first; last?.length === PAGE && page <= MOST_PAGES; page++) {
    last = await get({ per_page: PAGE, page });
    all.push(...(last ?? []));
  }
  return first === undefined ? undefined : all;
}

function budgetIn(headers: Readonly<Record<string, unknown>>): Budget {
  const number = (name: string): number | undefined => {
    const value = headers[name];
    return typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
  };
  const reset = number('x-ratelimit-reset');
  return { remaining: number('x-ratelimit-remaining'), resetAt: reset === undefined ? undefined : reset * 1000 };
}
