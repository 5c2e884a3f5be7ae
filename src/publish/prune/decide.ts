import { commitTag, keyTag, setRepository } from '../tags';
import type { Inventory, StoredRepository } from './inventory';
import { describeDeletions, parentsFirst, setBySet } from './order';
import { orphanReferrers, reach, subjectOf } from './reach';
import { judgeSets, type PruneRules, type SetVerdict } from './judgeSets';

/** One manifest that goes, with the tags that name it. */
export interface Deletion {
  readonly repository: string;
  readonly digest: string;
  readonly tags: readonly string[];
  /** Bytes that nothing else in its repository holds, after all deletions. */
  readonly bytes: number;
}

/** A tag of a set that goes, on an image that stays for another's sake. */
export interface Untagging {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

export interface PrunePlan {
  readonly sets: readonly SetVerdict[];
  /** Set by set: the set, then what only it needed; an index before what it lists. */
  readonly deletions: readonly Deletion[];
  readonly untaggings: readonly Untagging[];
}

/**
 * Which sets and images go. A decision only.
 *
 * An image goes when a set that goes names it (by digest, by its content key, or within an index), and nothing that stays leads to it: a set,
 * an index or an attestation that stays, a tag that is not of a set that goes, something that runs. In doubt it stays: tags of commits that
 * have no set (a run may be about to write it), content keys that no set names, whatever is not understood.
 */
export function decidePrune(inventory: Inventory, registryPath: string, rules: PruneRules): PrunePlan {
  const setsAt = setRepository(registryPath);
  const setsThere = inventory.get(setsAt);
  if (setsThere === undefined) return { sets: [], deletions: [], untaggings: [] };
  const sets = judgeSets(setsThere, rules);
  const going = sets.filter(({ goes }) => goes);
  const staying = sets.filter(({ goes }) => !goes);
  const oldestFirst = going.toReversed();
  const turns = new Map<string, number>();
  const deletions: Deletion[] = [];
  const untaggings: Untagging[] = [];
  for (const [name, repository] of inventory) {
    const removable =
      name === setsAt
        ? new Map(going.map((set) => [commitTag(set.commit), set.digest]))
        : tagsThatGo(name, repository, going, staying);
    const candidates = new Set<string>();
    for (const [turn, set] of oldestFirst.entries()) {
      for (const digest of reach(repository, startsOf(set, name, setsAt, removable), 'down')) {
        candidates.add(digest);
        turns.set(`${name}@${digest}`, turn);
      }
    }
    const kept = reach(repository, [
      ...[...repository.tags]
        .filter(([tag, digest]) => removable.get(tag) !== digest && subjectOf(tag) === undefined)
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
    deletions.push(...describeDeletions(name, repository, parentsFirst(repository, gone)));
    untaggings.push(
      ...[...removable].flatMap(([tag, digest]) => (kept.has(digest) ? [{ repository: name, tag, digest }] : [])),
    );
  }
  const turnOf = ({ repository, digest }: Deletion): number => turns.get(`${repository}@${digest}`) ?? going.length;
  return { sets, deletions: setBySet(deletions, turnOf, setsAt), untaggings };
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

/** Tags of an image's repository that go with the sets: of their commits, and of content keys that only they name. */
function tagsThatGo(
  name: string,
  repository: StoredRepository,
  going: readonly SetVerdict[],
  staying: readonly SetVerdict[],
): ReadonlyMap<string, string> {
  const keysOf = (sets: readonly SetVerdict[]): Set<string> =>
    new Set(
      sets.flatMap(({ images }) => images.filter((image) => image.repository === name).map(({ key }) => keyTag(key))),
    );
  const stayingKeys = keysOf(staying);
  const tags = new Map<string, string>();
  for (const { commit, images } of going) {
    const tag = commitTag(commit);
    const digest = repository.tags.get(tag);
    // One that names something else than the set says was moved by somebody.
    if (digest !== undefined && images.some((image) => image.repository === name && image.digest === digest))
      tags.set(tag, digest);
  }
  for (const tag of keysOf(going)) {
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
    untaggings: plan.untaggings.filter(({ repository, tag, digest }) => tags.has(`${repository}:${tag}@${digest}`)),
  };
}
