import { setTimeout as sleep } from 'node:timers/promises';
import { PublishError } from '../errors';
import { field, parseJson } from '../system/json';
import type { Manifest, Referrer, Registry } from '../types';
import { readReferrers } from './referrers';

/*
 * Lists of what is attached to a manifest at a tag, for registries that keep none themselves:
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
 */

const indexType = 'application/vnd.oci.image.index.v1+json';

/** How often the fallback tag is put when it does not show what was put: another run may be writing it. */
export const attempts = 5;

/**
 * The fallback tag knows no locks: of two that read the list and then put theirs, the later one takes away what the earlier has put. So nobody
 * puts a list on one that was read longer ago than this, and what was put is read back when all who had read the one before have put theirs.
 * Whose PUT takes longer looks at the tag meanwhile: what others had put and read back by then is put again after it.
 */
const freshMs = 300;
const lookMs = 200;
export const settleMs = 800;

/** What time it is, in milliseconds from any point on, and how to wait. */
export interface Clock {
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

export const systemClock: Clock = { now: () => performance.now(), wait: sleep };

/** The lists at fallback tags. */
export interface FallbackLists {
  /** What is listed; empty: nothing is. RegistryError, PublishError. */
  read(repository: string, digest: string): Promise<readonly Referrer[]>;
  /**
   * Adds to the list. Gives what has to be read back: the entries, and those of others that this put over. Not for two at once to one digest.
   * RegistryError, PublishError.
   */
  extend(repository: string, digest: string, entries: readonly object[]): Promise<readonly object[]>;
}

/** The lists of a client's registries; what was read a moment ago is not read again to be put. */
export function openFallbackLists(registry: Registry, { now, wait }: Clock): FallbackLists {
  const lists = new Map<string, { readonly at: number; readonly found: Manifest | undefined }>();
  const current = async (repository: string, digest: string): Promise<Manifest | undefined> => {
    const at = now();
    const found = await registry.manifest(repository, fallbackTag(digest));
    readFallback(repository, found);
    lists.set(`${repository}@${digest}`, { at, found });
    return found;
  };
  const recent = (repository: string, digest: string): Manifest | undefined | Promise<Manifest | undefined> => {
    const known = lists.get(`${repository}@${digest}`);
    return known !== undefined && now() - known.at <= freshMs ? known.found : current(repository, digest);
  };
  const extend = async (repository: string, digest: string, entries: readonly object[]): Promise<readonly object[]> => {
    let wanted = entries;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const before = await recent(repository, digest);
      lists.delete(`${repository}@${digest}`);
      const look = (): Promise<Manifest | undefined> => registry.manifest(repository, fallbackTag(digest));
      const bytes = withEntries(before, wanted);
      const put = registry
        .putManifest(repository, fallbackTag(digest), indexType, bytes, async () => {
          // Between attempts there are seconds: another list is there, and ours is not put over it.
          if ((await look())?.digest !== before?.digest) throw new ListMoved();
        })
        .then(
          () => true,
          (refusal: unknown) => {
            if (refusal instanceof ListMoved) return false;
            throw refusal;
          },
        );
      const seen = await entriesWhile(put, look);
      const over = lacking(seen, new Set(entriesOf(bytes).map(digestIn)));
      if (over.length === 0 && (await put)) return wanted;
      wanted = [...wanted, ...over];
    }
    throw notAtFallback(repository, digest);
  };
  /** What the lists held that were at the tag until a PUT was answered. */
  const entriesWhile = async (
    put: Promise<unknown>,
    look: () => Promise<Manifest | undefined>,
  ): Promise<readonly object[]> => {
    const seen = new Map<unknown, object>();
    const answered = put.then(() => true);
    while (!(await Promise.race([answered, wait(lookMs).then(() => false)]))) {
      // Only PUT decides: a look that fails has seen nothing.
      const found = await look().catch(() => undefined);
      for (const entry of found === undefined ? [] : entriesOf(found.bytes)) seen.set(digestIn(entry), entry);
    }
    return [...seen.values()];
  };
  return {
    read: async (repository, digest) => readFallback(repository, await current(repository, digest)),
    extend,
  };
}

/** The tag was put time and again, and does not list what was attached. */
export function notAtFallback(repository: string, digest: string): PublishError {
  return new PublishError(
    `${repository}:${fallbackTag(digest)} was put ${attempts} times, but does not list what was attached. Another run may be attaching to ` +
      'the same image. Run again.',
  );
}

/** `sha256-…`: the tag of what is attached to a digest, where the registry has no list of its own. */
export function fallbackTag(digest: string): string {
  return digest.replace(':', '-').slice(0, 128);
}

function readFallback(repository: string, found: Manifest | undefined): readonly Referrer[] {
  if (found === undefined) return [];
  const listed = readReferrers(found.bytes);
  if (listed !== undefined) return listed;
  throw new PublishError(
    `${repository}@${found.digest} is at the tag for attachments, but is not a list of them. Delete that tag, then run again.`,
  );
}

/** Another list came to the tag while ours was being put. */
class ListMoved extends Error {}

/** The entries of an index, as they are. */
function entriesOf(bytes: Uint8Array): readonly object[] {
  const there = field(parseJson(bytes), 'manifests');
  return Array.isArray(there) ? there.filter((each): each is object => typeof each === 'object' && each !== null) : [];
}

/** The digest that an entry of a list names. */
export const digestIn = (entry: object): unknown => field(entry, 'digest');

/** Entries whose digests are not there. */
export const lacking = (entries: readonly object[], there: ReadonlySet<unknown>): readonly object[] =>
  entries.filter((entry) => !there.has(digestIn(entry)));

/** An index of what is attached with some more entries; all others stay as they are. */
function withEntries(before: Manifest | undefined, added: readonly object[]): Uint8Array {
  const there = before === undefined ? [] : entriesOf(before.bytes);
  const manifests = [...there, ...lacking(added, new Set(there.map(digestIn)))];
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
}
