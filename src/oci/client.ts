import { UsageError } from '../errors';
import type { Log, Registry } from '../types';
import type { Login } from './login';
import { noHosts, type RegistryHosts } from './hosts';
import { isDigest } from './names';
import { checkPush, getBlob, hasBlob, mountBlob, putBlob, putFile } from './blobs';
import { callerOf, checkReference, named, type Caller } from './caller';
import { defaultLimits, type Limits } from './limits';
import { deleteManifest, getManifest, headManifest, putManifest } from './manifests';
import type { Patience } from './retry';
import { nothingLearned, Session, type Learned } from './session';
import { listReferrers } from './referrers';
import { listTags } from './tags';
import { targetOf } from './target';

/** What the client needs of the run. */
export interface RegistryOptions {
  /** The login for a host, asked for right before each use; undefined: none is had, try without. */
  readonly login: (host: string) => Promise<Login | undefined>;
  /** One line for each repetition. */
  readonly log: Log;
  /** Called with every token and login before it is sent, so that it can be masked. */
  readonly onSecret?: (secret: string) => void;
  /** Ends everything under way; calls then throw its reason. */
  readonly signal?: AbortSignal;
  readonly limits?: Partial<Limits>;
  readonly hosts?: RegistryHosts;
  /** Shared by clients with the same logins: what one of them has learned, the others need not. */
  readonly learned?: Learned;
}

/** A client for any number of registries by the OCI distribution protocol. Holds connections and tokens, nothing on disk. */
export function createRegistry(options: RegistryOptions): Registry {
  const { log, signal, login, onSecret = () => undefined, hosts = noHosts, learned = nothingLearned() } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const patience: Patience = { limits, log, signal };
  const session = new Session({ limits, signal, login, onSecret, hosts, learned });
  const caller = (repository: string, doing: string): Caller => callerOf(session, patience, repository, doing);
  const on = (repository: string, reference: string, doing: string): Caller => {
    checkReference(reference);
    return caller(repository, `${doing} ${named(repository, reference)}`);
  };
  const blob = (repository: string, digest: string, doing: string): Caller => {
    if (!isDigest(digest)) throw new UsageError(`${JSON.stringify(digest.slice(0, 150))} is not a digest (sha256:…).`);
    return caller(repository, `${doing} the blob ${named(repository, digest)}`);
  };
  return {
    head: async (repository, reference) => headManifest(on(repository, reference, 'looking for'), reference),
    manifest: async (repository, reference) => getManifest(on(repository, reference, 'reading'), reference),
    putManifest: async (repository, reference, mediaType, bytes, beforeRepeat) =>
      putManifest(on(repository, reference, 'writing'), reference, mediaType, bytes, beforeRepeat),
    blob: async (repository, digest, maxBytes) => getBlob(blob(repository, digest, 'reading'), digest, maxBytes),
    hasBlob: async (repository, digest) => hasBlob(blob(repository, digest, 'looking for'), digest),
    putBlob: async (repository, mediaType, bytes, isNew) =>
      putBlob(caller(repository, `uploading a blob to ${repository}`), mediaType, bytes, isNew),
    putFile: async (repository, descriptor, path) =>
      putFile(blob(repository, descriptor.digest, 'uploading'), descriptor, path),
    checkPush: async (repository) => checkPush(caller(repository, `uploading to ${repository}`)),
    mountBlob: async (repository, digest, from) => {
      const [to, source] = [blob(repository, digest, 'mounting'), targetOf(from, hosts)];
      // Only within one registry; across two the bytes have to travel.
      return to.target.origin === source.origin && mountBlob(to, digest, source.name);
    },
    tags: async (repository) => listTags(caller(repository, `listing the tags of ${repository}`)),
    referrers: async (repository, digest) =>
      listReferrers(on(repository, digest, 'listing what is attached to'), digest),
    deleteManifest: async (repository, reference) => deleteManifest(on(repository, reference, 'deleting'), reference),
  };
}
