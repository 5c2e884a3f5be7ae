import { join } from 'node:path';
import { compare } from '../event/github';
import { EnvironmentError, message } from '../errors';
import { isAncestor } from '../git/git';
import { ancestryFromComparison, firstToKnow, type IsAncestor } from '../publish/ancestry';
import { encodeLockFile } from '../publish/lockFile';
import { publish } from '../publish/publication';
import { lockOf, type PublicationPlan } from '../publish/publishSet';
import { writeLockFile } from '../report/lockFile';
import type { RunResult } from '../report/runReport';
import type { LockFile, Log } from '../types';
import type { Access } from './access';
import { attestation } from './attest';
import { aboutPushed } from './imageDetails';
import type { GithubAccess, RunPorts } from './ports';
import type { Product, RunState, Work } from './work';

type PublishPorts = Pick<RunPorts, 'env' | 'log' | 'signal'>;

/** What is to be published of a run, and under which names. */
export function publicationPlan(work: Work, access: Access): PublicationPlan {
  const { source, decision, latest } = work;
  const { commit } = decision.plan;
  return {
    registryPath: access.path.full,
    commit,
    created: work.values.date,
    images: decision.sought,
    // Whoever has built for minutes asks again.
    standing: decision.plan.images.every(({ action }) => action === 'reuse')
      ? (decision.state?.published ?? new Map())
      : new Map(),
    published: typeof decision.state?.set === 'object' ? decision.state.set.lock : undefined,
    tags: work.tags,
    binds: new Map([...source.catalog.images].map(([name, image]) => [name, [...new Set(Object.values(image.bind))]])),
    moveLatest: latest.move,
    override: latest.move && latest.override,
  };
}

/** Publishes what was built as one set and writes its lock file; `state` learns of it on the way. Throws what made it fail. */
export async function publishProduct(
  work: Work,
  access: Access,
  product: Product,
  state: RunState,
  { env, log, signal }: PublishPorts,
): Promise<RunResult> {
  const { inputs, source, latest } = work;
  const order = { ...publicationPlan(work, access), images: product.images };
  if (source.workspace !== undefined) {
    // These files are not a commit, so nothing may be called after one: the images are there by digest and by content key.
    const lock = (state.lock = lockOf(order));
    state.lockFile = await saveLock(work.folder, lock, log);
    return { kind: 'published' };
  }
  if (!latest.move) log.info(`latest stays where it is: ${latest.reason}.`);
  const isAncestor = ancestry(source.top, work.github);
  const { registry, uncancellable } = access;
  const sayWhy = (): void =>
    log.info('What is on its way to the registry is finished first, so that no set is left half named.');
  signal.addEventListener('abort', sayWhy, { once: true });
  const [publication, pushed] = await Promise.all([
    publish(order, {
      ...{ registry, uncancellable, isAncestor, now: () => Date.now(), signal, log },
      attest: attestation(work, access, product, state, { env, log, signal }),
    }),
    // Only a job's summary shows it.
    env['GITHUB_STEP_SUMMARY'] === undefined
      ? undefined
      : aboutPushed(access, order.images, state.preflight, { log, signal }),
  ]).finally(() => signal.removeEventListener('abort', sayWhy));
  if (pushed !== undefined) state.pushed = pushed;
  state.publication = publication;
  if (publication.lock !== undefined) {
    state.lock = publication.lock;
    state.lockFile = await saveLock(work.folder, publication.lock, log);
  }
  if (publication.kind === 'stopped') throw signal.reason;
  if (publication.kind === 'failed') throw publication.error;
  if (publication.kind === 'latest-refused') {
    if (inputs.diverged === 'fail') throw publication.error;
    log.warning(message(publication.error));
  }
  return { kind: 'published' };
}

/**
 * Writes the lock file and gives its path. Where it can't be written (a read-only workspace, one of another owner), a run that has published
 * everything must not fail for it: then it warns, and the set in the registry holds the same.
 */
async function saveLock(folder: string, lock: LockFile, log: Log): Promise<string | undefined> {
  const path = join(folder, 'kfp-images.lock.json');
  try {
    await writeLockFile(path, encodeLockFile(lock));
    return path;
  } catch (thrown) {
    if (!(thrown instanceof EnvironmentError)) throw thrown;
    log.warning(`${message(thrown)}\nThe images are published all the same.`);
    return undefined;
  }
}

/** Who knows whether one commit is an ancestor of another: git where the history is here, else GitHub. */
export function ancestry(top: string, github: GithubAccess | undefined): IsAncestor {
  const here: IsAncestor = (a, b) => isAncestor(top, a, b);
  if (github === undefined) return firstToKnow([here]);
  const { repository, token } = github;
  return firstToKnow([here, async (a, b) => ancestryFromComparison(await compare(repository, a, b, token))]);
}
