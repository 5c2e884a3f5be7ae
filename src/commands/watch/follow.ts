import { setTimeout as delay } from 'node:timers/promises';
import { SourceError } from '../../errors';
import { PAGE, type Actions, type WorkflowRun } from '../../event/workflowRuns';
import { duration } from '../../report/format';
import { quoted } from '../../system/quoted';
import { chosenRuns, filesOf, isOver, pauseFor } from './choose';
import type { Followed } from './format';

/** What is followed. Times in milliseconds. */
interface FollowRequest {
  readonly commit: string;
  /** Name or file; undefined: the one that builds images. */
  readonly workflow: string | undefined;
  /** How long a run may take to appear. */
  readonly appearMs: number;
  /** Between two looks. */
  readonly pollMs: number;
}

/** The world around it. */
interface FollowPorts {
  readonly actions: Actions;
  /** Does GitHub have the commit? */
  readonly isKnown: () => Promise<boolean>;
  /** Aborted: `follow` throws its reason. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  readonly show: (followed: readonly Followed[]) => void;
}

/**
 * Waits for the runs of a commit to appear and follows them to their end, attempts that are started again meanwhile included. Throws
 * SourceError when none appears in time, or GitHub does not answer; the signal's reason when it comes.
 */
export async function follow(request: FollowRequest, ports: FollowPorts): Promise<readonly Followed[]> {
  const { actions, signal } = ports;
  const first = await appeared(request, ports);
  const ids = new Set(first.map(({ id }) => id));
  for (let runs = first; ;) {
    const followed = await Promise.all(
      runs.map(async (run): Promise<Followed> => ({ run, jobs: await actions.jobs(run.id) })),
    );
    ports.show(followed);
    if (runs.every(isOver)) return followed;
    // One list of runs, and for each run a request for every full page of jobs and one more.
    const requests = followed.reduce((sum, { jobs }) => sum + 1 + Math.floor(jobs.length / PAGE), 1);
    await sleep(pauseFor(actions.budget(), requests, request.pollMs, Date.now()), signal);
    const all = (await actions.runs(request.commit)) ?? [];
    const again = all.filter(({ id }) => ids.has(id));
    // A list that lacks what it had is GitHub's cache, not the end of the run.
    runs = again.length === ids.size ? again : runs;
  }
}

async function appeared(request: FollowRequest, ports: FollowPorts): Promise<readonly WorkflowRun[]> {
  const { actions, signal, say } = ports;
  const end = Date.now() + request.appearMs;
  for (let isFirst = true; ; isFirst = false) {
    const all = await actions.runs(request.commit);
    if (all === undefined) {
      throw new SourceError(
        'GitHub does not show this repository, or Actions are turned off in it. If it is private, give a token that may read its Actions: ' +
          '`gh auth login`, or GITHUB_TOKEN.',
      );
    }
    const found = chosenRuns(all, request.workflow);
    if (found.length > 0) return found;
    if (Date.now() >= end) throw missing(request, all, await ports.isKnown());
    if (isFirst) {
      say(
        `GitHub has no run of ${workflowName(request)} for commit ${request.commit.slice(0, 12)} yet; waiting up to ${duration(request.appearMs)}.`,
      );
      if (!(await ports.isKnown())) say('GitHub does not have this commit yet: has it been pushed?');
    }
    await sleep(
      Math.min(pauseFor(actions.budget(), 1, request.pollMs, Date.now()), Math.max(1, end - Date.now())),
      signal,
    );
  }
}

function missing(request: FollowRequest, all: readonly WorkflowRun[], isKnown: boolean): SourceError {
  const head = `No run of ${workflowName(request)} for commit ${request.commit} appeared within ${duration(request.appearMs)}`;
  if (!isKnown)
    return new SourceError(`${head}: GitHub does not have the commit. Push it (git push), then watch again.`);
  if (all.length > 0) {
    const [file = ''] = filesOf(all);
    return new SourceError(
      `${head}, but of ${filesOf(all)
        .map((name) => quoted(name))
        .join(', ')}. --workflow ${quoted(file)} follows one of these.`,
    );
  }
  return new SourceError(
    `${head}. The workflow may be missing on that branch (kfp-images init), turned off, or kept from starting by [skip ci] in the message. ` +
      'A run also starts only for the last commit of a push.',
  );
}

function workflowName({ workflow }: FollowRequest): string {
  return workflow === undefined ? 'build-backend-images.yaml' : quoted(workflow);
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
