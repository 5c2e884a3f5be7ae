import { randomBytes } from 'node:crypto';
import { UsageError } from '../errors';
import { quoted } from '../system/quoted';
import { expandTemplate, placeholders } from '../system/template';
import { isCommit } from './lockFile';

/*
 * Every tag that a publication puts, with its form, is made and read here and nowhere else: what is not in this list was put by others, and
 * prune lets it hold what it names.
 */

/** Moves last, and only forwards. */
export const latestTag = 'latest';

/** Tag of an image before binding: the content key's first 40 digits. */
export function keyTag(key: string): string {
  return `key-${key.slice(0, 40)}`;
}

/**
 * A mark for what is rebuilt on several runners: with it the run that publishes tells what they made from what the registry had of the same
 * content. It begins with the second of its making, so that prune knows when nobody looks for it any more.
 */
export function rebuildMark(now: number): string {
  return `${Math.floor(now / 1000)}-${randomBytes(4).toString('hex')}`;
}

/** Tag of an image that was rebuilt under a mark. */
export function rebuildTag(mark: string, key: string): string {
  return `rebuild-${mark}-${key.slice(0, 40)}`;
}

/**
 * Holds for some weeks what was built of a content and lost the tag of its key to another run's build: runs under way may have found it there.
 * The same within an hour, however often it is put.
 */
export function passingTag(digest: string, now: number): string {
  const hex = digest.slice('sha256:'.length);
  return rebuildTag(`${Math.floor(now / 3_600_000) * 3600}-${hex.slice(0, 8)}`, hex);
}

/**
 * No run that began longer ago looks for what it built: milliseconds. A run of GitHub's can be repeated for 30 days.
 * https://docs.github.com/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs
 */
export const longestRun = 31 * 24 * 3_600_000;

/** A tag of a rebuild that no run looks for any more. */
export function isOldRebuild(tag: string, now: number): boolean {
  const own = ownTag(tag);
  return own?.kind === 'rebuild' && now - own.madeAt > longestRun;
}

/** Tag of a commit's images, and of its set. */
export function commitTag(commit: string): string {
  return `commit-${commit}`;
}

/**
 * Holds an image, or a set, that a lock file of this commit named before the commit was published again: some registries delete what no tag
 * names at once.
 */
export function keepTag(digest: string): string {
  return `keep-${digest.slice('sha256:'.length)}`;
}

/**
 * A note beside the sets of what the last build of an image took, for one platform or all of its own. Names have 128 characters at most, and so
 * have tags: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export function tookTag(image: string, platform: string | undefined): string {
  return `took-${image}${platform === undefined ? '' : `-${platform.replaceAll('/', '-')}`}`.slice(0, 128);
}

/** A note beside the sets of the content keys that no set names, see prune/unnamed.ts. */
export const unnamedTag = 'unnamed';

/** A run's announcement that its set is to become `latest`, see promotion/announcements.ts. */
export function candidateTag(announcedAt: number, commit: string, override: boolean): string {
  return `candidate-${announcedAt}-${commit}${override ? '-override' : ''}`;
}

/** A tag of our own, read. */
type OwnTag =
  | { readonly kind: 'latest' | 'key' | 'keep' }
  | { readonly kind: 'commit'; readonly commit: string }
  | { readonly kind: 'rebuild'; readonly madeAt: number }
  | { readonly kind: 'candidate'; readonly commit: string; readonly announcedAt: number; readonly override: boolean };

/** undefined: a tag that others put. */
export function ownTag(tag: string): OwnTag | undefined {
  if (tag === latestTag) return { kind: 'latest' };
  if (/^key-[0-9a-f]{40}$/.test(tag)) return { kind: 'key' };
  if (/^keep-[0-9a-f]{64}$/.test(tag)) return { kind: 'keep' };
  const seconds = /^rebuild-([0-9]{1,12})-[0-9a-f]{8}-[0-9a-f]{40}$/.exec(tag)?.[1];
  if (seconds !== undefined) return { kind: 'rebuild', madeAt: Number(seconds) * 1000 };
  const commit = /^commit-(.*)$/.exec(tag)?.[1];
  if (commit !== undefined) return isCommit(commit) ? { kind: 'commit', commit } : undefined;
  const [, time = '', candidate, override] = /^candidate-([0-9]{1,16})-([0-9a-f]{40,64})(-override)?$/.exec(tag) ?? [];
  if (!isCommit(candidate)) return undefined;
  return { kind: 'candidate', commit: candidate, announcedAt: Number(time), override: override !== undefined };
}

/**
 * Moving takes seconds and is given up after `longestMove`; clocks of runners agree within minutes. So who announced earlier than
 * `announcementWindow` ago is done or dead, and what it achieved is read from the tags themselves. Who announced later than that from now has a
 * clock that can't be used, and is not waited for until its time has come.
 */
export const longestMove = 20 * 60_000;
const announcementWindow = 2 * 60 * 60_000;

/** Does an announcement still count? `now`: milliseconds since the epoch. */
export function isRecent({ announcedAt }: { readonly announcedAt: number }, now: number): boolean {
  return Math.abs(announcedAt - now) <= announcementWindow;
}

/** Where the sets of a registry path are. */
export function setRepository(registryPath: string): string {
  return `${registryPath}/kfp-images-set`;
}

/** The tags of a run's images, filled in; those of which it has not all values are left out. UsageError when one of them is reserved. */
export function expandTags(
  templates: readonly string[],
  values: Readonly<Record<string, string>>,
  commit: string,
): readonly string[] {
  return templates.flatMap((template) => {
    // A run of a branch has no version, a push no pull request.
    if (!placeholders(template).every((name) => Object.hasOwn(values, name))) return [];
    const tag = expandTemplate(template, values);
    refuseReservedTag(tag, template, commit);
    return [tag];
  });
}

/**
 * Refuses a tag that is ours to write, as it reads once a branch's name and the like are filled in: `latest`, `key-…` (an image before
 * binding), `commit-…` of another commit, `candidate-…`, `keep-…`, `rebuild-…`, and `buildcache`, where
 * BuildKit's layer cache is. Throws UsageError.
 */
export function refuseReservedTag(tag: string, template: string, commit: string): void {
  const own = [commitTag(commit), commitTag(commit.slice(0, 7))];
  const isOurs = tag === latestTag || tag === 'buildcache' || /^(?:key|commit|candidate|keep|rebuild)-/.test(tag);
  if (!isOurs || own.includes(tag)) return;
  throw new UsageError(
    `input tags: ${quoted(template)} gives ${quoted(tag)} here, and latest, key-…, commit-…, keep-…, candidate-…, rebuild-… and buildcache are written by kfp-images alone. ` +
      'Put something before it (for example `branch-{{branch}}`), or rename the branch.',
  );
}
