import { resolve } from 'node:path';
import { encodeLockFile } from '../publish/lockFile';
import { publish } from '../publish/publication';
import { lockOf } from '../publish/publishSet';
import { writeLockFile } from '../report/lockFile';
import type { RunResult } from '../report/runReport';
import type { LockFile } from '../types';
import type { Access } from './access';
import { ancestry } from './ancestry';
import { githubAccess, type Work } from './context';
import type { Known } from './known';
import { orderOf } from './latest';
import type { Product } from './produce';
import { publicationOrder } from './publicationOrder';
import { aboutPushed } from './pushed';

/** Publishes what was built as one set and writes its lock file; `known` learns of it on the way. Throws what made it fail. */
export async function publishProduct(work: Work, access: Access, product: Product, known: Known): Promise<RunResult> {
  const { request, ports, source } = work;
  const { log, signal } = ports;
  const order = publicationOrder(work, access, product);
  if (source.workspace !== undefined) {
    // These files are no commit, so nothing may be called after one: the images are there by digest and by content key.
    const lock = (known.lock = lockOf(order));
    known.lockFile = await saveLock(work, lock);
    return { kind: 'published' };
  }
  const latest = orderOf(request, source);
  if (!latest.move) log.info(`latest stays where it is: ${latest.reason}.`);
  const isAncestor = ancestry(source.top, githubAccess(request));
  const { registry, steadfast } = access;
  const [publication, pushed] = await Promise.all([
    publish(order, { registry, steadfast, isAncestor, now: () => Date.now(), signal, log }),
    // Only a job's summary shows it.
    ports.env['GITHUB_STEP_SUMMARY'] === undefined
      ? undefined
      : aboutPushed(access, order.images, known.preflight, { log, signal }),
  ]);
  if (pushed !== undefined) known.pushed = pushed;
  known.publication = publication;
  if (publication.lock !== undefined) {
    known.lock = publication.lock;
    known.lockFile = await saveLock(work, publication.lock);
  }
  if (publication.kind === 'stopped') throw signal.reason;
  if (publication.kind === 'failed' || publication.kind === 'latest-refused') throw publication.error;
  return { kind: 'published' };
}

async function saveLock({ ports, request }: Work, lock: LockFile): Promise<string> {
  const path = resolve(ports.cwd, request.inputs.workingDirectory, 'kfp-images.lock.json');
  await writeLockFile(path, encodeLockFile(lock));
  return path;
}
