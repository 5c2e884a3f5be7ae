import type { LockFile, Publication, Registry } from '../types';
import { checkImage } from './imageCheck';
import { learn, type Progress } from './learn';
import { patientWithParts } from './patientPut';
import { promote, type PromotionPorts } from './promote';
import { Stopped } from './promotion/stop';
import { publishLock } from './publishLock';
import { lockOf, planPublication, type PublicationAction, type PublicationOrder } from './publishSet';
import { rememberingBlobs } from './remember';
import { tellPublication } from './story';
import { putTag, readTag } from './tags';
import { together } from './together';

export type PublicationPorts = PromotionPorts;

/**
 * Publishes a set: the actions of `planPublication`, step by step; a step starts when the one before is complete and read back.
 *
 * What a set is: the images of one run. Where an earlier run of the same commit published others, they stay in the set (mergeSets); images of
 * other commits never enter it. So a run for driver and launcher alone publishes a set of two, and `latest` of the other images stays where
 * it is; `kfp-images-set:latest` names the newest set, whatever images it has.
 *
 * The same set again changes nothing. Never throws for what the registry does or when it is stopped: the outcome tells the truth about what
 * is published; what the run does not know by then it asks the registry once more.
 */
export async function publish(order: PublicationOrder, given: PublicationPorts): Promise<Publication> {
  const patient = [given.registry, given.steadfast].map(patientWithParts);
  const [registry = given.registry, steadfast = given.steadfast] = rememberingBlobs(patient);
  const ports = { ...given, registry, steadfast };
  const actions = planPublication(order);
  const mine = lockOf(order);
  const progress: Progress = { tags: new Map(), set: undefined, setState: undefined, promotion: undefined };
  try {
    await perform(order, actions, mine, ports, progress);
    return tellPublication(order, mine, progress, progress.promotion?.error, progress.promotion?.kind === 'stopped');
  } catch (error) {
    await learn(actions, mine, ports.steadfast, progress);
    return tellPublication(order, mine, progress, error, error instanceof Stopped || ports.signal.aborted);
  }
}

async function perform(
  order: PublicationOrder,
  actions: readonly PublicationAction[],
  mine: LockFile,
  ports: PublicationPorts,
  progress: Progress,
): Promise<void> {
  const registry = writingThrough(ports);
  const step = async <Kind extends PublicationAction['kind']>(
    kind: Kind,
    work: (action: Extract<PublicationAction, { kind: Kind }>) => Promise<void>,
  ): Promise<void> => {
    const those = actions.filter(
      (action): action is Extract<PublicationAction, { kind: Kind }> => action.kind === kind,
    );
    await together(those, async (action) => {
      if (ports.signal.aborted) throw new Stopped();
      await work(action);
    });
  };
  await step('key', (action) => checkKey(registry, action));
  await step('check', ({ repository, digest }) => checkImage(registry, repository, known(digest)));
  await step('tag', async ({ repository, tag, digest }) => {
    const state = await putTag(registry, { repository, tag, digest: known(digest) });
    progress.tags.set(`${repository}:${tag}`, state);
    if (state === 'published') ports.log.info(`Published ${repository}:${tag}`);
  });
  await step('set', async ({ repository, tag }) => {
    progress.set = await publishLock(registry, mine, order.binds, order.created);
    progress.setState = progress.set.state;
    if (progress.set.state === 'published') ports.log.info(`Published ${repository}:${tag}`);
  });
  if (!order.moveLatest || progress.set === undefined) return;
  if (ports.signal.aborted) throw new Stopped();
  const set = actions.find(({ kind }) => kind === 'set');
  if (set === undefined) return;
  progress.promotion = await promote(progress.set.stored, set.repository, order.override, ports);
}

/**
 * The key names what was built. Where it names another image of the same key (two runs built it at once), that one is as good and stays.
 */
async function checkKey(
  registry: Registry,
  { repository, tag, digest }: Extract<PublicationAction, { kind: 'key' }>,
): Promise<void> {
  if ((await readTag(registry, repository, tag)) !== undefined) {
    // By digest it must be there all the same: everything that follows refers to it.
    if ((await registry.head(repository, known(digest))) !== undefined) return;
  }
  await putTag(registry, { repository, tag, digest: known(digest) });
}

/** Looks end with the run. What is being written is written to its end, so that the outcome knows of it, but not begun anew. */
function writingThrough({ registry, steadfast, signal }: PublicationPorts): Registry {
  return {
    head: (repository, reference) => registry.head(repository, reference),
    manifest: (repository, reference) => registry.manifest(repository, reference),
    blob: (repository, digest) => registry.blob(repository, digest),
    hasBlob: (repository, digest) => registry.hasBlob(repository, digest),
    tags: (repository) => registry.tags(repository),
    putManifest: (repository, reference, mediaType, bytes, beforeRepeat) =>
      steadfast.putManifest(repository, reference, mediaType, bytes, async () => {
        if (signal.aborted) throw new Stopped();
        await beforeRepeat?.();
      }),
    putBlob: (...args) => steadfast.putBlob(...args),
    mountBlob: (...args) => steadfast.mountBlob(...args),
    deleteManifest: (...args) => steadfast.deleteManifest(...args),
  };
}

/** A bug of ours, not of the registry: lockOf has looked. */
function known(digest: string | undefined): string {
  if (digest === undefined) throw new Error('An image without a digest can’t be published');
  return digest;
}
