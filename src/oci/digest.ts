import { createHash } from 'node:crypto';
import { isDigest } from './names';

/** Digest of bytes, `sha256:…`, or by the algorithm of `like` (a digest). */
export function digestOf(bytes: Uint8Array, like = 'sha256:'): string {
  const algorithm = like.startsWith('sha512:') ? 'sha512' : 'sha256';
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Have the bytes this digest? What is not a digest fits nothing. */
export function hasDigest(bytes: Uint8Array, digest: string): boolean {
  return isDigest(digest) && digestOf(bytes, digest) === digest;
}
