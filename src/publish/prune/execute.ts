import { RegistryError } from '../../errors';
import type { Log, Registry } from '../../types';
import type { Deletion, PrunePlan } from './decide';

/** Deletes at Google what its registry does not delete by the distribution protocol. */
export interface GoogleRemover {
  /** With its tags. */
  deleteVersion(repository: string, digest: string): Promise<void>;
  deleteTag(repository: string, tag: string): Promise<void>;
}

/** What went, and what did not. */
export interface PruneOutcome {
  readonly deleted: readonly Deletion[];
  readonly untagged: number;
  /** Sentences; empty: everything went as planned. */
  readonly problems: readonly string[];
  readonly bytes: number;
}

export interface PrunePorts {
  readonly registry: Registry;
  readonly google: GoogleRemover | undefined;
  readonly log: Log;
  readonly signal?: AbortSignal;
}

/**
 * Carries a plan out: sets first, so that no set that is there names an image that is not; then their images. Never deletes anything that
 * is not in the plan, and nothing that got another tag since. An image stays when a set that names it could not be deleted.
 * Never throws for what a registry says: that is in the outcome.
 */
export async function executePrune(plan: PrunePlan, ports: PrunePorts): Promise<PruneOutcome> {
  const deleted: Deletion[] = [];
  const problems: string[] = [];
  const stuck = new Set<string>();
  const setDigests = new Map(plan.sets.map((set) => [set.digest, set]));
  const fresh = new Map<string, ReadonlySet<string> | undefined>();
  for (const deletion of plan.deletions) {
    if (ports.signal?.aborted === true) {
      problems.push('Stopped before everything was deleted; run again to go on.');
      break;
    }
    const { repository, digest } = deletion;
    if (stuck.has(`${repository}@${digest}`)) continue;
    if (!fresh.has(repository))
      fresh.set(repository, await newlyNamed(plan, repository, ports.registry).catch(() => undefined));
    const named = fresh.get(repository);
    const why =
      named === undefined
        ? 'its tags could not be read again'
        : named.has(digest)
          ? 'it was tagged meanwhile'
          : await remove(deletion, ports);
    if (why === undefined) deleted.push(deletion);
    else {
      problems.push(`${repository}@${digest} stays: ${why}`);
      // What it lists or names must stay with it.
      const set = setDigests.get(digest);
      for (const image of set?.images ?? []) stuck.add(`${image.repository}@${image.digest}`);
      for (const [at, other] of dependents(plan, deletion)) stuck.add(`${at}@${other}`);
    }
  }
  const untagged = await removeTags(plan, deleted, ports, problems);
  return { deleted, untagged, problems, bytes: deleted.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Everything of a repository that comes after a manifest that stayed may be listed by it. */
function dependents(plan: PrunePlan, stayed: Deletion): readonly (readonly [string, string])[] {
  const after = plan.deletions.slice(plan.deletions.indexOf(stayed) + 1);
  const set = plan.sets.find(({ digest }) => digest === stayed.digest);
  const isOfSet = (repository: string): boolean =>
    set?.images.some((image) => image.repository === repository) === true;
  return after
    .filter(({ repository }) => (set === undefined ? repository === stayed.repository : isOfSet(repository)))
    .map(({ repository, digest }) => [repository, digest] as const);
}

/** Digests that a tag names now which did not name them when the plan was made. */
async function newlyNamed(plan: PrunePlan, repository: string, registry: Registry): Promise<ReadonlySet<string>> {
  const planned = new Map(
    plan.deletions
      .filter((each) => each.repository === repository)
      .flatMap(({ digest, tags }) => tags.map((tag) => [tag, digest] as const)),
  );
  const named = new Set<string>();
  for (const tag of await registry.tags(repository)) {
    const now = (await registry.head(repository, tag))?.digest;
    if (now !== undefined && planned.get(tag) !== now) named.add(now);
  }
  return named;
}

/** Gives why it stays. */
async function remove(deletion: Deletion, { registry, google, log }: PrunePorts): Promise<string | undefined> {
  const { repository, digest } = deletion;
  try {
    await registry.deleteManifest(repository, digest);
    return undefined;
  } catch (refusal) {
    const isFinal = refusal instanceof RegistryError && refusal.status !== undefined && refusal.status < 500;
    if (google === undefined || !isFinal) return refusal instanceof Error ? refusal.message : String(refusal);
    log.debug(`${repository}@${digest}: by Google's API, as the registry refuses: ${refusal.message}`);
  }
  try {
    await google.deleteVersion(repository, digest);
    return undefined;
  } catch (refusal) {
    return refusal instanceof Error ? refusal.message : String(refusal);
  }
}

/** Only where a tag can be deleted without what it names: some registries take both by the distribution protocol. */
async function removeTags(
  plan: PrunePlan,
  deleted: readonly Deletion[],
  ports: PrunePorts,
  problems: string[],
): Promise<number> {
  const { google, signal } = ports;
  if (google === undefined) return 0;
  const goneSets = new Set(deleted.map(({ digest }) => digest));
  const isDone = plan.sets.every(({ goes, digest }) => !goes || goneSets.has(digest));
  if (!isDone) return 0;
  let count = 0;
  for (const { repository, tag } of plan.untaggings) {
    if (signal?.aborted === true) break;
    try {
      await google.deleteTag(repository, tag);
      count += 1;
    } catch (refusal) {
      problems.push(`${repository}:${tag} stays: ${refusal instanceof Error ? refusal.message : String(refusal)}`);
    }
  }
  return count;
}
