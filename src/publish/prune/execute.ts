import { setTimeout as sleep } from 'node:timers/promises';
import { message, RegistryError } from '../../errors';
import type { Log, Registry } from '../../types';
import type { PrunePlan, Untagging } from './decide';
import type { Deletion } from './graph';

/** Deletes at Google what its registry does not delete by the distribution protocol. */
interface GoogleRemover {
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
  /** What this registry does not do, and what that comes to: sentences. */
  readonly notes: readonly string[];
  readonly bytes: number;
}

interface PrunePorts {
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
  const notes: string[] = [];
  const stuck = new Set<string>();
  const setDigests = new Map(plan.sets.map((set) => [set.digest, set]));
  const watches = new Map<string, (digest: string) => Promise<boolean>>();
  for (const deletion of plan.deletions) {
    if (ports.signal?.aborted === true) {
      problems.push('Stopped before everything was deleted; run again to go on.');
      break;
    }
    const { repository, digest } = deletion;
    if (stuck.has(`${repository}@${digest}`)) continue;
    const isNamed = watches.get(repository) ?? watchTags(plan, repository, ports.registry);
    watches.set(repository, isNamed);
    const named = await isNamed(digest).catch(() => undefined);
    const why =
      named === undefined
        ? 'its tags could not be read again'
        : named
          ? 'it was tagged meanwhile'
          : await remove(deletion, ports);
    if (why === deletesNothing) {
      problems.push(
        `Nothing was deleted: ${repository.slice(0, repository.indexOf('/'))} does not delete by the distribution protocol (405). Delete there by its own means: the sets first, then what only they name.`,
      );
      break;
    }
    if (why === undefined) deleted.push(deletion);
    else {
      problems.push(`${repository}@${digest} stays: ${why}`);
      // What it lists or names must stay with it.
      const set = setDigests.get(digest);
      for (const image of set?.images ?? []) stuck.add(`${image.repository}@${image.digest}`);
      for (const [at, other] of dependents(plan, deletion)) stuck.add(`${at}@${other}`);
    }
  }
  const untagged = await removeTags(plan, deleted, ports, { problems, notes });
  return { deleted, untagged, problems, notes, bytes: deleted.reduce((sum, { bytes }) => sum + bytes, 0) };
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

/**
 * Tells whether a tag names a digest now that did not when the plan was made: a run may publish while this goes on, which takes minutes where much
 * goes. Each time the names are listed, and those that were not there before are looked at: before a run depends on an image it puts a tag of its
 * commit.
 */
function watchTags(plan: PrunePlan, repository: string, registry: Registry): (digest: string) => Promise<boolean> {
  const planned = new Map(
    plan.deletions
      .filter((each) => each.repository === repository)
      .flatMap(({ digest, tags }) => tags.map((tag) => [tag, digest] as const)),
  );
  const seen = new Set<string>();
  const named = new Set<string>();
  return async (digest) => {
    for (const tag of await registry.tags(repository)) {
      if (seen.has(tag)) continue;
      const now = (await registry.head(repository, tag))?.digest;
      // Where it is being put it is looked at again the next time.
      if (now !== undefined) seen.add(tag);
      if (now !== undefined && planned.get(tag) !== now) named.add(now);
    }
    return named.has(digest);
  };
}

/** Why nothing goes: "If deletion is disabled, the registry MUST respond with either a 400 or a 405", and so do GitHub's and Docker Hub's. */
const deletesNothing = 'the registry deletes nothing';

/** Gives why it stays; undefined: the registry has it no more, under no tag. */
async function remove(deletion: Deletion, ports: PrunePorts): Promise<string | undefined> {
  const { registry, google, log } = ports;
  const { repository, digest } = deletion;
  try {
    const found = await registry.deleteManifest(repository, digest);
    return await stillThere(deletion, ports, found ? 'took the deletion' : 'answered 404 to the deletion');
  } catch (refusal) {
    const isFinal = refusal instanceof RegistryError && refusal.status !== undefined && refusal.status < 500;
    if (google === undefined && refusal instanceof RegistryError && refusal.status === 405) return deletesNothing;
    if (google === undefined || !isFinal) return message(refusal);
    log.debug(`${repository}@${digest}: by Google's API, as the registry refuses: ${refusal.message}`);
  }
  try {
    await google.deleteVersion(repository, digest);
    return undefined;
  } catch (refusal) {
    return message(refusal);
  }
}

/** Reads a deletion back. Some registries keep the tags of what was deleted by digest, and serve it under them: these go one by one. */
async function stillThere(
  { repository, digest, tags }: Deletion,
  { registry }: PrunePorts,
  said: string,
): Promise<string | undefined> {
  for (const reference of [...tags, digest]) {
    if (await isGone(registry, repository, reference, digest)) continue;
    if (reference !== digest) await registry.deleteManifest(repository, reference);
    if (reference !== digest && (await isGone(registry, repository, reference, digest))) continue;
    return `the registry ${said}, but still has ${reference}`;
  }
  return undefined;
}

/** A deletion may take a moment to be seen. */
async function isGone(registry: Registry, repository: string, reference: string, digest: string): Promise<boolean> {
  for (let wait = 20; wait <= 500; wait *= 5) {
    if ((await registry.head(repository, reference))?.digest !== digest) return true;
    await sleep(wait);
  }
  return (await registry.head(repository, reference))?.digest !== digest;
}

/** Tags go when all sets did that were to. Where a registry deletes no tags, that is said, and is not a failure: they hold nothing that goes. */
async function removeTags(
  plan: PrunePlan,
  deleted: readonly Deletion[],
  ports: PrunePorts,
  report: { readonly problems: string[]; readonly notes: string[] },
): Promise<number> {
  const { google, signal, registry } = ports;
  const goneSets = new Set(deleted.map(({ digest }) => digest));
  const isDone = plan.sets.every(({ goes, digest }) => !goes || goneSets.has(digest));
  if (!isDone) return 0;
  let count = 0;
  for (const [index, untagging] of plan.untaggings.entries()) {
    if (signal?.aborted === true) break;
    const { repository, tag } = untagging;
    try {
      if (google !== undefined) await google.deleteTag(repository, tag);
      else await deleteTag(registry, untagging);
      count += 1;
    } catch (refusal) {
      if (google === undefined && deletesNoTags(refusal)) {
        const left = plan.untaggings.length - index;
        const host = repository.slice(0, repository.indexOf('/'));
        report.notes.push(`${left} tags of sets that are gone stay: ${host} does not delete tags. ${message(refusal)}`);
        break;
      }
      report.problems.push(`${repository}:${tag} stays: ${message(refusal)}`);
    }
  }
  return count;
}

/** "If tag deletion is disabled, the registry MUST respond with either a 400 or a 405": the distribution specification, Deleting Tags. */
function deletesNoTags(refusal: unknown): boolean {
  return refusal instanceof RegistryError && [400, 404, 405, 501].includes(refusal.status ?? 0);
}

/** Deletes one tag of something that stays. A registry that deletes the whole with it gets it back, and is asked no more. */
async function deleteTag(registry: Registry, { repository, tag, digest, others }: Untagging): Promise<void> {
  const named = await registry.manifest(repository, tag);
  if (named?.digest !== digest) return;
  await registry.deleteManifest(repository, tag);
  if ((await registry.head(repository, digest)) === undefined) {
    for (const reference of others.length === 0 ? [digest] : others) {
      await registry.putManifest(repository, reference, named.mediaType, named.bytes);
    }
    throw new RegistryError(`${repository}:${tag} was deleted, and all that it named with it; that was put back.`, {
      status: 405,
    });
  }
  if (!(await isGone(registry, repository, tag, digest))) {
    throw new RegistryError('the registry took the deletion, but still has the tag');
  }
}
