import type { Manifest, Registry } from '../../types';
import { relationOf, type IsAncestor, type Relation } from '../ancestry';
import { isCommit } from '../lockFile';
import { readManifest } from '../manifest';
import { openSet, type StoredSet } from '../setArtifact';
import { together } from '../together';
import { digestAt, type Pointer } from './pointers';

/** At which commit something stands, and how that relates to another commit. */
export interface Placed {
  readonly relation: Relation;
  readonly commit: string | undefined;
}

/** Configs are small; a huge one is not read for a label. */
const longestConfig = 4 * 2 ** 20;

/**
 * At which commit does what a `latest` names stand, and how does that relate to `ours`?
 *
 * 1. The set: its lock file says.
 * 2. An image: the set that `latest` names, where that has the very image.
 * 3. Else (the newest set has not this image; a run died half way) the image's label `org.opencontainers.image.revision`. An image that was
 *    reused has the label of the commit that built it, which may lie on a merged branch or before a revert. So where the label does not
 *    settle it, or a newer set is known to be published, every commit whose tag names the image counts too, and the newest decides.
 */
export async function placed(
  ports: { readonly registry: Registry; readonly isAncestor: IsAncestor },
  pointer: Pointer,
  manifest: Manifest,
  standing: StoredSet | undefined,
  ours: string,
): Promise<Placed> {
  const { registry, isAncestor } = ports;
  const seen = async (commit: string | undefined): Promise<Placed> => ({
    relation: await relationOf(isAncestor, commit, ours),
    commit,
  });
  if (pointer.image === undefined) {
    const set = standing?.digest === manifest.digest ? standing : await openSet(registry, pointer.repository, manifest);
    return seen(set === 'other' ? undefined : set.lock.commit);
  }
  if (standing !== undefined && digestAt(standing, pointer) === manifest.digest) return seen(standing.lock.commit);
  const label = await seen(await revisionLabel(registry, pointer.repository, manifest));
  if (label.relation === 'newer') return label;
  const isSettled = label.relation === 'older' || label.relation === 'same';
  const newest = standing === undefined ? undefined : await relationOf(isAncestor, standing.lock.commit, ours);
  if (isSettled && newest !== 'newer') return label;
  const commits = await taggedCommits(registry, pointer.repository, manifest.digest);
  const others = await together(commits, seen);
  return (
    others.find(({ relation }) => relation === 'newer') ??
    (isSettled ? label : (others.find(({ relation }) => relation === 'older' || relation === 'same') ?? label))
  );
}

/** The commit that an image says it was built from: https://github.com/opencontainers/image-spec/blob/main/annotations.md */
export async function revisionLabel(
  registry: Registry,
  repository: string,
  manifest: Manifest,
): Promise<string | undefined> {
  const content = readManifest(manifest.bytes);
  const child = content?.children.find(({ isPlatform }) => isPlatform);
  const one = child === undefined ? manifest : await registry.manifest(repository, child.digest);
  const config = one === undefined ? undefined : readManifest(one.bytes)?.config;
  if (config === undefined || config.size > longestConfig || !(await registry.hasBlob(repository, config.digest))) {
    return undefined;
  }
  const bytes = await registry.blob(repository, config.digest);
  try {
    const { config: own } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
      config?: { Labels?: Record<string, unknown> | null };
    };
    const label = own?.Labels?.['org.opencontainers.image.revision'];
    return isCommit(label) ? label : undefined;
  } catch {
    return undefined;
  }
}

/** Commits whose tag in the image's repository names the digest. */
async function taggedCommits(registry: Registry, repository: string, digest: string): Promise<readonly string[]> {
  const tags = await registry.tags(repository);
  const found = await together(tags, async (tag) => {
    const commit = /^commit-(.*)$/.exec(tag)?.[1];
    if (!isCommit(commit)) return [];
    const there = await registry.head(repository, tag);
    return there?.digest === digest ? [commit] : [];
  });
  return found.flat();
}
