import type { Budget, WorkflowRun } from '../../event/workflowRuns';

/** The workflow that `init` installs, and what it calls. */
const own = /(?:^|\/)build-backend-images\.ya?ml(?:@|$)/;
/** A caller with another name, of the workflow of any fork of this package. */
const called = /^[^/]+\/kfp-images\/\.github\/workflows\//;

/** A run that has ended. */
export function isOver({ status }: Pick<WorkflowRun, 'status'>): boolean {
  return status === 'completed';
}

/** Did it end well? A run that had nothing to do did. */
export function isGood({ conclusion }: { readonly conclusion: string | undefined }): boolean {
  return conclusion === 'success' || conclusion === 'skipped' || conclusion === 'neutral';
}

/**
 * The runs to follow, of all that a commit has (a Kubeflow Pipelines fork has dozens of workflows). Pure. `workflow`: name or file as the
 * user gave it; undefined: the one that builds images. Those that go on, else the newest one; none: it has not begun.
 */
export function chosenRuns(runs: readonly WorkflowRun[], workflow: string | undefined): readonly WorkflowRun[] {
  const ours = runs.filter((run) => (workflow === undefined ? buildsImages(run) : isCalled(run, workflow)));
  const going = ours.filter((run) => !isOver(run));
  const newest = [...ours].sort((a, b) =>
    a.startedAt === b.startedAt ? b.id - a.id : a.startedAt < b.startedAt ? 1 : -1,
  );
  return going.length > 0 ? going : newest.slice(0, 1);
}

/** Files of the workflows that have runs, for people who look for another one. */
export function filesOf(runs: readonly WorkflowRun[]): readonly string[] {
  return [...new Set(runs.map(({ path }) => fileOf(path)))].sort();
}

/**
 * Milliseconds until GitHub is asked again: `usual`, or more where what it still allows until the limit is renewed would not last. Half of
 * that is left to others who use the same token. Pure. `requests`: how many one look takes.
 */
export function pauseFor({ remaining, resetAt }: Budget, requests: number, usual: number, now: number): number {
  if (remaining === undefined || resetAt === undefined || resetAt <= now) return usual;
  const looks = Math.floor(remaining / 2 / requests);
  const needed = looks < 1 ? resetAt - now : (resetAt - now) / looks;
  return Math.round(Math.min(Math.max(usual, needed), 10 * 60_000));
}

function buildsImages({ path, calls }: WorkflowRun): boolean {
  return own.test(path) || calls.some((each) => own.test(each) || called.test(each));
}

function isCalled({ path, workflow, id }: WorkflowRun, wanted: string): boolean {
  return [withoutRef(path), fileOf(path), workflow, String(id)].includes(wanted);
}

function fileOf(path: string): string {
  return withoutRef(path).split('/').at(-1) ?? '';
}

function withoutRef(path: string): string {
  return path.split('@')[0] ?? '';
}
