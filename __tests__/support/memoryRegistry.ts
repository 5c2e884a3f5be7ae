import { readFileSync } from 'node:fs';
import { RegistryError } from '../../src/errors';
import { digestOf } from '../../src/oci/digest';
import { readManifest } from '../../src/oci/manifest';
import type { Descriptor, Manifest, Registry } from '../../src/types';

/** One call of the port. `reference` is a tag or digest, or empty. */
export interface Operation {
  readonly name: keyof Registry;
  readonly repository: string;
  readonly reference: string;
}

export interface MemoryOptions {
  /** Whether tags can be deleted. Distribution 2.8 can't. */
  readonly deletesTags?: boolean;
  /** Tags that exist can't be moved. */
  readonly immutable?: boolean;
  /** What a moved or deleted tag named is deleted when no other tag names it, as zot and Gitea do. */
  readonly onlyTagged?: boolean;
  /** With that: what was put by its digest stays, and the parts of what goes go too, as with Gitea. */
  readonly partsGo?: boolean;
  /** Lists what is attached to a digest, as registries of OCI 1.1 do. */
  readonly listsReferrers?: boolean;
  /** Refuses manifests that are not plain images, as registries from before OCI 1.1 may. */
  readonly imagesOnly?: boolean;
}

/** What a memory registry holds, open to tests. */
export class Storage {
  readonly manifests = new Map<string, Manifest>();
  readonly blobs = new Map<string, Uint8Array>();
  /** `REPOSITORY@DIGEST` of what was put by its digest. */
  readonly byDigest = new Set<string>();
  /** `REPOSITORY:TAG` → digest. */
  readonly tags = new Map<string, string>();
  readonly options: MemoryOptions;

  constructor(options: MemoryOptions = {}) {
    this.options = options;
  }

  /** `REPOSITORY:TAG`, sorted, with what each names. For comparing. */
  snapshot(): readonly string[] {
    return [...this.tags].map(([name, digest]) => `${name} ${digest}`).sort();
  }
}

/**
 * The port in memory, for pure tests of what is built on it: every answer is the registry's, at once and without retries.
 * `before` is awaited before a call takes effect, `after` before its answer is given.
 */
export function memoryRegistry(
  storage: Storage,
  hooks: {
    readonly before?: (operation: Operation) => Promise<void>;
    readonly after?: (operation: Operation) => Promise<void>;
  } = {},
): Registry {
  const call = async <Result>(operation: Operation, work: () => Result): Promise<Result> => {
    await hooks.before?.(operation);
    const result = work();
    await hooks.after?.(operation);
    return result;
  };
  const find = (repository: string, reference: string): Manifest | undefined => {
    const digest = reference.startsWith('sha256:') ? reference : storage.tags.get(`${repository}:${reference}`);
    return digest === undefined ? undefined : storage.manifests.get(`${repository}@${digest}`);
  };
  const { options } = storage;
  const dropUntagged = (repository: string, digest: string): void => {
    const isNamed = [...storage.tags].some(([name, at]) => name.startsWith(`${repository}:`) && at === digest);
    const stays = options.partsGo === true && storage.byDigest.has(`${repository}@${digest}`);
    if (options.onlyTagged !== true || isNamed || stays) return;
    const gone = storage.manifests.get(`${repository}@${digest}`);
    storage.manifests.delete(`${repository}@${digest}`);
    if (options.partsGo !== true || gone === undefined) return;
    const needed = [...storage.manifests].flatMap(([name, { bytes }]) =>
      name.startsWith(`${repository}@`) ? partsOf(bytes) : [],
    );
    for (const part of partsOf(gone.bytes)) if (!needed.includes(part)) storage.blobs.delete(`${repository}@${part}`);
  };
  return {
    head: (repository, reference) =>
      call({ name: 'head', repository, reference }, (): Descriptor | undefined => {
        const found = find(repository, reference);
        return found && { mediaType: found.mediaType, digest: found.digest, size: found.size };
      }),
    manifest: (repository, reference) =>
      call({ name: 'manifest', repository, reference }, () => find(repository, reference)),
    putManifest: (repository, reference, mediaType, bytes) =>
      call({ name: 'putManifest', repository, reference }, () => {
        const digest = digestOf(bytes);
        if (options.imagesOnly === true && Buffer.from(bytes).toString('utf8').includes('"artifactType"')) {
          throw new RegistryError('manifest invalid', { status: 400, codes: ['MANIFEST_INVALID'] });
        }
        const isTag = !reference.startsWith('sha256:');
        const taken = storage.tags.get(`${repository}:${reference}`);
        if (isTag && options.immutable === true && taken !== undefined && taken !== digest) {
          const text = `manifest invalid: cannot update tag ${reference}. The repository has enabled tag immutability`;
          throw new RegistryError(text, { status: 400, codes: ['MANIFEST_INVALID'] });
        }
        if (options.partsGo === true && partsOf(bytes).some((part) => !storage.blobs.has(`${repository}@${part}`)))
          throw new RegistryError('blob unknown', { status: 404, codes: ['BLOB_UNKNOWN'] });
        if (!isTag) storage.byDigest.add(`${repository}@${digest}`);
        storage.manifests.set(`${repository}@${digest}`, { mediaType, digest, size: bytes.length, bytes });
        if (isTag) storage.tags.set(`${repository}:${reference}`, digest);
        if (isTag && taken !== undefined) dropUntagged(repository, taken);
        return { mediaType, digest, size: bytes.length };
      }),
    blob: (repository, digest) =>
      call({ name: 'blob', repository, reference: digest }, () => {
        const found = storage.blobs.get(`${repository}@${digest}`);
        if (found === undefined) throw new RegistryError('blob unknown', { status: 404, codes: ['BLOB_UNKNOWN'] });
        return found;
      }),
    hasBlob: (repository, digest) =>
      call({ name: 'hasBlob', repository, reference: digest }, () => storage.blobs.has(`${repository}@${digest}`)),
    putBlob: (repository, mediaType, bytes) =>
      call({ name: 'putBlob', repository, reference: '' }, () => {
        const digest = digestOf(bytes);
        storage.blobs.set(`${repository}@${digest}`, bytes);
        return { mediaType, digest, size: bytes.length };
      }),
    putFile: (repository, descriptor, path) =>
      call({ name: 'putBlob', repository, reference: '' }, () => {
        storage.blobs.set(`${repository}@${descriptor.digest}`, readFileSync(path));
        return descriptor;
      }),
    checkPush: (repository) => call({ name: 'checkPush', repository, reference: '' }, () => undefined),
    mountBlob: (repository, digest, from) =>
      call({ name: 'mountBlob', repository, reference: digest }, () => {
        const found = storage.blobs.get(`${from}@${digest}`);
        if (found !== undefined) storage.blobs.set(`${repository}@${digest}`, found);
        return found !== undefined;
      }),
    tags: (repository) =>
      call({ name: 'tags', repository, reference: '' }, () =>
        [...storage.tags.keys()].flatMap((name) =>
          name.startsWith(`${repository}:`) ? [name.slice(repository.length + 1)] : [],
        ),
      ),
    referrers: (repository, digest) =>
      call({ name: 'referrers', repository, reference: digest }, () => {
        if (options.listsReferrers !== true) return undefined;
        const there = [...storage.manifests].filter(([name]) => name.startsWith(`${repository}@`));
        return there.flatMap(([, { bytes, ...found }]) => {
          const {
            subject,
            artifactType,
            annotations = {},
          } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
            readonly subject?: Descriptor;
            readonly artifactType?: string;
            readonly annotations?: Readonly<Record<string, string>>;
          };
          const { mediaType, size } = found;
          return subject?.digest === digest
            ? [{ mediaType, size, digest: found.digest, artifactType, annotations }]
            : [];
        });
      }),
    deleteManifest: (repository, reference) =>
      call({ name: 'deleteManifest', repository, reference }, () => {
        if (options.deletesTags === false && !reference.startsWith('sha256:')) {
          throw new RegistryError('unsupported', { status: 405, codes: ['UNSUPPORTED'] });
        }
        if (!reference.startsWith('sha256:')) {
          const named = storage.tags.get(`${repository}:${reference}`);
          const wasThere = storage.tags.delete(`${repository}:${reference}`);
          if (named !== undefined) dropUntagged(repository, named);
          return wasThere;
        }
        for (const [name, digest] of storage.tags) {
          if (name.startsWith(`${repository}:`) && digest === reference) storage.tags.delete(name);
        }
        return storage.manifests.delete(`${repository}@${reference}`);
      }),
  };
}

function partsOf(manifest: Uint8Array): readonly string[] {
  const { config, layers = [] } = readManifest(manifest) ?? {};
  return [...(config === undefined ? [] : [config]), ...layers].map(({ digest }) => digest);
}
