import { setTimeout as sleep } from 'node:timers/promises';
import { PublishError, RegistryError } from '../../errors';
import type { Log, Manifest, Registry } from '../../types';
import type { IsAncestor } from '../ancestry';
import type { StoredSet } from '../setArtifact';
import { isImmutable } from '../../oci/refusals';
import { latestTag } from '../tags';
import type { KnownManifests } from '../reviveManifests';
import type { Candidate } from './announcements';
import type { Decision, Located, Pointer } from './decision';
import type { RegistryView } from './registryView';

export interface PromotionPorts {
  /** Whose calls end when the run is stopped: for looking. */
  readonly registry: Registry;
  /** Whose calls go to their end even then: for writing, so that no write is left in the air, and for putting things right. */
  readonly uncancellable: Registry;
  readonly isAncestor: IsAncestor;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** What this run has read or put just now. */
  readonly known?: KnownManifests;
}

/** One promotion under way: what it was given, and what it did so far. */
export interface PromotionState {
  readonly set: StoredSet;
  /** Asked to move `latest` wherever it is now. */
  readonly override: boolean;
  readonly view: RegistryView;
  readonly ports: PromotionPorts;
  /** Our announcement, from before it is put. */
  announced: { readonly tag: string; readonly at: number } | undefined;
  /** Repositories whose `latest` this run has put, or tried to. */
  readonly written: Set<string>;
  /** Repositories whose `latest` certainly was put. */
  readonly moved: Set<string>;
  /** Those where the registry refused a put: it did not happen. */
  readonly refused: Set<string>;
  /** Where `latest` stood when it was forced. */
  overrode: Located | undefined;
}

/** Our ownCandidate, as it counts before it is announced (`active`), or after it was withdrawn. */
export function ownCandidate({ set, override, announced }: PromotionState, active: boolean): Candidate {
  const { tag, at } = announced ?? { tag: '', at: Infinity };
  return { tag, announcedAt: at, override, commit: set.lock.commit, set, active };
}

/** `latest` may not be moved by this run: it has diverged from our commit, or nobody knows how the two relate. */
export class Refused extends Error {
  readonly at: Located;
  /** Repository whose `latest` it is about. */
  readonly repository: string;

  constructor(repository: string, at: Located) {
    super(`${repository}:latest is not to be moved.`);
    this.repository = repository;
    this.at = at;
  }
}

/** The run is to end: nothing further is tagged. */
export class Stopped extends Error {}

/** A put failed, and what is right has changed since. */
export class LookAgain extends Error {}

/** Did the registry say no, so that nothing was written? After an answer that was lost, or a 5xx, nobody knows. */
export function isRefusal(error: unknown): boolean {
  const said = error instanceof PublishError ? error.cause : error;
  return said instanceof RegistryError && said.status !== undefined && said.status < 500;
}

/** A decision that changes the registry. */
export type Change = Extract<Decision, { kind: 'advance' | 'restore' | 'delete' }>;

export function isChange(decision: Decision): decision is Change {
  return decision.kind === 'advance' || decision.kind === 'restore' || decision.kind === 'delete';
}

/** Do two decisions on one pointer come to the same? */
function isSameChange(a: Decision, b: Change): boolean {
  if (a.kind === 'delete' || b.kind === 'delete') return a.kind === b.kind;
  return isChange(a) && a.digest === b.digest;
}

/**
 * Carries out one change of one `latest`. Before a put that failed is repeated (the client has waited meanwhile), `decideAgain` looks at the
 * registry; throws LookAgain when it comes to another decision. Throws PublishError when the image is gone or the tag immutable, RegistryError for the rest.
 */
export async function change(
  registry: Registry,
  pointer: Pointer,
  how: Change,
  now: Manifest | undefined,
  decideAgain: () => Promise<Decision>,
  known?: KnownManifests,
): Promise<void> {
  if (how.kind === 'delete') return remove(registry, pointer, now);
  const manifest = await imageOf(registry, pointer, how, known);
  const beforeRepeat = async (): Promise<void> => {
    if (!isSameChange(await decideAgain(), how)) throw new LookAgain();
  };
  try {
    await registry.putManifest(pointer.repository, latestTag, manifest.mediaType, manifest.bytes, beforeRepeat);
  } catch (refusal) {
    if (!isImmutable(refusal)) throw refusal;
    throw new PublishError(
      `${pointer.repository}:${latestTag} is immutable and can't be moved. Set the input latest to never, or turn off tag immutability.`,
      { cause: refusal },
    );
  }
}

async function imageOf(
  registry: Registry,
  pointer: Pointer,
  how: Exclude<Change, { kind: 'delete' }>,
  known?: KnownManifests,
): Promise<Manifest> {
  if (how.kind === 'advance' && pointer.image === undefined) return how.to.set;
  const own = how.kind === 'advance' ? known?.(pointer.repository, how.digest) : undefined;
  if (own !== undefined) return own;
  // Another run of its commit may be about to put back what a moved tag took along.
  for (const wait of [100, 400, 1500, 0]) {
    const manifest = await registry.manifest(pointer.repository, how.digest);
    if (manifest !== undefined) return manifest;
    if (wait > 0) await sleep(wait);
  }
  const whose = how.kind === 'advance' ? `the set of commit ${how.to.commit} names` : 'it named before';
  throw new PublishError(
    `${pointer.repository}:${latestTag} can't be put: the registry has no ${how.digest} there, which ${whose}.`,
  );
}

/** By tag only: by digest every tag of the image would go. A registry that took the image along with its tag gets it back. */
async function remove(registry: Registry, pointer: Pointer, now: Manifest | undefined): Promise<void> {
  await registry.deleteManifest(pointer.repository, latestTag);
  if (now === undefined || (await registry.head(pointer.repository, now.digest)) !== undefined) return;
  await registry.putManifest(pointer.repository, now.digest, now.mediaType, now.bytes);
}
