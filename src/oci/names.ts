import { bounds } from '../system/bounds';
import { createHash } from 'node:crypto';

/**
 * The grammar of names, tags and digests.
 * Sources: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 * and https://pkg.go.dev/github.com/distribution/reference
 */
const pathComponent = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tag = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const digest = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;
const hostComponent = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** Longest full name (host and path) that clients of Distribution accept. */
export const longestName = bounds.name.fullName;

/** Longest tag by the OCI grammar. */
const longestTag = bounds.name.tag;

/** One part of a repository's path, `kfp-images` of `p/r/kfp-images`? */
export function isPathComponent(text: string): boolean {
  return pathComponent.test(text);
}

/** A tag by the OCI grammar: 1 to 128 of letters, digits, `_`, `.`, `-`, not starting with `.` or `-`. */
export function isTag(text: string): boolean {
  return tag.test(text);
}

/** `sha256:` and 64, or `sha512:` and 128 lower case hex digits. */
export function isDigest(text: string): boolean {
  return digest.test(text);
}

/** `name`, `name:port` or `[IPv6]:port`, in small letters. */
export function isHost(text: string): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:]+)(?::([0-9]{1,5}))?$/.exec(text);
  const name = match?.[1];
  if (name === undefined || Number(match?.[2] ?? 1) > 65_535) return false;
  return name.startsWith('[') || name.split('.').every((part) => hostComponent.test(part));
}

/**
 * Is this host (`name[:port]`) this very machine: 127.0.0.0/8, ::1 or localhost? Only there is plain http spoken,
 * as Docker does: https://docs.docker.com/reference/cli/dockerd/#insecure-registries
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/:[0-9]+$/, '');
  return name === 'localhost' || name === '[::1]' || /^127(?:\.[0-9]{1,3}){3}$/.test(name);
}

/**
 * Makes a tag of any text, for `{{branch}}`: `feature/x` becomes `feature-x`. What is not allowed in a tag becomes one `-`;
 * longer than 128 characters, or nothing left: the end is a piece of the text's sha256, so that two names stay two tags.
 */
export function toTag(text: string): string {
  const plain = text
    .slice(0, 4096)
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .replace(/[.-]+$/, '');
  if (plain !== '' && plain.length <= longestTag) return plain;
  const mark = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `${plain === '' ? 'branch' : plain.slice(0, longestTag - 13)}-${mark}`;
}
