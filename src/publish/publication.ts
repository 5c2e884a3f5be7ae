import { message } from '../errors';
import type { LockFile, Manifest, Publication, Registry } from '../types';
import { checkImage } from '../oci/imageCheck';
import { reconcile, type Progress } from './reconcile';
import { patientWithParts } from '../oci/patientPut';
import { reviveManifests, type KnownManifests } from './reviveManifests';
import { promote } from './promotion/promote';
import { Stopped, type PromotionPorts } from './promotion/writeLatest';
import { publishLock } from './publishLock';
import {
  lockOf,
  planPublication,
  type FinishedImage,
  type PublicationAction,
  type PublicationOrder,
} from './publishSet';
import { cacheBlobs } from '../oci/cacheBlobs';
import { publicationReport } from './publicationReport';
import { tagKey } from './builtImage';
import { isSameSet, mergeSets } from './releaseSet';
import { readSet, type StoredSet } from './setArtifact';
import { keep, putTag } from './putTag';
import { commitTag, latestTag, setRepository } from './tags';
import { mapConcurrently } from '../system/mapConcurrently';

export interface PublicationPorts extends PromotionPorts {
  /** What is attached to the set and its images, before `latest` names them. Where it throws, `latest` stays. */
  readonly attest?: ((set: StoredSet, registry: Registry, known: KnownManifests) => Promise<void>) | undefined;
}

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
  const patient = patientWithParts([given.registry, given.uncancellable]);
  const unbound = order.images.flatMap((image) => (image.unbound === image.digest ? [] : [image.unbound]));
  const joined = order.images.flatMap(({ repository, joined: index }) =>
    index === undefined ? [] : [[repository, index] as const],
  );
  const { registries, known } = reviveManifests(cacheBlobs(patient), new Set(unbound), joined);
  const [registry = given.registry, uncancellable = given.uncancellable] = registries;
  const ports = { ...given, registry, uncancellable, known };
  const actions = planPublication(order);
  const mine = lockOf(order);
  const progress: Progress = { tags: new Map(), set: undefined, setState: undefined, promotion: undefined };
  try {
    await perform(order, actions, mine, ports, progress, known);
    if ([...progress.tags.values()].includes('published')) await holdSet(mine, progress.set?.stored, ports);
    return publicationReport(order, mine, progress, progress.promotion?.error, progress.promotion?.kind === 'stopped');
  } catch (error) {
    await reconcile(actions, mine, ports.uncancellable, progress);
    return publicationReport(order, mine, progress, error, error instanceof Stopped || ports.signal.aborted);
  }
}

async function perform(
  order: PublicationOrder,
  actions: readonly PublicationAction[],
  mine: LockFile,
  ports: PublicationPorts,
  progress: Progress,
  known: KnownManifests,
): Promise<void> {
  const registry = writingThrough(ports);
  const step = async <Kind extends PublicationAction['kind']>(
    kinds: readonly Kind[],
    work: (action: Extract<PublicationAction, { kind: Kind }>) => Promise<void>,
  ): Promise<void> => {
    const those = actions.filter((action): action is Extract<PublicationAction, { kind: Kind }> =>
      kinds.some((kind) => kind === action.kind),
    );
    await mapConcurrently(those, async (action) => {
      if (ports.signal.aborted) throw new Stopped();
      await work(action);
    });
  };
  const finished = (image: string): FinishedImage => {
    const found = order.images.find(({ name }) => name === image);
    if (found === undefined) throw new Error(`${image} is not among the images to publish`);
    return found;
  };
  const standing = await standingSet(order, mine, registry);
  if (standing !== undefined) {
    for (const action of actions)
      if (action.kind === 'tag') progress.tags.set(`${action.repository}:${action.tag}`, 'unchanged');
    await step(['check'], check);
  } else await tagImages();
  await step(['set'], async ({ repository, tag }) => {
    progress.set =
      standing === undefined
        ? await publishLock(registry, mine, order.binds, order.created, order.published !== undefined)
        : { stored: standing, state: 'unchanged', dropped: [], replaced: undefined };
    progress.setState = progress.set.state;
    if (progress.set.state === 'published') ports.log.info(`Published ${repository}:${tag}`);
    const { replaced } = progress.set;
    if (replaced !== undefined) {
      ports.log.warning(
        `${repository}:${tag} named a release set of ${replaced}, which is another registry path: it is replaced by that of this run alone. ` +
          'Where both are names of one registry, use one of them in every run and command.',
      );
    }
  });
  const { stored } = progress.set ?? {};
  if (stored !== undefined && ports.attest !== undefined) {
    if (ports.signal.aborted) throw new Stopped();
    await ports.attest(stored, registry, known);
  }
  // The set as it came to be says whose latest moves: another run of the commit may have joined it.
  const moves = planPublication({ ...order, published: stored?.lock }).filter(({ kind }) => kind === 'latest');
  if (stored === undefined || moves.length === 0) return;
  if (ports.signal.aborted) throw new Stopped();
  progress.promotion = await promote(stored, setRepository(order.registryPath), order.override, ports);

  function check({ repository, image }: Extract<PublicationAction, { kind: 'check' }>): Promise<void> {
    return checkImage(registry, repository, finished(image).digest);
  }

  async function tagImages(): Promise<void> {
    const read = new Map<string, Manifest>();
    // The bound image refers to nothing of the key's.
    await step(['key', 'check'], async (action) => {
      if (action.kind === 'check') return check(action);
      const { repository, tag, image } = action;
      const { unbound, isKeyed } = finished(image);
      if (isKeyed === true) return;
      const keyed = await registry.manifest(repository, tag);
      if (keyed?.digest === unbound) return void read.set(`${repository}@${unbound}`, keyed);
      // By digest it must be there in any case: everything that follows refers to it.
      if ((await registry.manifest(repository, unbound)) === undefined)
        await putTag(registry, { repository, tag, digest: unbound });
      else await tagKey(registry, { repository, tag, digest: unbound });
    });
    await step(['tag'], async ({ repository, tag, image }) => {
      const { digest } = finished(image);
      const manifest = read.get(`${repository}@${digest}`) ?? known(repository, digest);
      const state = await putTag(registry, { repository, tag, digest }, manifest);
      progress.tags.set(`${repository}:${tag}`, state);
      if (state === 'published') ports.log.info(`Published ${repository}:${tag}`);
    });
  }
}

/**
 * The set of the commit, where all of ours is as it is to be already: each image's `commit-SHA` named it when this run began, by bytes that were read
 * and verified, and the set still says the same. Where another run has begun to replace them, it puts its set last, and what is there until then is
 * whole.
 */
async function standingSet(
  order: PublicationOrder,
  mine: LockFile,
  registry: Registry,
): Promise<StoredSet | undefined> {
  const { images, standing, commit, published } = order;
  const isOwn = (tag: string): boolean => tag === commitTag(commit) || tag === latestTag;
  if (published === undefined || !order.tags.every(isOwn)) return undefined;
  if (!images.every(({ name, digest }) => standing.get(name) === digest)) return undefined;
  const stored = await readSet(registry, setRepository(order.registryPath), commitTag(commit));
  if (typeof stored !== 'object') return undefined;
  return isSameSet(mergeSets(mine, stored.lock, order.binds).lock, stored.lock) ? stored : undefined;
}

/**
 * Our set, and what it names, keep tags of their own where another run of the commit took the tag from them: some registries delete what no tag
 * names, and what no set names prune does not find.
 */
async function holdSet(
  { commit, images, registryPath }: LockFile,
  stored: StoredSet | undefined,
  { uncancellable, log }: PublicationPorts,
): Promise<void> {
  const hold = async (repository: string, digest: string, known?: Manifest): Promise<void> => {
    const tagged = await uncancellable.head(repository, commitTag(commit));
    if (tagged?.digest === digest) return;
    const held = known ?? (await uncancellable.manifest(repository, digest));
    if (held !== undefined) await keep(uncancellable, repository, held);
  };
  const set = stored === undefined ? [] : [{ repository: setRepository(registryPath), ...stored }];
  // All is published by now; this is for what others do.
  await mapConcurrently([...Object.values(images), ...set], (each) =>
    hold(each.repository, each.digest, 'bytes' in each ? each : undefined),
  ).catch((error: unknown) => log.debug(message(error)));
}

/** Looks end with the run. What is being written is written to its end, so that the outcome knows of it, but not begun again. */
function writingThrough({ registry, uncancellable, signal }: PublicationPorts): Registry {
  return {
    head: (repository, reference) => registry.head(repository, reference),
    manifest: (repository, reference) => registry.manifest(repository, reference),
    blob: (...args) => registry.blob(...args),
    hasBlob: (repository, digest) => registry.hasBlob(repository, digest),
    tags: (repository) => registry.tags(repository),
    putManifest: (repository, reference, mediaType, bytes, beforeRepeat) =>
      uncancellable.putManifest(repository, reference, mediaType, bytes, async () => {
        if (signal.aborted) throw new Stopped();
        await beforeRepeat?.();
      }),
    putBlob: (...args) => uncancellable.putBlob(...args),
    putFile: (...args) => uncancellable.putFile(...args),
    checkPush: (repository) => registry.checkPush(repository),
    mountBlob: (...args) => uncancellable.mountBlob(...args),
    referrers: (...args) => registry.referrers(...args),
    deleteManifest: (...args) => uncancellable.deleteManifest(...args),
  };
}
