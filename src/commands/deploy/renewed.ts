import type { Cluster } from '../../deploy/context';
import { lookAtRenewal, waitForRenewal, type Renewal } from '../../deploy/renewal';
import { staleLines } from '../../deploy/staleFormat';
import { message } from '../../errors';
import { counted } from '../../report/format';
import type { Catalog } from '../../types';
import type { Session } from '../session';
import { duration } from '../sharedFlags';
import { pollMs } from './work';

/** KFP renews some two or three recurring runs in a second; those that it never renews cost this much. */
const quietMs = 60_000;

/**
 * After a deploy or a rollback: waits until the new apiserver has renewed the recurring runs, and warns of what would still run with other
 * images, with why and what to do. undefined: it could not be looked at, which is a warning: the deploy itself is done.
 */
export async function warnOfStaleRuns(
  cluster: Cluster,
  catalog: Catalog,
  timeout: string | undefined,
  session: Session,
): Promise<Renewal | undefined> {
  const wait = {
    timeoutMs: duration('--timeout', timeout, 10 * 60_000),
    quietMs,
    pollMs: pollMs(session.env),
    signal: session.signal,
    onWait: (count: number) =>
      session.log.info(`Waiting until the apiserver has renewed ${counted(count, 'recurring run')} …`),
  };
  return look(() => waitForRenewal(cluster, catalog, wait), cluster, session);
}

/** The same for `status`, without waiting. */
export async function staleRunsNow(cluster: Cluster, catalog: Catalog, session: Session): Promise<Renewal | undefined> {
  return look(() => lookAtRenewal(cluster, catalog, session.signal), cluster, session);
}

async function look(ask: () => Promise<Renewal>, { place }: Cluster, session: Session): Promise<Renewal | undefined> {
  try {
    const renewal = await ask();
    for (const note of renewal.notes) session.log.info(note);
    const lines = staleLines(renewal, place);
    if (lines.length > 0) session.log.warning(lines.join('\n'));
    return renewal;
  } catch (thrown) {
    session.signal.throwIfAborted();
    session.log.warning(`What recurring and failed runs would start could not be looked at: ${message(thrown)}`);
    return undefined;
  }
}
