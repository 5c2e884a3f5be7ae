import type { Manifest, Registry } from '../../types';
import { relationOf, type IsAncestor } from '../ancestry';
import { isCommit } from '../lockFile';
import { openSet, type StoredSet } from '../setArtifact';
import { readTag } from '../putTag';
import { latestTag, ownTag } from '../tags';
import { readImageConfig } from '../../oci/manifest';
import { jsonExcess, parseJson } from '../../system/json';
import { mapConcurrently } from '../../system/mapConcurrently';
import { foremost, readAnnouncements, type Candidate } from './announcements';
import { digestAt, imagePointers, originOf, type Located, type Pointer, type View } from './decision';

/** One look at everything that matters for moving `latest`. */
export interface Snapshot extends View {
  /** Whom the set's `latest` belongs to. */
  readonly leader: Candidate | undefined;
  /** Ours, as the registry shows it; undefined: it does not (any more). */
  readonly own: Candidate | undefined;
  /** Images of our set, of the leader's, and whatever was looked at before. */
  readonly images: readonly Pointer[];
  readonly set: Pointer;
  readonly value: (pointer: Pointer) => Manifest | undefined;
  /** What the set's `latest` names, when it is a set that was not given up. */
  readonly standing: StoredSet | undefined;
  /** Has nobody but us announced anything, and we this very set? */
  readonly isAlone: boolean;
}

/** Our ownCandidate, as a look is to take it. */
export interface Own {
  /** Its tag, once it is announced. */
  readonly tag?: string | undefined;
  /** Stands in for it before it is announced. */
  readonly pretend?: Candidate | undefined;
  /** Stands in for it when it is over, whatever the registry says. */
  readonly over?: Candidate | undefined;
}

/** Looks at the registry for one promotion, and remembers what stood where before candidates moved it. */
export class RegistryView {
  readonly set: Pointer;
  private readonly isAncestor: IsAncestor;
  private readonly now: () => number;
  private readonly mine: StoredSet;
  private readonly known = new Map<string, Pointer>();
  /** Digests of what is no manifest. */
  private readonly scraps = new Set<string>();
  /** By repository, oldest first; null: nothing. */
  private readonly seen = new Map<string, (Manifest | null)[]>();
  /** Repositories where nothing was found when `latest` was asked for, and we have put nothing since. */
  private readonly empty = new Set<string>();

  /** `now`: milliseconds since the epoch. */
  constructor(mine: StoredSet, setRepository: string, isAncestor: IsAncestor, now: () => number) {
    this.mine = mine;
    this.isAncestor = isAncestor;
    this.now = now;
    this.set = { image: undefined, repository: setRepository };
  }

  /** What stood there when we first looked. undefined: we did not; null: nothing. */
  firstSeen({ repository }: Pointer): Manifest | null | undefined {
    return this.seen.get(repository)?.[0];
  }

  /** Something is put there: the next look is to find it. */
  expect({ repository }: Pointer): void {
    this.empty.delete(repository);
  }

  /**
   * Reads announcements and tags. `settled`: a look of a moment ago that found all images right. If nobody but us was announced then, and nobody is
   * now, none of them was moved since, for whoever moves one announces it first; then only the set's `latest` is read.
   * Throws RegistryError, or PublishError when the registry contradicts itself.
   */
  async look(registry: Registry, own: Own, settled?: Snapshot): Promise<Snapshot> {
    const { isAncestor } = this;
    const isFirst = own.pretend !== undefined;
    const values = new Map<string, Manifest | undefined>();
    const tagsOfSet = registry.tags(this.set.repository);
    const read = async (pointer: Pointer): Promise<void> => {
      const tags = (): Promise<readonly string[]> =>
        pointer === this.set ? tagsOfSet : registry.tags(pointer.repository);
      values.set(pointer.repository, await this.read(registry, pointer, isFirst, tags));
    };
    let announced: readonly Candidate[] = [];
    const announcements = async (): Promise<void> => {
      announced = await readAnnouncements(registry, this.set.repository, tagsOfSet, this.now(), own.tag);
    };
    const mayStay = settled?.isAlone === true;
    const asked = [...(mayStay ? [] : this.pointersOf(this.mine)), this.set];
    await mapConcurrently([announcements, ...asked.map((pointer) => () => read(pointer))], (work) => work());
    const others = announced.filter(({ tag }) => own.over?.tag !== tag);
    const candidates = [...others, ...[own.pretend ?? own.over ?? []].flat()];
    const active = candidates.filter((each) => each.active);
    const leader = await foremost(active, isAncestor);
    const [first] = active;
    const isAlone = candidates.length === 1 && first?.tag === own.tag && first?.set.digest === this.mine.digest;
    const images = this.pointersOf(leader?.set);
    if (mayStay && isAlone) for (const pointer of images) values.set(pointer.repository, settled.value(pointer));
    else
      await mapConcurrently(
        images.filter(({ repository }) => !values.has(repository)),
        read,
      );
    const value = (pointer: Pointer): Manifest | undefined => values.get(pointer.repository);
    for (const found of values.values()) if (found !== undefined && isScrap(found)) this.scraps.add(found.digest);
    const standing = await this.standingSet(registry, value(this.set), candidates);
    const look: Snapshot = {
      candidates,
      leader,
      own: active.find(({ tag }) => tag === (own.pretend?.tag ?? own.tag)),
      images,
      set: this.set,
      value,
      standing,
      isAlone,
      isAncestor,
      locateCommit: (pointer, manifest, seenFrom) =>
        locateCommit({ registry, isAncestor }, pointer, manifest, standing, seenFrom),
      inStandingSet: (pointer) =>
        pointer.image === undefined || standing === undefined ? undefined : digestAt(standing, pointer),
      isScrap: (digest) => this.scraps.has(digest),
      before: (pointer) => this.lastOutside(pointer, known()),
    };
    // What we have not announced can't be what moved a tag, even if the tag names just that.
    const known = (): View => (own.pretend === undefined ? look : { ...look, candidates: others });
    for (const pointer of [...images, this.set]) {
      const found = value(pointer);
      if (found !== undefined || !isFirst) this.remember(pointer, found ?? null);
    }
    return look;
  }

  /**
   * What a `latest` names. That nothing is there, the list of tags has to say too (see readTag), but for a look before we are announced: no tag is
   * moved on that one's word. Where the manifest was not there before, the list is asked alone.
   */
  private async read(
    registry: Registry,
    { repository }: Pointer,
    isFirst: boolean,
    tags: () => Promise<readonly string[]>,
  ): Promise<Manifest | undefined> {
    if (!isFirst && this.empty.has(repository) && !(await tags()).includes(latestTag)) return undefined;
    const found = await (isFirst ? registry.manifest(repository, latestTag) : readTag(registry, repository, latestTag));
    if (found === undefined) this.empty.add(repository);
    else this.empty.delete(repository);
    return found;
  }

  /** All images that count so far, with those of `set`. */
  private pointersOf(set: StoredSet | undefined): readonly Pointer[] {
    for (const pointer of set === undefined ? [] : imagePointers(set)) this.known.set(pointer.repository, pointer);
    return [...this.known.values()];
  }

  /** The set that `latest` names, when it is one and its run did not give it up. */
  private async standingSet(
    registry: Registry,
    latest: Manifest | undefined,
    candidates: readonly Candidate[],
  ): Promise<StoredSet | undefined> {
    if (latest === undefined) return undefined;
    const owners = candidates.filter(({ set }) => set.digest === latest.digest);
    if (owners.length > 0 && !owners.some(({ active }) => active)) return undefined;
    const opened = owners[0]?.set ?? (await openSet(registry, this.set.repository, latest));
    return opened === 'other' ? undefined : opened;
  }

  private remember({ repository }: Pointer, value: Manifest | null): void {
    const values = this.seen.get(repository) ?? [];
    if (values.at(-1)?.digest !== value?.digest || values.length === 0) values.push(value);
    this.seen.set(repository, values);
  }

  /** Decided by the candidates known now: one may have announced itself, and moved, between our reading of announcements and of tags. */
  private lastOutside(pointer: Pointer, view: View): Manifest | null | undefined {
    const values = this.seen.get(pointer.repository) ?? [];
    return values.findLast((value) => value === null || originOf(pointer, value.digest, view) === 'outside');
  }
}

/** Nobody puts a manifest that is not JSON: it is what a registry kept of one that was cut off on its way. What is too large to be read is not that. */
const isScrap = ({ bytes }: Manifest): boolean => jsonExcess(bytes) === undefined && parseJson(bytes) === undefined;

/**
 * At which commit is what a `latest` names, and how does that relate to `ours`?
 *
 * 1. The set: its lock file says.
 * 2. An image: the set that `latest` names, where that has the very image.
 * 3. Else (the newest set has not this image; a run died half way) the image's label `org.opencontainers.image.revision`. An image that was
 *    reused has the label of the commit that built it, which may be on a merged branch or before a revert. So where the label does not
 *    settle it, or a newer set is known to be published, every commit whose tag names the image counts too, and the newest decides.
 */
async function locateCommit(
  ports: { readonly registry: Registry; readonly isAncestor: IsAncestor },
  pointer: Pointer,
  manifest: Manifest,
  standing: StoredSet | undefined,
  ours: string,
): Promise<Located> {
  const { registry, isAncestor } = ports;
  const seen = async (commit: string | undefined): Promise<Located> => ({
    relation: await relationOf(isAncestor, commit, ours),
    commit,
  });
  if (pointer.image === undefined) {
    const set = standing?.digest === manifest.digest ? standing : await openSet(registry, pointer.repository, manifest);
    return seen(set === 'other' ? undefined : set.lock.commit);
  }
  if (standing !== undefined && digestAt(standing, pointer) === manifest.digest) return seen(standing.lock.commit);
  const label = await seen(await revisionLabel(registry, pointer.repository, manifest));
  if (label.relation === 'newer') return label;
  const isSettled = label.relation === 'older' || label.relation === 'same';
  const newest = standing === undefined ? undefined : await relationOf(isAncestor, standing.lock.commit, ours);
  if (isSettled && newest !== 'newer') return label;
  const commits = await taggedCommits(registry, pointer.repository, manifest.digest);
  const others = await mapConcurrently(commits, seen);
  return (
    others.find(({ relation }) => relation === 'newer') ??
    (isSettled ? label : (others.find(({ relation }) => relation === 'older' || relation === 'same') ?? label))
  );
}

/** The commit that an image says it was built from: https://github.com/opencontainers/image-spec/blob/main/annotations.md */
async function revisionLabel(registry: Registry, repository: string, manifest: Manifest): Promise<string | undefined> {
  const config = await readImageConfig(registry, repository, manifest);
  const label = config?.labels['org.opencontainers.image.revision'];
  return isCommit(label) ? label : undefined;
}

/** Commits whose tag in the image's repository names the digest. */
async function taggedCommits(registry: Registry, repository: string, digest: string): Promise<readonly string[]> {
  const tags = await registry.tags(repository);
  const found = await mapConcurrently(tags, async (tag) => {
    const own = ownTag(tag);
    if (own?.kind !== 'commit') return [];
    const there = await registry.head(repository, tag);
    return there?.digest === digest ? [own.commit] : [];
  });
  return found.flat();
}
