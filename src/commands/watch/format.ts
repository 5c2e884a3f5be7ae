import type { WorkflowJob, WorkflowRun } from '../../event/workflowRuns';
import { oneLine } from '../../report/escape';
import { duration } from '../../report/format';
import type { Paint } from '../../report/paint';
import { fit } from '../../report/width';
import { isGood, isOver } from './choose';

/** A run that is followed, with its jobs. */
export interface Followed {
  readonly run: WorkflowRun;
  readonly jobs: readonly WorkflowJob[];
}

/** `Build backend images #12 (push on main)`, on one line. Pure, as everything here. */
export function runName({ workflow, number, attempt, event, branch }: WorkflowRun): string {
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  return oneLine(`${workflow} #${number} (${event}${branch === '' ? '' : ` on ${branch}`}${again})`, 120);
}

/** What a job does now, without times: the step it is at, or how it ended. */
export function jobState(job: WorkflowJob): string {
  if (isOver(job)) return oneLine(job.conclusion ?? 'ended', 40);
  if (job.status !== 'in_progress')
    return job.status === 'waiting' ? 'waits for its turn or an approval' : 'waits for a runner';
  const step = job.steps.find(({ status }) => status === 'in_progress');
  return step === undefined ? 'works' : oneLine(step.name, 120);
}

/** The same with the time it took, for a log. */
export function jobLine(job: WorkflowJob, now: number): string {
  const took = isOver(job) && job.conclusion !== 'skipped' ? ` after ${duration(elapsed(job, now))}` : '';
  return `${oneLine(job.name, 120)}: ${jobState(job)}${took}`;
}

/** All runs with their jobs, one line each, to be redrawn in place. */
export function liveLines(
  followed: readonly Followed[],
  frame: { readonly columns: number; readonly rows: number },
  now: number,
  paint: Paint,
): readonly string[] {
  const lines = followed.flatMap(({ run, jobs }) => [
    {
      mark: '',
      text: `${runName(run)}  ${duration(since(run.startedAt, isOver(run) ? run.updatedAt : '', now))}`,
      paint: paint.bold,
    },
    ...jobs.map((job) => ({ ...markOf(job, paint), text: liveJob(job, now) })),
  ]);
  return lines.slice(0, Math.max(1, frame.rows - 1)).map(({ mark, text, paint: colour }) => {
    const cut = fit(mark === '' ? text : `  ${mark} ${text}`, frame.columns);
    return colour(cut);
  });
}

/** How a run ended, and where to read more: the first line, then one for each job and step that failed. */
export function endLines({ run, jobs }: Followed): readonly [string, ...string[]] {
  const took = duration(since(run.startedAt, run.updatedAt, Date.parse(run.updatedAt)));
  const first = `${runName(run)}: ${oneLine(run.conclusion ?? 'ended', 40)} after ${took}. ${oneLine(run.url)}`;
  const failed = jobs.filter((job) => isOver(job) && !isGood(job));
  return [
    first,
    ...adviceOn({ run, jobs }),
    ...failed.map((job) => {
      const step = job.steps.find((each) => each.conclusion === 'failure' || each.conclusion === 'cancelled');
      const where = step === undefined ? '' : ` in "${oneLine(step.name, 120)}"`;
      return `  ${oneLine(job.name, 120)}: ${jobState(job)}${where}. ${oneLine(job.url)}`;
    }),
  ];
}

/** What an end means that GitHub only names: https://docs.github.com/rest/actions/workflow-runs (status and conclusion). */
function adviceOn({ run, jobs }: Followed): readonly string[] {
  if (run.conclusion === 'startup_failure') {
    return [
      '  GitHub could not even start it; that page says why. Mostly the workflow that is called is not there at that revision, may not be ' +
        'used (Settings → Actions → General), or asks for more permissions than its caller gives; then correct the file and push again.',
    ];
  }
  const build = jobs.find(
    ({ name, conclusion }) => conclusion === 'skipped' && /(?:^|\/ )Build and publish$/.test(name),
  );
  return build === undefined || !isGood(run)
    ? []
    : [
        '  Nothing was built and nothing published: no keyword of the message counts, or only the plan was asked for. The job Plan says which; ' +
          '`kfp-images trigger --images … --allow-empty` builds.',
      ];
}

function liveJob(job: WorkflowJob, now: number): string {
  const time = job.status === 'in_progress' || isOver(job) ? `  ${duration(elapsed(job, now))}` : '';
  const isShort = isOver(job) && job.conclusion === 'skipped';
  return `${oneLine(job.name, 60)}${isShort ? '' : time}  ${jobState(job)}`;
}

function markOf(job: WorkflowJob, paint: Paint): { readonly mark: string; readonly paint: (text: string) => string } {
  if (!isOver(job))
    return job.status === 'in_progress' ? { mark: '▸', paint: paint.cyan } : { mark: '·', paint: paint.dim };
  if (job.conclusion === 'success') return { mark: '✔', paint: paint.green };
  return isGood(job) ? { mark: '-', paint: paint.dim } : { mark: '✖', paint: paint.red };
}

function elapsed({ startedAt, completedAt }: WorkflowJob, now: number): number {
  return since(startedAt, completedAt, now);
}

function since(start: string, end: string, now: number): number {
  const until = end === '' ? now : Date.parse(end);
  const took = until - Date.parse(start);
  return Number.isFinite(took) ? took : 0;
}
