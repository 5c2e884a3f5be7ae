import { UsageError } from '../errors';
import { quoted } from '../system/quoted';
import type { Event, EventOutcome } from '../types';
import {
  anyPayload,
  mergeGroupPayload,
  parsePayload,
  pullRequestPayload,
  pushPayload,
  take,
  workflowRunPayload,
} from './payload';
import { branchOf, readRunner, type Env, type Runner } from './runner';
import { trustOf } from './trust';

/** What an event is read from. */
interface EventSources {
  /** The process environment that the runner set. */
  readonly env: Env;
  /** Gives a file's text; throws when it can't be read. */
  readonly readFile: (path: string) => Promise<string>;
  /** Were images given outright (the `images` input)? Then a tag is built too, for somebody asked for exactly that. */
  readonly imagesGiven?: boolean;
}

/**
 * Reads what started the run from the runner's environment and event file, in every event that can start a workflow. In a called workflow
 * (`workflow_call`) both are the caller's; in a re-run both are those of the first attempt, message included.
 * Throws UsageError when a variable or the event file is missing or can't be right.
 */
export async function readEvent(sources: EventSources): Promise<EventOutcome> {
  const runner = readRunner(sources.env);
  const payload = parsePayload(await textOf(runner.eventFile, sources.readFile), runner.eventFile);
  return decide(runner, payload, sources.imagesGiven ?? false);
}

async function textOf(file: string, readFile: EventSources['readFile']): Promise<string> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`the event file ${quoted(file)}, which GITHUB_EVENT_PATH names, can't be read`, { cause });
  }
}

function decide(runner: Runner, payload: unknown, imagesGiven: boolean): EventOutcome {
  switch (runner.event) {
    case 'push':
      return push(runner, payload, imagesGiven);
    case 'pull_request':
    case 'pull_request_review':
    case 'pull_request_review_comment':
    case 'pull_request_target':
      return pullRequest(runner, payload);
    case 'workflow_run':
      return workflowRun(runner, payload);
    case 'merge_group':
      return mergeGroup(runner, payload);
    case 'delete':
      return nothing('a branch or tag was deleted');
    case 'create':
    case 'release':
      return tagged(runner, imagesGiven) ?? run(base(runner, payload));
    default:
      return run(base(runner, payload));
  }
}

/** GITHUB_SHA is the branch's tip. The payload's message counts only when it is that commit's. */
function push(runner: Runner, payload: unknown, imagesGiven: boolean): EventOutcome {
  const { ref, deleted, head_commit: head } = take(pushPayload, payload, runner.event);
  if (deleted === true) return nothing(`${quoted(ref)} was deleted`);
  const tag = tagged({ ...runner, ref }, imagesGiven);
  if (tag !== undefined) return tag;
  const event = base({ ...runner, ref }, payload);
  if (head === null || head === undefined) {
    return imagesGiven ? run(event) : nothing(`the push to ${quoted(ref)} brought no commit`);
  }
  // An annotated tag has an id of its own; the commit it points to is the payload's head commit.
  if (ref.startsWith('refs/tags/')) return run({ ...event, commit: head.id, message: head.message });
  return run({ ...event, message: head.id === runner.sha ? head.message : undefined });
}

/**
 * GITHUB_SHA is the merge of the pull request into its base, made by GitHub, so the message searched is that of the pull request's own
 * last commit. In `pull_request_target` it is the base's tip, which has nothing of the pull request: there its own message counts.
 * The branch is `pr-NUMBER`: the name of the head's branch may be anything, also that of the default branch, and then `latest` would
 * move to a commit that nobody merged.
 */
function pullRequest(runner: Runner, payload: unknown): EventOutcome {
  const { action, pull_request: pull } = take(pullRequestPayload, payload, runner.event);
  if (action === 'closed' && pull.merged !== true) {
    return nothing(`pull request ${pull.number} was closed without being merged`);
  }
  const event = base(runner, payload, pull.head.repo?.full_name ?? null);
  const messageCommit = runner.event === 'pull_request_target' ? undefined : pull.head.sha;
  return run({ ...event, messageCommit, branch: `pr-${pull.number}`, pullRequest: pull.number });
}

/** GITHUB_SHA is the default branch's tip, whatever the other workflow ran on; what is built is what it ran on. */
function workflowRun(runner: Runner, payload: unknown): EventOutcome {
  const { workflow_run: other } = take(workflowRunPayload, payload, runner.event);
  const { conclusion, head_commit: head } = other;
  if (typeof conclusion === 'string' && !['success', 'neutral', 'skipped'].includes(conclusion)) {
    return nothing(
      `the workflow ${quoted(other.name ?? '')} that this one waited for ended with ${quoted(conclusion)}`,
    );
  }
  const event = base(runner, payload, other.head_repository?.full_name ?? null);
  // A fork's commit is not in this repository, so there is nothing to make even a plan from.
  if (event.trust.kind === 'plan-only') return nothing(event.trust.reason);
  return run({
    ...event,
    commit: other.head_sha,
    message: head?.id === other.head_sha ? head.message : undefined,
    branch: other.head_branch ?? undefined,
  });
}

/** GITHUB_SHA is the queue's merge commit, GITHUB_REF the queue's own branch, which is never the default branch. */
function mergeGroup(runner: Runner, payload: unknown): EventOutcome {
  const { action, merge_group: group } = take(mergeGroupPayload, payload, runner.event);
  if (action === 'destroyed') return nothing('the merge group was taken out of the queue');
  const head = group.head_commit;
  return run({ ...base(runner, payload), message: head?.id === runner.sha ? head.message : undefined });
}

function tagged(runner: Runner, imagesGiven: boolean): EventOutcome | undefined {
  if (!runner.ref.startsWith('refs/tags/') || imagesGiven) return undefined;
  return nothing(
    `${quoted(runner.ref)} is a tag: keywords count where a commit is pushed to a branch; to build a tag, give the images input`,
  );
}

function base(runner: Runner, payload: unknown, from?: string | null): Event {
  const { repository } = runner;
  const [, tag] = /^refs\/tags\/(.+)$/s.exec(runner.ref) ?? [];
  const here = repository === undefined ? undefined : `${repository.owner}/${repository.name}`;
  return {
    name: runner.event,
    commit: runner.sha,
    messageCommit: undefined,
    message: undefined,
    branch: branchOf(runner.ref),
    ...(tag === undefined ? {} : { tag }),
    defaultBranch: take(anyPayload, payload, runner.event).repository?.default_branch ?? undefined,
    ...(runner.isRepeated ? { isRepeated: true } : {}),
    repository,
    trust: trustOf({ event: runner.event, here, from }),
  };
}

function run(event: Event): EventOutcome {
  return { kind: 'run', event };
}

function nothing(reason: string): EventOutcome {
  return { kind: 'nothing', reason };
}
