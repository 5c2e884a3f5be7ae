import { isSeedTag, isStale, seedRepository } from '../cacheSeed';
import { commitTag, isOldRebuild, keepTag, keyTag, longestRun, ownTag, setRepository } from '../tags';
import { describeDeletions, orphanReferrers, parentsFirst, reach, setBySet, subjectOf, type Deletion } from './graph';
import type { Inventory, StoredRepository } from './inventory';
import { isOver, decideSets, type PruneRules, type SetVerdict } from './rules';
import { unnamedName, type Unnamed } from './unnamed';

/** A tag that goes from something that stays: of a set that goes on an image that another needs, or an announcement that is over. */
export interface Untagging {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  /** Tags that name the same and stay. */
  readonly others: readonly string[];
}

export interface PrunePlan {
  readonly sets: readonly SetVerdict[];
  /** Set by set: the set, then what only it needed; an index before what it lists. */
  readonly deletions: readonly Deletion[];
  readonly untaggings: readonly Untagging[];
  /** Content keys that stay though no set names them: what a later prune goes by. */
  readonly unnamed: Unnamed;
  /** Those among them that name neither an image of a set nor a part of one: of runs that did not publish, or not yet. */
  readonly unpublished: number;
}

/**
 * Which sets and images go. A decision only.
 *
 * An image goes when a set that goes names it (by digest, by its content key, or within an index), and nothing that stays leads to it: a set,
 * an index or an attestation that stays, a tag that is not of a set that goes, something that runs. In doubt it stays: tags of commits that
 * have no set (a run may be about to write it), content keys that no set names until a prune long ago noted that already, whatever is not
 * understood. A cache's seed goes when it is so old that no build starts from it.
 */
export function decidePrune(inventory: Inventory, registryPath: string, rules: PruneRules): PrunePlan {
  const setsAt = setRepository(registryPath);
  const setsThere = inventory.get(setsAt);
  if (setsThere === undefined) return { sets: [], deletions: [], untaggings: [], unnamed: new Map(), unpublished: 0 };
  const sets = decideSets(setsThere, rules);
  const going = sets.filter(({ goes }) => goes);
  const staying = sets.filter(({ goes }) => !goes);
  const oldestFirst = going.toReversed();
  const named = new Set(
    sets.flatMap(({ images }) => images.map(({ repository, digest }) => `${repository}@${digest}`)),
  );
  const turns = new Map<string, number>();
  const deletions: Deletion[] = [];
  const untaggings: Untagging[] = [];
  const unnamed = new Map<string, number>();
  let unpublished = 0;
  const today = Math.max(rules.now, newestIn(setsThere));
  const seedsAt = seedRepository(registryPath);
  for (const [name, repository] of inventory) {
    const stale = name === seedsAt ? staleSeeds(repository, rules.now) : [];
    const rebuilds = new Map([...repository.tags].filter(([tag]) => isOldRebuild(tag, rules.now)));
    const removable =
      name === setsAt
        ? setTagsThatGo(repository, going, rules.now)
        : name === seedsAt
          ? new Map([...repository.tags].filter(([tag, digest]) => isSeedTag(tag) && stale.includes(digest)))
          : new Map([...tagsThatGo(name, repository, going, staying), ...rebuilds]);
    const keys = name === setsAt || name === seedsAt ? [] : unnamedKeys(name, repository, sets, rules, today);
    const over = new Map(keys.flatMap(({ tag, digest, isOver }) => (isOver ? [[tag, digest] as const] : [])));
    const candidates = new Set<string>(name === setsAt ? notesThatGo(repository, rules.now) : stale);
    for (const digest of reach(repository, [...rebuilds.values(), ...over.values()], 'down')) candidates.add(digest);
    for (const [turn, set] of oldestFirst.entries()) {
      for (const digest of reach(repository, startsOf(set, name, setsAt, removable), 'down')) {
        candidates.add(digest);
        turns.set(`${name}@${digest}`, turn);
      }
    }
    const kept = reach(repository, [
      ...[...repository.tags]
        .filter(([tag, digest]) => removable.get(tag) !== digest && !over.has(tag) && subjectOf(tag) === undefined)
        .map(([, digest]) => digest),
      ...(name === setsAt
        ? []
        : staying.flatMap(({ images }) =>
            images.filter((image) => image.repository === name).map(({ digest }) => digest),
          )),
      ...[...repository.manifests.keys()].filter((digest) => rules.inUse.digests.has(digest)),
      ...[...repository.tags].filter(([tag]) => rules.inUse.tags.has(`${name}:${tag}`)).map(([, digest]) => digest),
      ...orphanReferrers(repository),
      // What no set that goes leads to stays, be it reachable or not, and so does what it leads to.
      ...[...repository.manifests.keys()].filter((digest) => !candidates.has(digest)),
    ]);
    const gone = [...candidates].filter((digest) => !kept.has(digest) && repository.manifests.has(digest));
    const listed = new Set([...kept].flatMap((digest) => repository.manifests.get(digest)?.children ?? []));
    for (const { tag, digest, since } of keys) {
      if (!kept.has(digest)) continue;
      unnamed.set(unnamedName(name, tag, digest), since);
      if (!listed.has(digest) && !named.has(`${name}@${digest}`)) unpublished += 1;
    }
    deletions.push(...describeDeletions(name, repository, parentsFirst(repository, gone)));
    untaggings.push(
      ...[...removable].flatMap(([tag, digest]) => {
        if (!kept.has(digest)) return [];
        const others = [...repository.tags].filter(([other, at]) => at === digest && !removable.has(other));
        return [{ repository: name, tag, digest, others: others.map(([other]) => other) }];
      }),
    );
  }
  const turnOf = ({ repository, digest }: Deletion): number => turns.get(`${repository}@${digest}`) ?? going.length;
  return { sets, deletions: setBySet(deletions, turnOf, setsAt), untaggings, unnamed, unpublished };
}

/** The newest time that a registry path knows of, milliseconds since the epoch: now is not before it. */
function newestIn({ tags, manifests }: StoredRepository): number {
  const announced = [...tags.keys()].flatMap((tag) => {
    const own = ownTag(tag);
    return own?.kind === 'candidate' ? [own.announcedAt] : [];
  });
  return Math.max(0, ...announced, ...[...manifests.values()].map(({ set }) => set?.created ?? 0));
}

interface UnnamedKey {
  readonly tag: string;
  readonly digest: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** No run that built it can come to publish it. */
  readonly isOver: boolean;
}

/** The tags of content keys that no set names. One that names something else than when it was noted is a new one. */
function unnamedKeys(
  name: string,
  repository: StoredRepository,
  sets: readonly SetVerdict[],
  { unnamed, now }: PruneRules,
  today: number,
): readonly UnnamedKey[] {
  const named = keysOf(name, sets);
  return [...repository.tags].flatMap(([tag, digest]) => {
    if (ownTag(tag)?.kind !== 'key' || named.has(tag)) return [];
    // A clock that was ahead when it was noted makes it wait from now on; one that is behind now must not make it old.
    const since = Math.min(unnamed.get(unnamedName(name, tag, digest)) ?? today, today);
    return [{ tag, digest, since, isOver: now - since > longestRun }];
  });
}

/** The tags of the content keys that sets name in a repository. */
function keysOf(name: string, sets: readonly SetVerdict[]): ReadonlySet<string> {
  return new Set(
    sets.flatMap(({ images }) => images.filter((image) => image.repository === name).map(({ key }) => keyTag(key))),
  );
}

/** Seeds that no build starts from any more. */
function staleSeeds(seeds: StoredRepository, now: number): readonly string[] {
  const all = [...seeds.manifests.values()];
  return all.flatMap(({ digest, seedMade }) => (seedMade !== undefined && isStale(seedMade, now) ? [digest] : []));
}

/** Where in a repository a set leads to by itself. */
function startsOf(
  set: SetVerdict,
  name: string,
  setsAt: string,
  removable: ReadonlyMap<string, string>,
): readonly string[] {
  if (name === setsAt) return [set.digest];
  return set.images
    .filter(({ repository }) => repository === name)
    .flatMap(({ digest, key }) => [digest, removable.get(keyTag(key)) ?? digest]);
}

/** Tags of the repository of sets that go: all of the sets that go, and the announcements that are over. */
function setTagsThatGo(sets: StoredRepository, going: readonly SetVerdict[], now: number): ReadonlyMap<string, string> {
  const gone = new Set(going.map(({ digest }) => digest));
  return new Map([...sets.tags].filter(([tag, digest]) => gone.has(digest) || isOver(tag, now)));
}

/** What withdrawn announcements name, when all of them are over. */
function notesThatGo(sets: StoredRepository, now: number): readonly string[] {
  const named = [...sets.tags].filter(([, digest]) => sets.manifests.get(digest)?.set === undefined);
  const needed = new Set(named.filter(([tag]) => !isOver(tag, now)).map(([, digest]) => digest));
  return [...new Set(named.map(([, digest]) => digest))].filter((digest) => !needed.has(digest));
}

/** Tags of an image's repository that go with the sets: of their commits, and of content keys that only they name. */
function tagsThatGo(
  name: string,
  repository: StoredRepository,
  going: readonly SetVerdict[],
  staying: readonly SetVerdict[],
): ReadonlyMap<string, string> {
  const stayingKeys = keysOf(name, staying);
  const tags = new Map<string, string>();
  for (const { commit, images } of going) {
    const tag = commitTag(commit);
    const digest = repository.tags.get(tag);
    // One that names something else than the set says was moved by somebody.
    if (digest !== undefined && images.some((image) => image.repository === name && image.digest === digest))
      tags.set(tag, digest);
  }
  const staysNamed = new Set(staying.flatMap(({ images }) => images.map(({ digest }) => digest)));
  for (const { images } of going) {
    for (const image of images) {
      const tag = keepTag(image.digest);
      const isHere = image.repository === name && repository.tags.get(tag) === image.digest;
      if (isHere && !staysNamed.has(image.digest)) tags.set(tag, image.digest);
    }
  }
  for (const tag of keysOf(name, going)) {
    const digest = repository.tags.get(tag);
    if (digest !== undefined && !stayingKeys.has(tag)) tags.set(tag, digest);
  }
  return tags;
}

/** What both plans let go: the second was made from what the registry held a moment ago. */
export function confirmed(plan: PrunePlan, again: PrunePlan): PrunePlan {
  const nameOf = ({ repository, digest }: Deletion): string => `${repository}@${digest}`;
  const before = new Set(plan.deletions.map(nameOf));
  const gone = new Set(again.sets.filter(({ goes }) => goes).map(({ digest }) => digest));
  const tags = new Set(again.untaggings.map(({ repository, tag, digest }) => `${repository}:${tag}@${digest}`));
  return {
    sets: plan.sets.map((set) =>
      set.goes && !gone.has(set.digest) ? { ...set, goes: false, reason: 'is needed again' } : set,
    ),
    deletions: again.deletions.filter((deletion) => before.has(nameOf(deletion))),
    unnamed: again.unnamed,
    unpublished: again.unpublished,
    untaggings: plan.untaggings.filter(({ repository, tag, digest }) => tags.has(`${repository}:${tag}@${digest}`)),
  };
}
