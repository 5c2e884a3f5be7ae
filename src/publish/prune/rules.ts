import { commitTag, isRecent, latestTag, ownTag } from '../tags';
import type { StoredRepository, StoredSetFacts } from './inventory';
import type { Unnamed } from './unnamed';

/** What runs somewhere. */
export interface InUse {
  readonly digests: ReadonlySet<string>;
  /** `REPOSITORY:TAG` */
  readonly tags: ReadonlySet<string>;
}

export const nothingInUse: InUse = { digests: new Set(), tags: new Set() };

/**
 * Every digest, and every tag under the registry path, that a text mentions: the JSON of a cluster's resources. Wherever in it: images run
 * that are in environment variables, in annotations, in the status only.
 */
export function mentionedIn(text: string, registryPath: string): InUse {
  const digests = new Set([...text.matchAll(/sha256:[0-9a-f]{64}/g)].map(([digest]) => digest));
  const tags = new Set<string>();
  for (let at = text.indexOf(`${registryPath}/`); at !== -1; at = text.indexOf(`${registryPath}/`, at + 1)) {
    const rest = text.slice(at + registryPath.length, at + registryPath.length + 400);
    // The host's own colon is before.
    const [named] = /^[a-z0-9._/-]+:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/.exec(rest) ?? [];
    if (named !== undefined) tags.add(`${registryPath}${named}`);
  }
  return { digests, tags };
}

export function unite(all: readonly InUse[]): InUse {
  return {
    digests: new Set(all.flatMap(({ digests }) => [...digests])),
    tags: new Set(all.flatMap(({ tags }) => [...tags])),
  };
}

/** Which sets stay. */
export interface PruneRules {
  /** So many of the newest stay. */
  readonly keepLast: number;
  /** Sets whose commit is younger than so many days stay. */
  readonly keepDays: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly inUse: InUse;
  /** What earlier prunes noted. */
  readonly unnamed: Unnamed;
}

/** What becomes of one set, and why. */
export interface SetVerdict {
  readonly commit: string;
  readonly digest: string;
  readonly created: number | undefined;
  readonly images: StoredSetFacts['images'];
  readonly goes: boolean;
  readonly reason: string;
}

const day = 86_400_000;

/**
 * Judges the sets of the repository of sets, newest first, those without a date at the start. All sets of one commit (a run that added images,
 * or rebuilt everything, left an earlier one) go or stay together. They go only when nothing keeps them.
 */
export function decideSets(sets: StoredRepository, rules: PruneRules): readonly SetVerdict[] {
  const ofCommit = new Map<string, Map<string, StoredSetFacts>>();
  const tagsOf = new Map<string, string[]>();
  for (const [tag, digest] of sets.tags) {
    const set = sets.manifests.get(digest)?.set;
    if (set === undefined) continue;
    ofCommit.set(set.commit, (ofCommit.get(set.commit) ?? new Map<string, StoredSetFacts>()).set(digest, set));
    tagsOf.set(set.commit, [...(tagsOf.get(set.commit) ?? []), tag]);
  }
  const commits = [...ofCommit].map(([commit, own]) => {
    const created = Math.max(...[...own.values()].map((set) => set.created ?? Infinity));
    return { commit, created, own, tags: tagsOf.get(commit) ?? [] };
  });
  commits.sort((a, b) => (a.created === b.created ? (a.commit < b.commit ? -1 : 1) : b.created - a.created));
  return commits.flatMap(({ commit, created, own, tags }, index) => {
    const images = [...own.values()].flatMap((set) => set.images);
    const reason = reasonToKeep({ commit, created, tags, images }, index, rules);
    return [...own].map(([digest, set]) => {
      return { digest, ...set, goes: reason === undefined, reason: reason ?? 'old' };
    });
  });
}

interface CommitSets {
  readonly commit: string;
  /** Infinity: not known. */
  readonly created: number;
  readonly tags: readonly string[];
  readonly images: StoredSetFacts['images'];
}

function reasonToKeep(
  { commit, created, tags, images }: CommitSets,
  index: number,
  { keepLast, keepDays, now, inUse }: PruneRules,
): string | undefined {
  if (tags.includes(latestTag)) return 'latest';
  const foreign = tags.find((tag) => {
    const own = ownTag(tag);
    return own === undefined || (own.kind === 'commit' && own.commit !== commit);
  });
  if (foreign !== undefined) return `has the tag ${foreign}`;
  if (tags.some((tag) => isAnnounced(tag, now))) return 'was published in the last hours';
  if (index < keepLast) return `among the newest ${keepLast}`;
  if (created === Infinity) return 'of unknown age';
  if (now - created < keepDays * day) return `younger than ${keepDays} days`;
  const running = images.find(
    ({ repository, digest }) => inUse.digests.has(digest) || inUse.tags.has(`${repository}:${commitTag(commit)}`),
  );
  return running === undefined ? undefined : 'runs on a cluster';
}

/** An announcement that runs still look at. */
function isAnnounced(tag: string, now: number): boolean {
  const own = ownTag(tag);
  return own?.kind === 'candidate' && isRecent(own, now);
}

/** An announcement that no run looks at any more. */
export function isOver(tag: string, now: number): boolean {
  return ownTag(tag)?.kind === 'candidate' && !isAnnounced(tag, now);
}
