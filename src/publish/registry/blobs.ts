import type { Descriptor } from '../../types';
import { isGood, type Caller, type Sent } from './caller';
import { digestOf, hasDigest } from './digest';
import type { Answer } from './exchange';
import { failed, Transient } from './failure';
import { pull, push } from './scopes';
import { isSafeUrl } from './target';

/** The bytes of a small blob, which have the digest. RegistryError when it is not there. */
export function getBlob(caller: Caller, digest: string): Promise<Uint8Array> {
  return caller.retrying(async () => {
    const maxBytes = caller.limits.blobBytes;
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

/** Uploads in one piece unless the blob is there: POST for a place, PUT of the bytes. A repetition starts with a new place. */
export function putBlob(caller: Caller, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
  const digest = digestOf(bytes);
  const descriptor = { mediaType, digest, size: bytes.length };
  const scopes = [push(caller.target.name)];
  return caller.retrying(async () => {
    if (await isThere(caller, digest)) return descriptor;
    const opened = await caller.send({ method: 'POST', at: 'blobs/uploads/', scopes });
    if (!isGood(opened)) throw caller.refused(opened);
    const stored = await caller.send({
      method: 'PUT',
      at: uploadUrl(caller, opened, digest),
      scopes,
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    });
    if (!isGood(stored)) throw uploadRefused(caller, stored);
    const named = stored.headers.get('docker-content-digest');
    if (named === null || hasDigest(bytes, named)) return descriptor;
    throw new Transient(failed(caller.task, `${stored.url.host} stored it under another digest`));
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

async function isThere(caller: Caller, digest: string): Promise<boolean> {
  const answer = await caller.send({ method: 'HEAD', at: `blobs/${digest}`, scopes: [pull(caller.target.name)] });
  if (answer.status === 404) return false;
  if (!isGood(answer)) throw caller.refused(answer);
  return true;
}

/** `Location` may be relative or absolute, and its query is the registry's own: only the digest is added behind it. */
function uploadUrl(caller: Caller, opened: Answer, digest: string): URL {
  const location = opened.headers.get('location') ?? '';
  if (location === '' || !URL.canParse(location, opened.url.href)) {
    throw failed(caller.task, `${caller.target.host} gave no place to upload to`);
  }
  const url = new URL(location, opened.url);
  const own = new URL(caller.target.origin);
  // A registry behind a proxy that ends TLS may not know that it is spoken to by https.
  if (url.host === own.host) url.protocol = own.protocol;
  if (!isSafeUrl(url) || (url.protocol === 'http:' && own.protocol !== 'http:')) {
    throw failed(
      caller.task,
      `${caller.target.host} wants the upload at ${url.protocol}//${url.host}, which is not https`,
    );
  }
  url.username = '';
  url.password = '';
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}

/** An upload's place can end before its bytes are there; then another is asked for. */
function uploadRefused(caller: Caller, answer: Answer): Error {
  const isLost = [404, 416].includes(answer.status);
  return isLost ? new Transient(caller.refusal(answer), { attempts: 3 }) : caller.refused(answer);
}
