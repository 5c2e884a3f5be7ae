import type { Manifest, Registry } from '../../types';
import type { IsAncestor } from '../ancestry';
import { openSet, type StoredSet } from '../setArtifact';
import { latestTag, readTag } from '../tags';
import { together } from '../together';
import { foremost, readAnnouncements, type Candidate } from './candidates';
import { placed } from './evidence';
import { digestAt, imagePointers, type Pointer } from './pointers';
import { originOf, type View } from './verdict';

/** One look at everything that matters for moving `latest`. */
export interface Look extends View {
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
}

/** Our candidature, as a look is to take it. */
export interface Own {
  /** Its tag, once it is announced. */
  readonly tag?: string | undefined;
  /** Stands in for it before it is announced. */
  readonly pretend?: Candidate | undefined;
  /** Stands in for it when it is over, whatever the registry says. */
  readonly over?: Candidate | undefined;
}

/** Looks at the registry for one promotion, and remembers what stood where before candidates moved it. */
export class Board {
  readonly set: Pointer;
  private readonly isAncestor: IsAncestor;
  private readonly now: () => number;
  private readonly mine: StoredSet;
  private readonly known = new Map<string, Pointer>();
  /** By repository, oldest first; null: nothing. */
  private readonly seen = new Map<string, (Manifest | null)[]>();

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

  /** Reads the announcements first, then all tags. Throws RegistryError, or PublishError when the registry contradicts itself. */
  async look(registry: Registry, own: Own): Promise<Look> {
    const { isAncestor } = this;
    const announced = await readAnnouncements(registry, this.set.repository, this.now());
    const others = announced.filter(({ tag }) => own.over?.tag !== tag);
    const candidates = [...others, ...[own.pretend ?? own.over ?? []].flat()];
    const active = candidates.filter((each) => each.active);
    const leader = await foremost(active, isAncestor);
    for (const set of leader === undefined ? [this.mine] : [this.mine, leader.set]) {
      for (const pointer of imagePointers(set)) this.known.set(pointer.repository, pointer);
    }
    const images = [...this.known.values()];
    const pointers = [...images, this.set];
    const read = await together(pointers, ({ repository }) => readTag(registry, repository, latestTag));
    const values = new Map(pointers.map(({ repository }, index) => [repository, read[index]]));
    const value = (pointer: Pointer): Manifest | undefined => values.get(pointer.repository);
    const standing = await this.standingSet(registry, value(this.set), candidates);
    const look: Look = {
      candidates,
      leader,
      own: active.find(({ tag }) => tag === (own.pretend?.tag ?? own.tag)),
      images,
      set: this.set,
      value,
      standing,
      isAncestor,
      placed: (pointer, manifest, seenFrom) => placed({ registry, isAncestor }, pointer, manifest, standing, seenFrom),
      inStandingSet: (pointer) =>
        pointer.image === undefined || standing === undefined ? undefined : digestAt(standing, pointer),
      before: (pointer) => this.lastOutside(pointer, known()),
    };
    // What we have not announced can't be what moved a tag, even if the tag names just that.
    const known = (): View => (own.pretend === undefined ? look : { ...look, candidates: others });
    for (const pointer of pointers) this.remember(pointer, value(pointer) ?? null);
    return look;
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

  /** Judged by the candidates known now: one may have announced itself, and moved, between our reading of announcements and of tags. */
  private lastOutside(pointer: Pointer, view: View): Manifest | null | undefined {
    const values = this.seen.get(pointer.repository) ?? [];
    return values.findLast((value) => value === null || originOf(pointer, value.digest, view) === 'outside');
  }
}
