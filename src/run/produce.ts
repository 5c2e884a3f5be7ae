import { bindImage } from '../builder/bindImage';
import { finalDigest, neverStarted, schedule } from '../builder/schedule';
import { joinPlatforms } from '../publish/joinPlatforms';
import { imageOf } from '../publish/releaseSet';
import { keyTag } from '../publish/tags';
import type { FinishedImage } from '../publish/publishSet';
import type { Scratch } from '../system/scratch';
import type { BuildOutcome, Inputs, Log, Manifest } from '../types';
import { prepareBuilds, type BuildsPorts } from './builds';
import type { FoundImage } from './decide';
import { areWhole } from './platformParts';
import type { RunPorts } from './ports';
import { noCaches, type Caches } from './caches';
import type { Work } from './work';

/** What the builds came to. */
export interface Product {
  readonly outcomes: readonly BuildOutcome[];
  /** Those that can be published. */
  readonly images: readonly FinishedImage[];
  /** Release of the BuildKit that built; undefined: nothing was built, or it does not say. */
  readonly buildkit: string | undefined;
  readonly caches: Pick<Caches, 'begin' | 'notes'>;
}

/** Where producing reports, and what stops it. */
type ProducePorts = BuildsPorts & Pick<RunPorts, 'progress'>;

/**
 * Builds what the plan says, reuses the rest, and binds each image as soon as the images that it carries are finished. No tag but
 * `key-…` is put. What becomes of an image is an outcome; throws EnvironmentError when there is nothing to build with.
 */
export async function produce(
  work: Work,
  inputs: Pick<Inputs, 'workingDirectory' | 'maxParallel' | 'failFast'>,
  scratch: Scratch,
  ports: ProducePorts,
): Promise<Product> {
  const { decision } = work;
  const { log } = ports;
  const { images } = decision.plan;
  const toBuild = new Map(
    images.filter(({ action }) => action === 'build').map((image) => [image.name, image.dockerfile]),
  );
  const progress = ports.progress({ dockerfiles: toBuild, directory: inputs.workingDirectory });
  try {
    // Without anything to build no builder is asked, no tree is written.
    const builds = toBuild.size === 0 ? undefined : await prepareBuilds(work, scratch, progress, ports);
    const build = builds?.build;
    const caches = builds?.caches ?? noCaches;
    const digests = new Map<string, string>();
    const joined: Joined = { manifests: new Map(), keyed: new Set() };
    const outcomes = await schedule(
      images.map((image) => ({ ...image, seconds: decision.images.get(image.name)?.seconds })),
      {
        build: async (name, signal, queuedAt) => {
          const isBuilt = build !== undefined && toBuild.has(name);
          const made = await (isBuilt
            ? build(name, signal, queuedAt, digests)
            : reuse(work, name, queuedAt, joined, log));
          if ('digest' in made) digests.set(name, made.digest);
          return made;
        },
        bind: (name, digest, bound) => bind(work, name, digest, bound, joined, log),
      },
      {
        maxParallel: inputs.maxParallel,
        failFast: inputs.failFast,
        observer: progress,
        signal: ports.signal,
      },
    );
    return { outcomes, images: finishedImages(work, outcomes, joined), buildkit: builds?.buildkit, caches };
  } finally {
    await progress.close();
  }
}

/** What was joined of parts. */
interface Joined {
  /** Of the whole images and their parts, by digest. */
  readonly manifests: Map<string, Manifest>;
  /** Digests of whole images that were put under the tags of their keys. */
  readonly keyed: Set<string>;
}

/** What the registry has of this content: the whole image, or one for each of its platforms, which are joined then. */
async function reuse(work: Work, name: string, queuedAt: number, joined: Joined, log: Log): Promise<BuildOutcome> {
  const image = work.decision.images.get(name);
  const found = image && (image.reusable ?? (await join(work, image, joined, log)));
  if (image === undefined || found === undefined)
    throw new Error(`${name} is to be reused, but the registry does not have it`);
  const digest = await asItBindsNow(work, image, found, log);
  return { kind: 'reused', name, digest, timing: neverStarted(queuedAt) };
}

/**
 * An image that binds nothing, as it was before binding where the set of this commit has it bound: by a catalog that is not in the commit. Only where
 * its key names another image is it looked at.
 */
async function asItBindsNow(
  { access, source, decision }: Work,
  { name, repository }: FoundImage,
  digest: string,
  log: Log,
): Promise<string> {
  const keyed = decision.state?.keyed.get(name);
  const binds = Object.keys(source.catalog.images.get(name)?.bind ?? {});
  if (access === undefined || binds.length > 0 || digest === keyed || !isAsPublished(decision, name, digest, new Map()))
    return digest;
  const unbound = async (of: string): Promise<string> => (await bindImage(access.registry, repository, of, {})).digest;
  const loose = await unbound(digest);
  if (loose === digest) return digest;
  warnOfBinding(source.commit, name, 'it binds nothing', log);
  return keyed === undefined ? loose : unbound(keyed);
}

function warnOfBinding(commit: string, name: string, how: string, log: Log): void {
  log.warning(
    `${name} is bound otherwise than it was published for commit ${commit} (${how}): the catalog has changed, which is not in the commit. ` +
      'The set gets another digest for it; who deployed that set has the one before.',
  );
}

/** One image of those that shards built for each of its platforms. undefined: they are not all there. */
async function join(
  { access, decision }: Work,
  { name, repository, key }: FoundImage,
  joined: Joined,
  log: Log,
): Promise<string | undefined> {
  const parts = decision.parts.get(name);
  if (access === undefined || parts === undefined || !areWhole(parts)) return undefined;
  const images = parts.flatMap(({ platform, manifest }) => (manifest === undefined ? [] : [{ platform, manifest }]));
  // Under a mark nobody has looked for the key itself.
  const isFree = decision.mark === undefined && decision.keys.get(name)?.key === key;
  const at = { repository, tag: keyTag(key), isFree };
  const { manifest: index, isKeyed } = await joinPlatforms(access.registry, at, images, log);
  for (const each of [index, ...images.map(({ manifest }) => manifest)]) joined.manifests.set(each.digest, each);
  if (isKeyed) joined.keyed.add(index.digest);
  return index.digest;
}

/**
 * Puts the image that carries the finished digests of this very set beside the one given; its layers stay where they are. One that is bound
 * to these already, from the commit's own set, stays as it is.
 */
async function bind(
  { access, source, decision }: Work,
  name: string,
  digest: string,
  bound: ReadonlyMap<string, string>,
  joined: Joined,
  log: Log,
): Promise<string> {
  // Then it was built so.
  if (access === undefined) return digest;
  const repository = (image: string): string => decision.images.get(image)?.repository ?? '';
  const variables = Object.entries(source.catalog.images.get(name)?.bind ?? {});
  const env = variables.map(([variable, image]) => [variable, `${repository(image)}@${bound.get(image) ?? ''}`]);
  const own = await bindImage(
    access.registry,
    repository(name),
    digest,
    Object.fromEntries(env) as Record<string, string>,
    (known) => joined.manifests.get(known),
    joined.keyed.has(digest),
  );
  for (const note of own.notes) log.info(`${name}: ${note}`);
  if (own.digest !== digest && isAsPublished(decision, name, digest, bound)) {
    warnOfBinding(source.commit, name, variables.map(([variable, image]) => `${variable}=${image}`).join(', '), log);
  }
  return own.digest;
}

/** Is this what the set that is published for this commit has of an image, and of all that it binds? */
function isAsPublished(
  { state, replaced }: Work['decision'],
  name: string,
  digest: string,
  bound: ReadonlyMap<string, string>,
): boolean {
  const set = typeof state?.set === 'object' ? state.set.lock : undefined;
  const isThere = (image: string, is: string): boolean => set !== undefined && imageOf(set, image)?.digest === is;
  return !replaced.includes(name) && isThere(name, digest) && [...bound].every(([image, is]) => isThere(image, is));
}

/** What can be published, in the order of the plan. */
function finishedImages(work: Work, outcomes: readonly BuildOutcome[], joined: Joined): readonly FinishedImage[] {
  return [...work.decision.images.values()].flatMap(({ name, repository, key, ...last }): readonly FinishedImage[] => {
    const outcome = outcomes.find((each) => each.name === name);
    const digest = finalDigest(outcome);
    if (digest === undefined || outcome === undefined || !('digest' in outcome)) return [];
    const { startedAt, builtAt } = outcome.timing;
    const took =
      startedAt === undefined || builtAt === undefined ? undefined : Math.round((builtAt - startedAt) / 100) / 10;
    const seconds = took ?? last.seconds;
    const isKeyed = joined.keyed.has(outcome.digest);
    const made = { unbound: outcome.digest, digest, joined: joined.manifests.get(outcome.digest), isKeyed };
    return [{ name, repository, key, ...made, ...(seconds === undefined ? {} : { seconds }) }];
  });
}
