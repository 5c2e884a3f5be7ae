import { bindImage } from '../build/bindImage';
import type { BuiltImage } from '../build/buildImage';
import { schedule, type Scheduled } from '../build/schedule';
import type { Task } from '../build/scheduleState';
import { boundBy } from '../plan/graph';
import { reusable } from '../publish/lookUp';
import { imageRepository } from '../publish/reference';
import { imageOf } from '../publish/releaseSet';
import type { Scratch } from '../system/scratch';
import type { BuildOutcome } from '../types';
import type { Work } from './context';
import { openWorkshop } from './workshop';

/** An image that is in the registry, or without a registry in the engine. */
export interface FinishedBuild {
  /** As it was built; or, where the commit's own set is taken again, as it stands there. */
  readonly unbound: string;
  /** After binding; the same where it binds nothing. */
  readonly digest: string;
  /** Seconds its last real build took, where known. */
  readonly seconds: number | undefined;
}

/** What the builds came to. */
export interface Product {
  readonly outcomes: readonly BuildOutcome[];
  /** Those that can be published. */
  readonly images: ReadonlyMap<string, FinishedBuild>;
}

/**
 * Builds what the plan says, reuses the rest, and binds each image as soon as the images that it carries are finished. No tag but
 * `key-…` is put. What becomes of an image is an outcome; throws EnvironmentError when there is nothing to build with.
 */
export async function produce(work: Work, scratch: Scratch): Promise<Product> {
  const { ports, decision, request, access } = work;
  const { images } = decision.plan;
  const toBuild = new Map(
    images.filter(({ action }) => action === 'build').map((image) => [image.name, image.dockerfile]),
  );
  const progress = ports.progress({ dockerfiles: toBuild, directory: request.inputs.workingDirectory });
  try {
    // Without anything to build no builder is asked, no tree is written.
    const build = toBuild.size === 0 ? undefined : await openWorkshop(work, scratch, progress);
    const tasks = images.map(({ name, action }): Task => {
      const seconds = lastSeconds(work, name);
      const binds = access === undefined ? [] : boundBy(work.source.catalog, name);
      return { name, binds, reuse: action === 'reuse', ...(seconds === undefined ? {} : { seconds }) };
    });
    const scheduled = await schedule(
      tasks,
      {
        build: async (name, signal, queuedAt) =>
          build !== undefined && toBuild.has(name) ? build(name, signal, queuedAt) : reuse(work, name, queuedAt),
        bind: (name, digest, bound) => bind(work, name, digest, bound),
      },
      {
        maxParallel: request.inputs.maxParallel,
        failFast: request.inputs.failFast,
        observer: progress,
        signal: ports.signal,
      },
    );
    return productOf(work, scheduled);
  } finally {
    await progress.close();
  }
}

/** What the registry has of this content. */
function reuse({ decision: { state, sought } }: Work, name: string, queuedAt: number): BuiltImage {
  const image = sought.find((each) => each.name === name);
  const digest = state === undefined || image === undefined ? undefined : reusable(state, image);
  if (digest === undefined) throw new Error(`${name} is to be reused, but the registry does not have it`);
  const timing = {
    queuedAt,
    startedAt: undefined,
    builtAt: undefined,
    pushedAt: undefined,
    boundAt: undefined,
    steps: 0,
    cachedSteps: 0,
  };
  return { outcome: { kind: 'reused', name, digest, timing }, logFile: undefined };
}

/**
 * Puts the image that carries the finished digests of this very set beside the one given; its layers stay where they are. One that is bound
 * to these already, from the commit's own set, stays as it is.
 */
async function bind(
  { access, source, ports }: Work,
  name: string,
  digest: string,
  bound: ReadonlyMap<string, string>,
): Promise<string> {
  if (access === undefined) throw new Error(`${name} can't be bound without a registry`);
  const repository = (image: string): string =>
    imageRepository(access.path, source.catalog.images.get(image)?.repository ?? image);
  const variables = Object.entries(source.catalog.images.get(name)?.bind ?? {});
  const env = variables.map(([variable, image]) => [variable, `${repository(image)}@${bound.get(image) ?? ''}`]);
  const made = await bindImage(
    access.registry,
    repository(name),
    digest,
    Object.fromEntries(env) as Record<string, string>,
  );
  for (const note of made.notes) ports.log.info(`${name}: ${note}`);
  return made.digest;
}

function productOf(work: Work, scheduled: ReadonlyMap<string, Scheduled>): Product {
  const images = new Map<string, FinishedBuild>();
  for (const [name, { outcome, digest }] of scheduled) {
    if (digest === undefined || !('digest' in outcome)) continue;
    const { startedAt, builtAt } = outcome.timing;
    const took =
      startedAt === undefined || builtAt === undefined ? undefined : Math.round((builtAt - startedAt) / 100) / 10;
    images.set(name, { unbound: outcome.digest, digest, seconds: took ?? lastSeconds(work, name) });
  }
  return { outcomes: [...scheduled.values()].map(({ outcome }) => outcome), images };
}

/** What the image's last real build took, by the newest set's lock file. */
function lastSeconds({ decision }: Work, name: string): number | undefined {
  const sets = [decision.state?.set, decision.state?.latestSet];
  return sets
    .map((set) => (typeof set === 'object' ? imageOf(set.lock, name)?.seconds : undefined))
    .find((each) => each !== undefined);
}
