import type { RegistryError } from '../errors';
import type { Descriptor, Manifest } from '../types';
import { field, parseJson } from '../system/json';
import { isDigest } from './names';
import { isGood, type Caller } from './caller';
import { digestOf, hasDigest } from './digest';
import type { Answer } from './wire';
import { errorCodes, failed, Transient } from './failure';
import { pull, push, remove } from './scopes';
import { listTags } from './tags';

/** Everything that can be under a tag: https://github.com/opencontainers/image-spec/blob/main/media-types.md and Docker's forms. */
const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.artifact.manifest.v1+json',
].join(', ');

/** Attempts at a 404 that does not come from a registry's code but from something before it. */
const attemptsAtBare404 = 3;

/** Descriptor by HEAD; by GET where the registry's answer to HEAD is not complete. */
export async function headManifest(caller: Caller, reference: string): Promise<Descriptor | undefined> {
  const found = await caller.retrying(async () => {
    const answer = await caller.send({
      method: 'HEAD',
      at: `manifests/${reference}`,
      scopes: [pull(caller.target.name)],
      headers: { accept },
    });
    if (answer.status === 404 || (await isUnlisted(caller, answer, reference))) return 'absent';
    // Something on the way takes no HEAD.
    if (answer.status === 405 || answer.status === 501) return 'incomplete';
    if (!isGood(answer)) throw caller.refused(answer);
    // What is packed on its way has another length.
    if ((answer.headers.get('content-encoding') ?? 'identity') !== 'identity') return 'incomplete';
    const digest = answer.headers.get('docker-content-digest') ?? '';
    const size = Number(answer.headers.get('content-length') ?? '');
    const mediaType = mediaTypeOf(answer);
    if (!isDigest(digest) || !Number.isSafeInteger(size) || size <= 0 || mediaType === '') return 'incomplete';
    if (isDigest(reference) && reference !== digest) throw wrongDigest(caller, reference);
    return { mediaType, digest, size };
  });
  if (found === 'absent') return undefined;
  return found === 'incomplete' ? getManifest(caller, reference) : found;
}

/**
 * Is a tag that may not be read one that is not there? A virtual repository of Artifactory answers 403 in place of 404
 * (https://github.com/google/go-containerregistry/pull/1691). Who may list the tags and does not find it there may believe that.
 */
async function isUnlisted(caller: Caller, answer: Answer, reference: string): Promise<boolean> {
  if (answer.status !== 403 || isDigest(reference)) return false;
  return listTags(caller).then(
    (tags) => !tags.includes(reference),
    () => false,
  );
}

/**
 * The manifest's bytes, which have the digest that was asked for and that the registry named.
 * A 404 counts when it comes with an OCI error code; a bare one (a load balancer's, a proxy's) when it stays.
 */
export function getManifest(caller: Caller, reference: string): Promise<Manifest | undefined> {
  return caller.retrying(async (attempt) => {
    const answer = await fetchManifest(caller, reference);
    if (answer.status === 404) {
      if (errorCodes(answer).length > 0 || attempt >= attemptsAtBare404) return undefined;
      throw new Transient(caller.refusal(answer), { attempts: attemptsAtBare404 });
    }
    if (await isUnlisted(caller, answer, reference)) return undefined;
    if (!isGood(answer)) throw caller.refused(answer);
    const named = answer.headers.get('docker-content-digest');
    const asked = isDigest(reference) ? reference : undefined;
    const bytes = answer.body;
    const wrong = [asked, named ?? undefined].find((digest) => digest !== undefined && !hasDigest(bytes, digest));
    if (wrong !== undefined) throw wrongDigest(caller, wrong);
    // The manifest's own word on its type is covered by its digest, unlike the header.
    const declared = field(parseJson(bytes), 'mediaType');
    const mediaType = typeof declared === 'string' ? declared : mediaTypeOf(answer);
    return { mediaType, digest: asked ?? named ?? digestOf(bytes), size: bytes.length, bytes };
  });
}

/**
 * Puts a manifest. A repetition first looks whether the attempt before was carried out and only its answer got lost, then
 * asks `beforeRepeat` (which throws when the tag may not be moved any more). A refusal is none when the reference already
 * is at these bytes, as with an immutable tag.
 */
export function putManifest(
  caller: Caller,
  reference: string,
  mediaType: string,
  bytes: Uint8Array,
  beforeRepeat?: () => Promise<void>,
): Promise<Descriptor> {
  const digest = digestOf(bytes, isDigest(reference) ? reference : undefined);
  const descriptor = { mediaType, digest, size: bytes.length };
  if (isDigest(reference) && reference !== digest) {
    throw failed(caller.task, `the manifest's digest is ${digest}`);
  }
  return caller.retrying(async (attempt) => {
    if (attempt > 1) {
      if (await standsAt(caller, reference, digest)) return descriptor;
      await beforeRepeat?.();
    }
    const answer = await caller.send({
      method: 'PUT',
      at: `manifests/${reference}`,
      scopes: [push(caller.target.name)],
      headers: { 'content-type': mediaType },
      body: bytes,
    });
    if (!isGood(answer)) {
      const refusal = caller.refused(answer);
      if (refusal instanceof Transient) throw refusal;
      if (await standsAt(caller, reference, digest).catch(() => false)) return descriptor;
      throw refusal;
    }
    const stored = answer.headers.get('docker-content-digest');
    if (stored !== null && !hasDigest(bytes, stored)) throw wrongDigest(caller, stored);
    return descriptor;
  });
}

/** False: was not there. A 404 to a repetition means that the attempt before was carried out. */
export function deleteManifest(caller: Caller, reference: string): Promise<boolean> {
  return caller.retrying(async (attempt) => {
    const answer = await caller.send({
      method: 'DELETE',
      at: `manifests/${reference}`,
      scopes: [remove(caller.target.name)],
    });
    if (answer.status === 404) return attempt > 1;
    if (!isGood(answer)) throw caller.refused(answer);
    return true;
  });
}

async function standsAt(caller: Caller, reference: string, digest: string): Promise<boolean> {
  const answer = await fetchManifest(caller, reference);
  if (answer.status === 404) return false;
  if (!isGood(answer)) throw caller.refused(answer);
  return hasDigest(answer.body, digest);
}

function fetchManifest(caller: Caller, reference: string): Promise<Answer> {
  return caller.send({
    method: 'GET',
    at: `manifests/${reference}`,
    scopes: [pull(caller.target.name)],
    headers: { accept },
    maxBytes: caller.limits.manifestBytes,
  });
}

function wrongDigest(caller: Caller, digest: string): Transient {
  const { host } = caller.target;
  const shown = isDigest(digest) ? digest : 'something that is not a digest';
  const error: RegistryError = failed(
    caller.task,
    `${host} gave bytes and digest that do not belong together (${shown})`,
  );
  return new Transient(error);
}

function mediaTypeOf(answer: Answer): string {
  return (answer.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
}
