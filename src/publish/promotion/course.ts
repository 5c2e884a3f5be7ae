import type { Log, Registry } from '../../types';
import type { IsAncestor } from '../ancestry';
import type { StoredSet } from '../setArtifact';
import type { Board } from './board';
import type { Candidate } from './candidates';
import type { Placed } from './evidence';

export interface PromotionPorts {
  /** Whose calls end when the run is stopped: for looking. */
  readonly registry: Registry;
  /** Whose calls go to their end even then: for writing, so that no write is left in the air, and for putting things right. */
  readonly steadfast: Registry;
  readonly isAncestor: IsAncestor;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** One promotion under way: what it was given, and what it did so far. */
export interface Course {
  readonly set: StoredSet;
  /** Told to move `latest` from wherever it stands. */
  readonly override: boolean;
  readonly board: Board;
  readonly ports: PromotionPorts;
  /** Our announcement, from before it is put. */
  announced: { readonly tag: string; readonly at: number } | undefined;
  /** Repositories whose `latest` this run has put, or tried to. */
  readonly written: Set<string>;
  /** Where `latest` stood when it was moved by order. */
  overrode: Placed | undefined;
}

/** Our candidature, as it counts before it is announced (`active`), or after it was withdrawn. */
export function candidature({ set, override, announced }: Course, active: boolean): Candidate {
  const { tag, at } = announced ?? { tag: '', at: Infinity };
  return { tag, announcedAt: at, override, commit: set.lock.commit, set, active };
}
