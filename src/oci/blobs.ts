import { openAsBlob } from 'node:fs';
import type { Descriptor } from '../types';
import { isGood, type Caller, type Sent } from './caller';
import { digestOf, hasDigest } from './digest';
import type { Answer } from './wire';
import { failed, Transient } from './failure';
import { pull, push } from './scopes';
import { asSpoken, isSafeUrl } from './target';

/** The bytes of a blob, which have the digest. RegistryError when it is not there. */
export function getBlob(
  caller: Caller,
  digest: string,
  maxBytes: number = caller.limits.blobBytes,
): Promise<Uint8Array> {
  return caller.retrying(async () => {
    const answer = await caller.send({
      method: 'GET',
      at: `blobs/${digest}`,
      scopes: [pull(caller.target.name)],
      maxBytes,
    });
    if (!isGood(answer)) throw caller.refused(answer);
    if (hasDigest(answer.body, digest)) return answer.body;
    throw new Transient(failed(caller.task, `${answer.url.host} gave bytes of another digest`));
  });
}

export function hasBlob(caller: Caller, digest: string): Promise<boolean> {
  return caller.retrying(() => isThere(caller, digest));
}

export function putBlob(caller: Caller, mediaType: string, bytes: Uint8Array, isNew = false): Promise<Descriptor> {
  return upload(caller, { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes, isNew);
}

/** Uploads a file, which is read as it is sent. `descriptor`: what its bytes are known to be; the registry checks that. */
export async function putFile(caller: Caller, descriptor: Descriptor, path: string): Promise<Descriptor> {
  return upload(caller, descriptor, await openAsBlob(path));
}

/** Uploads in one piece unless the blob is there: POST for a place, PUT of the bytes. A repetition starts with a new place. */
function upload(caller: Caller, descriptor: Descriptor, body: Uint8Array | Blob, isNew = false): Promise<Descriptor> {
  const { digest } = descriptor;
  const scopes = [push(caller.target.name)];
  return caller.retrying(async (attempt) => {
    if ((!isNew || attempt > 1) && (await isThere(caller, digest))) return descriptor;
    const opened = await caller.send({ method: 'POST', at: 'blobs/uploads/', scopes });
    if (!isGood(opened)) throw caller.refused(opened);
    const stored = await caller.send({
      method: 'PUT',
      at: uploadUrl(caller, opened, `digest=${encodeURIComponent(digest)}`),
      scopes,
      headers: { 'content-type': 'application/octet-stream' },
      body,
    });
    if (!isGood(stored)) throw uploadRefused(caller, stored);
    const named = stored.headers.get('docker-content-digest');
    if (named === null || isDigestOf(named, descriptor, body)) return descriptor;
    throw new Transient(failed(caller.task, `${stored.url.host} stored it under another digest`));
  });
}

/**
 * May we push? Opens an upload and cancels it: that needs the right in any case, where a blob that is there already is not uploaded again.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export function checkPush(caller: Caller): Promise<void> {
  const scopes = [push(caller.target.name)];
  return caller.retrying(async () => {
    const opened = await caller.send({ method: 'POST', at: 'blobs/uploads/', scopes });
    if (!isGood(opened)) throw caller.refused(opened);
    // Registries drop what is not finished, some without a word for it.
    await caller.send({ method: 'DELETE', at: uploadUrl(caller, opened, ''), scopes }).catch(() => undefined);
  });
}

/**
 * Takes a blob over from another repository of the same registry. False: it has to be uploaded, be it that the registry
 * wants to or that we may not read there: the upload's own answer is the one that tells.
 */
export function mountBlob(caller: Caller, digest: string, from: string): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from });
  const sent: Sent = {
    method: 'POST',
    at: `blobs/uploads/?${query.toString()}`,
    scopes: [push(caller.target.name), pull(from)],
  };
  return caller.retrying(async () => {
    const answer = await caller.send(sent);
    if (isGood(answer)) return answer.status === 201;
    if ([400, 403, 404, 405].includes(answer.status)) return false;
    throw caller.refused(answer);
  });
}

/** Registries may name what they took by another algorithm. */
function isDigestOf(named: string, { digest }: Descriptor, body: Uint8Array | Blob): boolean {
  return named === digest || (body instanceof Uint8Array && hasDigest(body, named));
}

async function isThere(caller: Caller, digest: string): Promise<boolean> {
  const answer = await caller.send({ method: 'HEAD', at: `blobs/${digest}`, scopes: [pull(caller.target.name)] });
  if (answer.status === 404) return false;
  // Sent to storage where only a GET is allowed: the registry sends nobody there for what it does not have.
  if (answer.url.origin !== caller.target.origin && [400, 403, 405, 501].includes(answer.status)) return true;
  if (!isGood(answer)) throw caller.refused(answer);
  return true;
}

/** `Location` may be relative or absolute, and its query is the registry's own: ours is added behind it. */
function uploadUrl(caller: Caller, opened: Answer, query: string): URL {
  const location = opened.headers.get('location') ?? '';
  if (location === '' || !URL.canParse(location, opened.url.href)) {
    throw failed(caller.task, `${caller.target.host} gave no place to upload to`);
  }
  const { origin } = caller.target;
  const url = asSpoken(new URL(location, opened.url), origin);
  if (!isSafeUrl(url, caller.hosts) || (url.protocol === 'http:' && !origin.startsWith('http:'))) {
    throw failed(
      caller.task,
      `${caller.target.host} wants the upload at ${url.protocol}//${url.host}, which is not https`,
    );
  }
  url.username = '';
  url.password = '';
  if (query !== '') url.search = `${url.search === '' ? '?' : `${url.search}&`}${query}`;
  return url;
}

/** An upload's place can end before its bytes are there; then another is asked for. */
function uploadRefused(caller: Caller, answer: Answer): Error {
  const isLost = [404, 416].includes(answer.status);
  return isLost ? new Transient(caller.refusal(answer), { attempts: 3 }) : caller.refused(answer);
}
