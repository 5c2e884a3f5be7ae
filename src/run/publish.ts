import { join } from 'node:path';
import { compare } from '../event/github';
import { EnvironmentError, message } from '../errors';
import { isAncestor } from '../git/git';
import { ancestryFromComparison, firstToKnow, type IsAncestor } from '../publish/ancestry';
import { encodeLockFile } from '../publish/lockFile';
import { publish } from '../publish/publication';
import { lockOf, type PublicationOrder, type PublicationPlan } from '../publish/publishSet';
import { writeLockFile } from '../report/lockFile';
import type { Inputs, LockFile, Log, Publication } from '../types';
import type { Access } from './access';
import { attestation, type AttestedRun } from './attest';
import { aboutPushed, type Pushed } from './imageDetails';
import type { GithubAccess, RunPorts } from './ports';
import type { Product } from './produce';
import { noteShard } from './shards';
import type { Work } from './work';

type PublishPorts = Pick<RunPorts, 'env' | 'log' | 'signal'>;

/** What became of what was built, also where it failed half way. */
export interface Published {
  /** undefined: nothing was called after the commit. */
  readonly publication?: Publication;
  readonly attested?: AttestedRun | undefined;
  readonly pushed?: Pushed | undefined;
  readonly lock?: LockFile | undefined;
  /** Absolute path of the lock file; undefined: it could not be written. */
  readonly lockFile?: string | undefined;
  /** undefined: all of it went well. */
  readonly failure?: { readonly error: unknown } | undefined;
}

/** What is to be published of a run, and under which names. */
export function publicationPlan(work: Work, access: Access): PublicationPlan {
  const { source, decision, latest } = work;
  const { commit } = decision.plan;
  return {
    registryPath: access.path.full,
    commit,
    created: work.values.date,
    images: [...decision.images.values()],
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

/** Gives what was built its names: those of a set, with its lock file; of a shard, what the next plan learns from it. What fails is reported. */
export async function publishProduct(
  work: Work,
  access: Access,
  product: Product,
  diverged: Inputs['diverged'],
  ports: PublishPorts,
): Promise<Published> {
  const { shard, source, folder } = work;
  const { log } = ports;
  if (shard !== undefined) {
    await noteShard(access, shard, product, log);
    return {};
  }
  const order = { ...publicationPlan(work, access), images: product.images };
  // The files of a work tree are not a commit, so nothing may be called after one: the images are there by digest and by content key.
  const published =
    source.workspace === undefined
      ? await publishOrder(order, work, access, product, diverged, ports)
      : { lock: lockOf(order) };
  const { lock } = published;
  return lock === undefined ? published : { ...published, lockFile: await saveLock(folder, lock, log) };
}

async function publishOrder(
  order: PublicationOrder,
  work: Work,
  access: Access,
  product: Product,
  diverged: Inputs['diverged'],
  { env, log, signal }: PublishPorts,
): Promise<Published> {
  const { source, latest } = work;
  if (!latest.move) log.info(`latest stays where it is: ${latest.reason}.`);
  const isAncestor = ancestry(source.top, work.github);
  const { registry, uncancellable } = access;
  const sayWhy = (): void =>
    log.info('What is on its way to the registry is finished first, so that no set is left half named.');
  let attested: AttestedRun | undefined;
  const attest = attestation(work, access, product, (made) => (attested = made), { env, log, signal });
  signal.addEventListener('abort', sayWhy, { once: true });
  const [publication, pushed] = await Promise.all([
    publish(order, { registry, uncancellable, isAncestor, now: () => Date.now(), signal, log, attest }),
    // Only a job's summary shows it.
    env['GITHUB_STEP_SUMMARY'] === undefined
      ? undefined
      : work.preflight.then((found) => aboutPushed(access, order.images, found, { log, signal })),
  ]).finally(() => signal.removeEventListener('abort', sayWhy));
  const failure = failureOf(publication, diverged, { log, signal });
  return { publication, attested, pushed, lock: publication.lock, failure };
}

/** What of this makes the run fail; a `latest` that may not be moved is for `diverged` to say. */
function failureOf(
  publication: Publication,
  diverged: Inputs['diverged'],
  { log, signal }: Pick<PublishPorts, 'log' | 'signal'>,
): Published['failure'] {
  const { kind, error } = publication;
  if (kind === 'stopped') return { error: signal.reason };
  if (kind === 'failed' || (kind === 'latest-refused' && diverged === 'fail')) return { error };
  if (kind === 'latest-refused') log.warning(message(error));
  return undefined;
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
