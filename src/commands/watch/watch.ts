import { setTimeout as delay } from 'node:timers/promises';
import { commitMessage } from '../../event/github';
import { usual, type Patience } from '../../event/githubAnswers';
import { actionsOf } from '../../event/workflowRuns';
import { maskSecrets } from '../../report/log';
import type { Session } from '../session';
import { isGood } from './choose';
import { follow } from './follow';
import { findRepository, type Watched } from './repository';
import { showRuns } from './show';
import { ghToken, githubToken } from './token';
import { endLines, type Followed } from './format';

/** How a watch ended; also the document that `--json` prints. */
interface WatchResult {
  readonly kind: 'success' | 'failure';
  /** `OWNER/NAME`. */
  readonly repository: string;
  readonly commit: string;
  readonly runs: readonly object[];
}

/** Which runs to follow. */
export interface Wanted {
  /** Name or file of another workflow. */
  readonly workflow?: string | undefined;
  /** How long the run may take to appear. */
  readonly appearMs?: number;
  /** The token given outright; undefined: the environment's, or that of `gh`. */
  readonly token?: string | undefined;
}

/** The repository whose runs a clone's pushes start; throws SourceError when it is not on GitHub. */
export function watchedRepository(cwd: string, env: NodeJS.ProcessEnv): Promise<Watched> {
  return findRepository(cwd, env, async (host) => (await ghToken(host)) !== undefined);
}

/**
 * Follows the runs of a commit to their end, with progress on the terminal, and says how they ended. Throws SourceError, UsageError, or
 * the InterruptedError of the session's signal; the runs go on then.
 */
export async function watch(wanted: Wanted, watched: Watched, commit: string, session: Session): Promise<WatchResult> {
  const { repository } = watched;
  const { log, signal } = session;
  const { workflow, appearMs = 2 * 60_000 } = wanted;
  const token = await githubToken(wanted.token, watched, session.env);
  maskSecrets(log, [token]);
  const patience: Patience = {
    ...usual,
    attempts: 8,
    // The limit is renewed every hour: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    longestWait: 65 * 60_000,
    wait: async (milliseconds, why) => {
      if (milliseconds > 15_000)
        log.info(`${why}; it is asked again at ${new Date(Date.now() + milliseconds).toISOString()}.`);
      await delay(milliseconds, undefined, { signal }).catch(() => undefined);
      signal.throwIfAborted();
    },
  };
  const progress = showRuns(session);
  let last: readonly Followed[] = [];
  try {
    last = await follow(
      { commit, workflow, appearMs, pollMs: pollMs(session.env) },
      {
        actions: actionsOf(repository, token, patience, signal),
        isKnown: async () => (await commitMessage(repository, commit, token, patience)) !== undefined,
        signal,
        say: (line) => log.info(line),
        show: (followed) => {
          last = followed;
          progress.show(followed);
        },
      },
    );
  } catch (thrown) {
    if (signal.aborted) for (const { run } of last) log.info(`The run goes on without being watched: ${run.url}`);
    throw signal.aborted ? signal.reason : thrown;
  } finally {
    progress.end();
  }
  for (const followed of last) {
    const [first, ...jobs] = endLines(followed);
    if (isGood(followed.run)) log.info(first);
    else log.error(first);
    for (const line of jobs) log.info(line);
  }
  return {
    kind: last.every(({ run }) => isGood(run)) ? 'success' : 'failure',
    repository: `${repository.owner}/${repository.name}`,
    commit,
    runs: last.map(({ run, jobs }) => ({ ...run, jobs })),
  };
}

/** Looks every five seconds; tests look more often. */
function pollMs(env: NodeJS.ProcessEnv): number {
  const given = Number(env['KFP_IMAGES_POLL_MS']);
  return Number.isInteger(given) && given >= 20 ? given : 5000;
}
