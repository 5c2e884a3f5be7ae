import type { StoredRepository } from './inventory';

/** `sha256:…` of the image that a tag such as `sha256-….sig` belongs to: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema */
export function subjectOf(tag: string): string | undefined {
  const hex = /^sha256-([0-9a-f]{64})(?:\.[a-z]{1,20})?$/.exec(tag)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** What is attached to something that is not here: nothing says that it may go. */
export function orphanReferrers(repository: StoredRepository): readonly string[] {
  return [...repository.tags].flatMap(([tag, digest]) => {
    const subject = subjectOf(tag);
    return subject !== undefined && !repository.manifests.has(subject) ? [digest] : [];
  });
}

/**
 * Everything that roots lead to: an index to its parts, an image to what is attached to it; and unless `down` something attached to what it
 * is attached to.
 */
export function reach(
  repository: StoredRepository,
  roots: readonly string[],
  direction: 'down' | 'both' = 'both',
): ReadonlySet<string> {
  const attached = new Map<string, string[]>();
  const attach = (to: string, digest: string): void => void attached.set(to, [...(attached.get(to) ?? []), digest]);
  for (const { digest, subject } of repository.manifests.values()) if (subject !== undefined) attach(subject, digest);
  for (const [tag, digest] of repository.tags) {
    const subject = subjectOf(tag);
    if (subject !== undefined) attach(subject, digest);
  }
  const reached = new Set<string>();
  const open = [...roots];
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (reached.has(digest)) continue;
    reached.add(digest);
    const manifest = repository.manifests.get(digest);
    open.push(...(manifest?.children ?? []), ...(attached.get(digest) ?? []));
    if (direction === 'both' && manifest?.subject !== undefined) open.push(manifest.subject);
  }
  return reached;
}
