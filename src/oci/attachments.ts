import { setTimeout as sleep } from 'node:timers/promises';
import { PublishError } from '../errors';
import { field, parseJson } from '../system/json';
import type { Descriptor, Manifest, Referrer, Registry } from '../types';
import { describe, empty, encodeArtifact, putArtifactManifest, type Artifact } from './artifact';
import { digestOf } from './digest';
import { readManifest } from './manifest';
import { readReferrers } from './referrers';

/** What is attached to a manifest, and how something is. */
export interface Attachments {
  /** Empty where nothing is. RegistryError, PublishError. */
  list(repository: string, digest: string): Promise<readonly Referrer[]>;
  /** The file that an attachment holds; undefined: it holds none, or one too large to be ours. RegistryError. */
  read(
    repository: string,
    digest: string,
  ): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array } | undefined>;
  /**
   * Attaches files, and gives the artifacts that hold them. `subject`: what they are attached to, as it is in the repository. Only `confirm`
   * says that they stay. Not for two at once to one subject: the fallback tag knows no locks. RegistryError, PublishError.
   */
  put(repository: string, subject: Descriptor, files: readonly AttachedFile[]): Promise<readonly Descriptor[]>;
  /**
   * Reads back that all that `put` attached to a digest is listed, and lists it again where another run has put its list over ours.
   * RegistryError, PublishError.
   */
  confirm(repository: string, digest: string): Promise<void>;
}

/** One file, as it is attached. */
export interface AttachedFile {
  /** Of the file and of the artifact that holds it. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}

const indexType = 'application/vnd.oci.image.index.v1+json';

/** Statements are small; an SBOM has some megabytes. */
const longestFile = 12 * 2 ** 20;

/** How often the fallback tag is put when it does not show what was put: another run may be writing it. */
const attempts = 5;

/** How long a registry may take to list what it took: milliseconds, doubling. */
const waits = [0, 100, 200, 400, 800, 1600, 3200];

/**
 * The fallback tag knows no locks: of two that read the list and then put theirs, the later one takes away what the earlier has put. So nobody
 * puts a list on one that was read longer ago than this, and what was put is read back when all who had read the one before have put theirs.
 * Whose PUT takes longer looks at the tag meanwhile: what others had put and read back by then is put again after it.
 */
const freshMs = 300;
const lookMs = 200;
const settleMs = 800;

interface AttachmentOptions {
  /** A repository of the registry that has the empty configuration of artifacts. */
  readonly emptyAt?: string;
  /** Milliseconds from any point on. */
  readonly now?: () => number;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** What was put and not yet read back. */
interface Pending {
  readonly entries: readonly object[];
  readonly putAt: number;
}

/**
 * By the registry's own list of referrers where it has one, else by the fallback tag:
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
 */
export function openAttachments(registry: Registry, options: AttachmentOptions = {}): Attachments {
  const { emptyAt, now = () => performance.now(), wait = sleep } = options;
  const asked = new Map<string, Promise<readonly Referrer[] | undefined>>();
  const lists = new Map<string, { readonly at: number; readonly found: Manifest | undefined }>();
  const pending = new Map<string, Pending>();
  // The first answer of a host says whether it has such lists at all.
  const listed = async (repository: string, digest: string): Promise<readonly Referrer[] | undefined> => {
    const host = hostOf(repository);
    const first = asked.get(host);
    if (first !== undefined) return (await first) === undefined ? undefined : registry.referrers(repository, digest);
    const answer = registry.referrers(repository, digest);
    asked.set(host, answer);
    answer.catch(() => asked.delete(host));
    return answer;
  };
  const fallback = async (repository: string, digest: string): Promise<Manifest | undefined> => {
    const at = now();
    const found = await registry.manifest(repository, fallbackTag(digest));
    readFallback(repository, found);
    lists.set(`${repository}@${digest}`, { at, found });
    return found;
  };
  const recent = (repository: string, digest: string): Manifest | undefined | Promise<Manifest | undefined> => {
    const known = lists.get(`${repository}@${digest}`);
    return known !== undefined && now() - known.at <= freshMs ? known.found : fallback(repository, digest);
  };
  const hasEmpty = async (repository: string): Promise<boolean> =>
    emptyAt !== undefined &&
    (repository === emptyAt ||
      (hostOf(repository) === hostOf(emptyAt) &&
        (await registry.mountBlob(repository, digestOf(empty.bytes), emptyAt))));
  /** Adds to the list at the fallback tag. Gives what has to be read back: the entries, and those of others that this put over. */
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
    throw notListed(repository, digest, wanted, false);
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
    list: async (repository, digest) =>
      (await listed(repository, digest)) ?? readFallback(repository, await fallback(repository, digest)),
    read: async (repository, digest) => {
      const manifest = await registry.manifest(repository, digest);
      const layer = manifest && readManifest(manifest.bytes)?.layers[0];
      if (layer === undefined || layer.size > longestFile) return undefined;
      return { mediaType: layer.mediaType, bytes: await registry.blob(repository, layer.digest) };
    },
    put: async (repository, subject, files) => {
      const { digest, size, mediaType: type } = subject;
      const [isEmptyThere, ...layers] = await Promise.all([
        hasEmpty(repository),
        ...files.map(({ mediaType, bytes }) => registry.putBlob(repository, mediaType, bytes, true)),
      ]);
      if (!isEmptyThere) await registry.putBlob(repository, empty.mediaType, empty.bytes);
      const put: Manifest[] = [];
      const entries: object[] = [];
      for (const [index, { mediaType, annotations }] of files.entries()) {
        const artifact: Artifact = {
          artifactType: mediaType,
          layers: layers.slice(index, index + 1),
          annotations,
          subject: { mediaType: type, digest, size },
        };
        const what = `What is to be attached to ${repository}@${digest}`;
        const manifest = await putArtifactManifest(registry, repository, undefined, artifact, what);
        put.push(manifest);
        entries.push(entryOf(manifest, artifact));
      }
      const host = hostOf(repository);
      const hasList = (await (asked.get(host) ?? listed(repository, digest))) !== undefined;
      const all = hasList ? entries : await extend(repository, digest, entries);
      const before = pending.get(`${repository}@${digest}`)?.entries ?? [];
      pending.set(`${repository}@${digest}`, { entries: [...before, ...all], putAt: now() });
      return put.map(({ mediaType, digest: at, size: bytes }) => ({ mediaType, digest: at, size: bytes }));
    },
    confirm: async (repository, digest) => {
      const key = `${repository}@${digest}`;
      const waiting = pending.get(key);
      if (waiting === undefined) return;
      const { putAt } = waiting;
      let { entries } = waiting;
      for (let attempt = 0; ; attempt++) {
        const own = await listedAfter(attempt);
        const missing = lacking(entries, new Set(own.list.map((each) => each.digest)));
        if (missing.length === 0) break;
        if (own.isLast) throw notListed(repository, digest, missing, own.hasList);
        if (!own.hasList) {
          const put = await extend(repository, digest, missing);
          entries = [...entries, ...lacking(put, new Set(entries.map(digestIn)))];
        }
      }
      pending.delete(key);

      async function listedAfter(attempt: number): Promise<{
        readonly list: readonly Referrer[];
        readonly hasList: boolean;
        readonly isLast: boolean;
      }> {
        if ((await asked.get(hostOf(repository))) !== undefined) {
          await wait(waits[attempt] ?? 0);
          const list = (await registry.referrers(repository, digest)) ?? [];
          return { list, hasList: true, isLast: attempt + 1 >= waits.length };
        }
        await wait(Math.max(0, (attempt === 0 ? putAt : now()) + settleMs - now()));
        const list = readFallback(repository, await fallback(repository, digest));
        return { list, hasList: false, isLast: attempt + 1 >= attempts };
      }
    },
  };
}

function hostOf(repository: string): string {
  return repository.slice(0, repository.indexOf('/'));
}

function notListed(repository: string, digest: string, missing: readonly object[], hasList: boolean): PublishError {
  if (!hasList) {
    return new PublishError(
      `${repository}:${fallbackTag(digest)} was put ${attempts} times, but does not list what was attached. Another run may be attaching to ` +
        'the same image. Run again.',
    );
  }
  const which = missing.map((entry) => String(field(entry, 'digest'))).join(', ');
  return new PublishError(
    `${repository} took ${which}, attached to ${digest}, but does not list it. Run again; if it stays so, the registry has a fault.`,
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

const digestIn = (entry: object): unknown => field(entry, 'digest');

const lacking = (entries: readonly object[], there: ReadonlySet<unknown>): readonly object[] =>
  entries.filter((entry) => !there.has(digestIn(entry)));

/** An index of what is attached with some more entries; all others stay as they are. */
function withEntries(before: Manifest | undefined, added: readonly object[]): Uint8Array {
  const there = before === undefined ? [] : entriesOf(before.bytes);
  const manifests = [...there, ...lacking(added, new Set(there.map(digestIn)))];
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
}

/** As an index of referrers has it: its annotations are those of the manifest. */
function entryOf(put: Manifest, artifact: Artifact): object {
  const isImage = put.digest !== encodeArtifact(artifact, 'artifact').digest;
  return {
    ...describe(put.mediaType, put.bytes),
    // A registry that refuses it in a manifest may refuse it here too; the annotations say enough.
    ...(isImage ? {} : { artifactType: artifact.artifactType }),
    annotations: artifact.annotations,
  };
}
