import { PublishError } from '../errors';
import { field } from '../system/json';
import type { Descriptor, Manifest, Referrer, Registry } from '../types';
import { describe, empty, encodeArtifact, putArtifactManifest, type Artifact } from './artifact';
import { digestOf } from './digest';
import { readManifest } from './manifest';
import {
  attempts,
  digestIn,
  lacking,
  notAtFallback,
  openFallbackLists,
  settleMs,
  systemClock,
  type Clock,
} from './fallbackLists';

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

/** Statements are small; an SBOM has some megabytes. */
const longestFile = 12 * 2 ** 20;

/** How long a registry may take to list what it took: milliseconds, doubling. */
const waits = [0, 100, 200, 400, 800, 1600, 3200];

interface AttachmentOptions extends Partial<Clock> {
  /** A repository of the registry that has the empty configuration of artifacts. */
  readonly emptyAt?: string;
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
  const { emptyAt, now = systemClock.now, wait = systemClock.wait } = options;
  const fallback = openFallbackLists(registry, { now, wait });
  const asked = new Map<string, Promise<readonly Referrer[] | undefined>>();
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
  const hasEmpty = async (repository: string): Promise<boolean> =>
    emptyAt !== undefined &&
    (repository === emptyAt ||
      (hostOf(repository) === hostOf(emptyAt) &&
        (await registry.mountBlob(repository, digestOf(empty.bytes), emptyAt))));
  return {
    list: async (repository, digest) => (await listed(repository, digest)) ?? (await fallback.read(repository, digest)),
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
      const all = hasList ? entries : await fallback.extend(repository, digest, entries);
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
        if (own.isLast) throw own.hasList ? notListed(repository, digest, missing) : notAtFallback(repository, digest);
        if (!own.hasList) {
          const put = await fallback.extend(repository, digest, missing);
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
        const list = await fallback.read(repository, digest);
        return { list, hasList: false, isLast: attempt + 1 >= attempts };
      }
    },
  };
}

function hostOf(repository: string): string {
  return repository.slice(0, repository.indexOf('/'));
}

function notListed(repository: string, digest: string, missing: readonly object[]): PublishError {
  const which = missing.map((entry) => String(field(entry, 'digest'))).join(', ');
  return new PublishError(
    `${repository} took ${which}, attached to ${digest}, but does not list it. Run again; if it stays so, the registry has a fault.`,
  );
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
